//! `url` instead of `source`: what is fetched, and what is not.

use insta::assert_snapshot;
use serve::render::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::client::Service;

/// A server whose paths say what it answers. Gives its port.
async fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 1024];
                let read = stream.read(&mut request).await.unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                let to = |to: &str| {
                    format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
                };
                let ok = |body: &str| format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}");
                let answer = match path.as_str() {
                    "/module.js" => ok("\u{feff}invalid"),
                    "/once" => to("/module.js"),
                    "/forever" => to("/forever"),
                    "/file" => to("file:///etc/passwd"),
                    "/endless" => ok(&"invalid ".repeat(1 << 18)),
                    _ => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
                };
                stream.write_all(answer.as_bytes()).await.ok();
            });
        }
    });
    port
}

async fn fetch(service: &Service, url: &str) -> String {
    service.post("/render", &serde_json::json!({ "url": url }).to_string()).await.line()
}

#[tokio::test]
async fn from_where_it_may() {
    let service = Service::start(Config { allow_private_urls: true, ..Config::default() }).await;
    let port = server().await;
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");
    assert_snapshot!(fetch(&service, &at("/module.js")).await, @r#"422 {"error":"validation_failed","failures":[{"stage":"static_analysis","rule":"FORBIDDEN_IDENTIFIER","detail":"`eval` at line 1:\n\"x\""}]}"#);
    assert_eq!(fetch(&service, &at("/once")).await, fetch(&service, &at("/module.js")).await);
    assert!(fetch(&service, &at("/endless")).await.starts_with("422"), "it is cut off");
    assert!(
        fetch(&service, &format!("http://localhost:{port}/module.js")).await.starts_with("422")
    );
    assert_snapshot!(fetch(&service, &at("/missing")).await, @r#"500 {"error":"Failed to fetch source: 404"}"#);
    assert_snapshot!(fetch(&service, &at("/forever")).await, @r#"500 {"error":"Failed to fetch source: more than 3 redirects"}"#);
    assert_snapshot!(fetch(&service, &at("/file")).await, @r#"500 {"error":"Failed to fetch source: not an http or https URL"}"#);
    assert_snapshot!(fetch(&service, "ftp://127.0.0.1/x").await, @r#"500 {"error":"Failed to fetch source: not an http or https URL"}"#);
    assert_snapshot!(fetch(&service, "module.js").await, @r#"500 {"error":"Failed to fetch source: not an http or https URL"}"#);
    assert!(
        fetch(&service, "http://127.0.0.1:1/")
            .await
            .starts_with("500 {\"error\":\"Failed to fetch source: ")
    );
}

#[tokio::test]
async fn not_from_this_machine_or_network() {
    let service = Service::start(Config::default()).await;
    let port = server().await;
    assert_snapshot!(fetch(&service, &format!("http://127.0.0.1:{port}/module.js")).await.replace(&port.to_string(), "PORT"), @r#"500 {"error":"Failed to fetch source: 127.0.0.1 is not on the public Internet (see --allow-private-urls)"}"#);
    assert_snapshot!(fetch(&service, &format!("http://localhost:{port}/module.js")).await, @r#"500 {"error":"Failed to fetch source: localhost is not on the public Internet (see --allow-private-urls)"}"#);
    for host in [
        "127.1",
        "0x7f.1",
        "2130706433",
        "0",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[fe80::1]",
        "[fd00::1]",
        "[ff02::1]",
    ] {
        let line = fetch(&service, &format!("http://{host}:{port}/module.js")).await;
        assert!(line.contains("is not on the public Internet"), "{host}: {line}");
    }
}
