//! The beginning and the end of a service.

use insta::assert_snapshot;
use serve::generator::Config;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{Setting, generate, png, request};

#[tokio::test(flavor = "multi_thread")]
async fn not_before_it_is_ready() {
    let service = Setting { is_ready: false, ..Setting::default() }.start().await;
    let health = service.client.get("/health").await.line();
    assert!(health.starts_with(r#"503 {"status": "starting""#), "{health}");
    let early = generate(service.client, &png(), "1").await;
    assert_snapshot!(early.line(), @r#"503 {"detail":"the generator is not ready yet"}"#);
    service.is_ready.add_permits(1);
    while service.client.get("/health").await.status != 200 {
        tokio::task::yield_now().await;
    }
    assert_eq!(generate(service.client, &png(), "1").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generator_that_never_will_be_is_the_end() {
    let service = Setting { is_ready: false, ..Setting::default() }.start().await;
    service.is_ready.close();
    let error = service.served.await.expect("no panic").expect_err("no weights");
    assert_eq!(error.to_string(), "no weights");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_and_waits_is_finished() {
    let mut service = Setting { goes: false, ..Setting::default() }.start().await;
    // Open and silent: it must not hold up the end.
    let mut silent = TcpStream::connect(service.client.address).await.expect("it listens");
    silent.write_all(b"GET /he").await.expect("sent");
    // Asked once, and kept open.
    let mut kept = TcpStream::connect(service.client.address).await.expect("it listens");
    kept.write_all(b"GET /version HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    super::head(&mut kept).await;
    let running = service.ask("1");
    service.started().await;
    let waiting = service.ask("2");
    service.queue_is(1, true).await;
    service.stop.take().expect("once").send(()).expect("it runs");
    service.go.add_permits(2);
    assert_eq!(running.await.expect("an answer").status, 200);
    assert_eq!(waiting.await.expect("an answer").status, 200);
    service.served.await.expect("no panic").expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_end_is_stopped() {
    let config =
        Config { drain_time_max: std::time::Duration::from_millis(100), ..Config::default() };
    let setting = Setting { config, goes: false, ..Setting::default() };
    let mut service = setting.start().await;
    let mut stream = TcpStream::connect(service.client.address).await.expect("it listens");
    stream.write_all(&request("1")).await.expect("sent");
    service.started().await;
    service.stop.take().expect("once").send(()).expect("it runs");
    service.served.await.expect("no panic").expect("an end");
    while service.running.load(std::sync::atomic::Ordering::SeqCst) > 0 {
        tokio::task::yield_now().await;
    }
}
