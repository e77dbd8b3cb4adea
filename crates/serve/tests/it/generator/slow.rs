//! Clients that take their time.

use std::time::Duration;

use insta::assert_snapshot;
use serve::generator::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Setting, generate, head, png, request};

async fn all(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.ok();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_does_not_end() {
    let config = Config { head_time_max: Duration::from_millis(200), ..Config::default() };
    let service = Setting { config, ..Setting::default() }.start().await;
    let mut streams = Vec::new();
    for sent in ["", "POST /gen", "POST /generate HTTP/1.1\r\nx: y\r\n"] {
        let mut stream = TcpStream::connect(service.client.address).await.expect("it listens");
        stream.write_all(sent.as_bytes()).await.expect("sent");
        streams.push(stream);
    }
    // A line of the head now and then does not help.
    let (mut read, mut write) =
        TcpStream::connect(service.client.address).await.expect("it listens").into_split();
    write.write_all(b"GET /health HTTP/1.1\r\n").await.expect("sent");
    let drip = tokio::spawn(async move {
        while write.write_all(b"a: b\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert_eq!(generate(service.client, &png(), "1").await.status, 200, "others are served");
    for mut stream in streams {
        all(&mut stream).await;
    }
    let mut rest = Vec::new();
    read.read_to_end(&mut rest).await.ok();
    drip.await.expect("it ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_end() {
    let config = Config { upload_time_max: Duration::from_millis(300), ..Config::default() };
    let service = Setting { config, ..Setting::default() }.start().await;
    let bytes = request("1");
    let stream = TcpStream::connect(service.client.address).await.expect("it listens");
    let (mut read, mut write) = stream.into_split();
    let drip = tokio::spawn(async move {
        for byte in bytes.chunks(1) {
            if write.write_all(byte).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        std::future::pending::<()>().await;
    });
    assert_eq!(generate(service.client, &png(), "1").await.status, 200, "others are served");
    let mut answer = Vec::new();
    read.read_to_end(&mut answer).await.ok();
    drip.abort();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    assert!(head.starts_with("HTTP/1.1 408 "), "{head}");
    assert_snapshot!(body, @r#"{"detail":"the body did not come within 0.3 s"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_reads() {
    let config = Config { send_time_max: Duration::from_millis(300), ..Config::default() };
    let length = 24 << 20;
    let setting = Setting::making(move |_| Ok(vec![7; length].into()));
    let service = Setting { config, ..setting }.start().await;
    let mut stream = TcpStream::connect(service.client.address).await.expect("it listens");
    stream.write_all(&request("1")).await.expect("sent");
    let (_, mut body) = head(&mut stream).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    stream.read_to_end(&mut body).await.ok();
    assert!(body.len() < length, "{} bytes came", body.len());
}
