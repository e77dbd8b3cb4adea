//! Files from strangers, against servers that misbehave.

mod guarded;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use fetch::{FetchError, Fetcher, Limits, anywhere, in_public};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Answers every connection in this way, for as long as the test runs.
async fn serve<F>(answer: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            // The whole of so short a request comes at once.
            if stream.read(&mut request).await.is_ok_and(|n| n > 0) {
                tokio::spawn(answer(stream));
            }
        }
    });
    address
}

async fn says(text: &'static str) -> SocketAddr {
    serve(move |mut stream| async move {
        stream.write_all(text.as_bytes()).await.ok();
    })
    .await
}

fn limits() -> Limits {
    Limits { bytes_max: 10, time_max: Duration::from_secs(20), redirects_max: 2 }
}

async fn whole(address: SocketAddr, limits: Limits) -> Result<Vec<u8>, FetchError> {
    let fetcher = Fetcher::new(anywhere, limits).expect("TLS");
    fetcher.fetch_whole(&format!("http://{address}/file")).await
}

#[tokio::test]
async fn a_file_is_taken_whole_or_not_at_all() {
    let exact = says("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789").await;
    assert_eq!(whole(exact, limits()).await.expect("fits"), b"0123456789");
    let long = says("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n0123456789x").await;
    let failure = whole(long, limits()).await.expect_err("long");
    assert!(matches!(failure, FetchError::TooLong { max: 10 }), "{failure}");
    assert!(!failure.is_transient());
    let fetcher = Fetcher::new(anywhere, limits()).expect("TLS");
    let cut = fetcher.fetch(&format!("http://{long}/")).await.expect("cut off");
    assert_eq!(cut, b"0123456789");
    let short = says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n0123").await;
    let failure = whole(short, limits()).await.expect_err("it breaks off");
    assert!(failure.is_transient(), "{failure}");
}

#[tokio::test]
async fn files_without_end_and_servers_that_say_nothing_end_in_time() {
    let limits = Limits { time_max: Duration::from_millis(300), ..limits() };
    let silent = serve(|stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let failure = whole(silent, limits).await.expect_err("silent");
    assert!(matches!(failure, FetchError::Time { .. }) && failure.is_transient(), "{failure}");
    assert_eq!(failure.to_string(), "no whole answer within 300 ms");
    let endless = serve(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n").await.ok();
        // Each piece in time, all of them never.
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if stream.write_all(b"").await.is_err() {
                break;
            }
        }
    })
    .await;
    assert!(matches!(whole(endless, limits).await, Err(FetchError::Time { .. })));
}

#[tokio::test]
async fn redirects_are_counted_and_looked_at() {
    let round = says("HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n").await;
    assert!(matches!(whole(round, limits()).await, Err(FetchError::Redirects { max: 2 })));
    let file =
        says("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n")
            .await;
    assert!(matches!(whole(file, limits()).await, Err(FetchError::Scheme)));
    let private =
        says("HTTP/1.1 307 Go\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n")
            .await;
    // The first step is allowed here, the second is not.
    let not_metadata = |address: IpAddr| address.is_loopback();
    let fetcher = Fetcher::new(not_metadata, limits()).expect("TLS");
    let failure = fetcher.fetch_whole(&format!("http://{private}/")).await.expect_err("private");
    assert!(matches!(failure, FetchError::Private { .. }), "{failure}");
}

#[tokio::test]
async fn private_addresses_and_other_schemes_are_refused() {
    let fetcher = Fetcher::new(in_public, limits()).expect("TLS");
    for url in [
        "http://127.0.0.1:1/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://localhost:1/",
        "http://2130706433/",
    ] {
        let failure = fetcher.fetch_whole(url).await.expect_err(url);
        assert!(matches!(failure, FetchError::Private { .. }), "{url}: {failure}");
        assert!(!failure.is_transient());
    }
    for url in ["", "file:///etc/passwd", "ftp://example.com/", "javascript:1", "//a"] {
        let failure = fetcher.fetch_whole(url).await.expect_err(url);
        assert!(matches!(failure, FetchError::Scheme), "{url}: {failure}");
    }
}

#[tokio::test]
async fn statuses_that_may_pass() {
    for (text, status, may_pass) in [
        ("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", 503, true),
        ("HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n", 429, true),
        ("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", 404, false),
        ("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", 403, false),
    ] {
        let failure = whole(says(text).await, limits()).await.expect_err(text);
        assert!(matches!(failure, FetchError::Status(found) if found == status), "{failure}");
        assert_eq!(failure.is_transient(), may_pass, "{status}");
    }
}
