//! The beginning and the end of a service.

use std::io;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use serve::render::{Check, Config, Verdict};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::client::Service;

#[tokio::test(flavor = "multi_thread")]
async fn ping_tells_when_it_is_ready() {
    let (go, wait) = mpsc::channel::<()>();
    let start = move || {
        wait.recv().ok();
        let check: Check = Box::new(|_| Ok(Verdict::default()));
        Ok(check)
    };
    let service = Service::start_with(Config::default(), start, Arc::default()).await;
    assert_eq!(service.get("/ping").await.line(), "204 ");
    assert_eq!(service.get("/health").await.line(), r#"200 {"status":"ok"}"#);
    go.send(()).expect("it waits");
    while service.get("/ping").await.status == 204 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(service.get("/ping").await.line(), "200 ");
}

#[tokio::test]
async fn a_start_that_fails_is_the_end() {
    let start = || Err(io::Error::other("no cage"));
    let service = Service::start_with(Config::default(), start, Arc::default()).await;
    assert_eq!(service.ended().await.expect_err("no cage").to_string(), "no cage");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_is_finished() {
    let mut service = Service::start(Config::default()).await;
    // Open and silent: it must not hold up the end.
    let mut silent = TcpStream::connect(service.client.address).await.expect("it listens");
    silent.write_all(b"GET /he").await.expect("sent");
    let client = service.client;
    let drawing =
        tokio::spawn(async move { client.draw("/render?thetas=0&img_size=8", "slow").await });
    while service.get("/metrics").await.text().contains("\ncrucible_requests 0\n") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    service.stop();
    assert_eq!(drawing.await.expect("an answer").status, 200);
    service.ended().await.expect("an orderly end");
}
