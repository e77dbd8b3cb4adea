//! One at a time, in order, and only for those who wait.

use std::sync::atomic::Ordering;

use insta::assert_snapshot;
use serve::generator::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{PICTURE, SEED, Setting, form, generate, head, png, request};

fn held(waiting_max: usize) -> Setting {
    let config = Config { waiting_max, ..Config::default() };
    Setting { config, goes: false, ..Setting::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_order_of_arrival() {
    let mut service = held(8).start().await;
    let mut asked = Vec::new();
    for seed in 0..5 {
        asked.push(service.ask(&seed.to_string()));
        // It has arrived.
        service.queue_is(seed, true).await;
    }
    service.queue_is(4, true).await;
    for (seed, reply) in asked.into_iter().enumerate() {
        assert_eq!(service.started().await, seed.to_string());
        assert!(service.starts.try_recv().is_err(), "one at a time");
        service.go.add_permits(1);
        assert!(reply.await.expect("an answer").line().ends_with(&format!("seed {seed}")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_so() {
    let mut service = held(1).start().await;
    let first = service.ask("1");
    assert_eq!(service.started().await, "1");
    let second = service.ask("2");
    service.queue_is(1, true).await;
    let third = generate(service.client, &png(), "3").await;
    assert_snapshot!(third.line(), @r#"503 {"detail":"1 requests are waiting already"}"#);
    assert!(third.head.to_ascii_lowercase().contains("\r\nretry-after: "), "{}", third.head);
    let task = service
        .client
        .form("/generate_from_image/", &[(r#"form-data; name="image"; filename="x""#, &png())])
        .await;
    assert_snapshot!(task.line(), @r#"429 {"detail":"1 requests are waiting already"}"#);
    assert!(task.head.to_ascii_lowercase().contains("\r\nretry-after: "), "{}", task.head);
    service.go.add_permits(2);
    assert_eq!(first.await.expect("an answer").status, 200);
    assert_eq!(second.await.expect("an answer").status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_answers_meanwhile() {
    let mut service = held(1).start().await;
    let asked = service.ask("1");
    service.started().await;
    for _ in 0..20 {
        assert!(
            service.client.get("/health").await.line().starts_with(r#"200 {"status": "healthy""#)
        );
    }
    service.go.add_permits(1);
    assert_eq!(asked.await.expect("an answer").status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_before_the_outcome_is_known() {
    let mut service = held(1).start().await;
    let mut stream = TcpStream::connect(service.client.address).await.expect("it listens");
    stream.write_all(&request("1")).await.expect("sent");
    service.started().await;
    // An answer that was sent before this one would be here by now.
    service.client.get("/health").await;
    let mut byte = [0];
    assert!(stream.try_read(&mut byte).is_err_and(|e| e.kind() == std::io::ErrorKind::WouldBlock));
    service.go.add_permits(1);
    let (head, _) = head(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_one_runs_while_a_body_leaves() {
    let length = 24 << 20;
    let setting = Setting::making(move |request| {
        let is_long = request.seed.bits() == 1;
        Ok(vec![request.seed.bits() as u8; if is_long { length } else { 1 }].into())
    });
    let service = setting.start().await;
    let mut stream = TcpStream::connect(service.client.address).await.expect("it listens");
    stream.write_all(&request("1")).await.expect("sent");
    let (head, mut body) = head(&mut stream).await;
    assert!(head.contains(&format!("content-length: {length}\r\n")), "{head}");
    // More than the sockets hold is still to come.
    for seed in 2..5 {
        let next = generate(service.client, &png(), &seed.to_string()).await;
        assert_eq!((next.status, next.body), (200, vec![seed]));
    }
    // By the same connection, as soon as the body has left.
    stream.write_all(&request("9")).await.expect("sent");
    let n_read = body.len();
    body.resize(length, 0);
    stream.read_exact(&mut body[n_read..]).await.expect("all of it");
    assert!(body.iter().all(|byte| *byte == 1));
    let (head, _) = super::head(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_gone_is_not_waited_for() {
    for is_chunked in [false, true] {
        let mut service = held(2).start().await;
        let send = async |seed: &str| {
            let mut stream = TcpStream::connect(service.client.address).await.expect("it listens");
            let bytes = if is_chunked { chunked(seed) } else { request(seed) };
            stream.write_all(&bytes).await.expect("sent");
            stream
        };
        let running = send("1").await;
        assert_eq!(service.starts.recv().await.map(|seed| seed.bits()), Some(1));
        let waiting = send("2").await;
        service.queue_is(1, true).await;
        let last = service.ask("3");
        service.queue_is(2, true).await;
        drop(waiting);
        service.queue_is(1, true).await;
        drop(running);
        assert_eq!(service.started().await, "3", "the first was stopped, the second never began");
        assert_eq!(service.running.load(Ordering::SeqCst), 1);
        service.go.add_permits(1);
        assert_eq!(last.await.expect("an answer").status, 200);
        assert_eq!(service.stats().await["queue"]["abandoned"], 2);
    }
}

/// A request whose body has no length.
fn chunked(seed: &str) -> Vec<u8> {
    let mut bytes = b"POST /generate HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=xYzZY\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for piece in form(&[(PICTURE, &png()), (SEED, seed.as_bytes())]).chunks(100) {
        bytes.extend(format!("{:x}\r\n", piece.len()).bytes());
        bytes.extend(piece);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}

/// Many at once: each gets its own model.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd() {
    let config = Config { waiting_max: 64, ..Config::default() };
    let service = Setting { config, ..Setting::default() }.start().await;
    let asked: Vec<_> = (0..40).map(|seed| service.ask(&seed.to_string())).collect();
    for (seed, reply) in asked.into_iter().enumerate() {
        assert!(reply.await.expect("an answer").line().ends_with(&format!("seed {seed}")));
    }
}
