//! Files of miners' servers.

use std::io::Write as _;
use std::slice::from_ref;
use std::time::Duration;

use fetch::{Allowed, FileLimits, GuardError, Guarded};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use tokio::io::AsyncWriteExt;

use super::{says, serve};

fn limits() -> FileLimits {
    FileLimits { bytes_max: 10, time_max: Duration::from_secs(20), rate_min: Some(1000) }
}

fn on_loopback() -> Guarded {
    Guarded::new(Allowed::parse(&["127.0.0.0/8"]).expect("a network")).expect("TLS")
}

/// What comes of an answer.
async fn of(answer: &'static str) -> Result<Vec<u8>, GuardError> {
    let address = says(answer).await;
    on_loopback().get(&format!("http://{address}/f.js"), &limits()).await
}

#[tokio::test]
async fn a_file_is_whole_or_an_error() {
    let exact = of("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789").await;
    assert_eq!(exact.expect("it fits"), b"0123456789");
    let open = of("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n012").await;
    assert_eq!(open.expect("it ends"), b"012");
    let empty = of("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(empty.expect("it is empty"), b"");
    for (answer, error) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0", GuardError::TooLarge),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n0123456789x", GuardError::TooLarge),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n0123", GuardError::Body),
        (
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
            GuardError::Body,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Encoding: compress\r\nContent-Length: 1\r\n\r\nx",
            GuardError::Body,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, br\r\nContent-Length: 1\r\n\r\nx",
            GuardError::Body,
        ),
        ("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", GuardError::Status(404)),
        (
            "HTTP/1.1 302 Go\r\nLocation: /f.js\r\nContent-Length: 0\r\n\r\n",
            GuardError::Status(302),
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n", GuardError::Connect),
        ("gopher", GuardError::Connect),
    ] {
        assert_eq!(of(answer).await, Err(error), "{answer}");
    }
}

/// What comes of a coded body of which `limits` allows ten bytes.
async fn decoded(coding: &str, body: &[u8]) -> Result<Vec<u8>, GuardError> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let answer = [head.as_bytes(), body].concat();
    let address = serve(move |mut stream| {
        let answer = answer.clone();
        async move {
            stream.write_all(&answer).await.ok();
            stream.shutdown().await.ok();
        }
    })
    .await;
    on_loopback().get(&format!("http://{address}/f.js"), &limits()).await
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).expect("it is in memory");
    encoder.finish().expect("it is in memory")
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).expect("it is in memory");
    encoder.finish().expect("it is in memory")
}

fn deflate(text: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).expect("it is in memory");
    encoder.finish().expect("it is in memory")
}

fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 3).expect("it is in memory")
}

#[tokio::test]
async fn coded_bodies_are_decoded_up_to_the_limit() {
    let ten = b"0123456789";
    let br = b"\x8b\x04\x800123456789\x03".to_vec();
    let bombs = vec![b'0'; 40 << 20];
    let eleven = b"\x0b\x05\x80hello world\x03".to_vec();
    for (coding, file, large, bomb) in [
        ("gzip", gzip(ten), gzip(b"hello world"), gzip(&bombs)),
        ("X-GZIP", gzip(ten), gzip(b"hello world"), gzip(&bombs)),
        ("deflate", zlib(ten), zlib(b"hello world"), zlib(&bombs)),
        ("deflate", deflate(ten), deflate(b"hello world"), deflate(&bombs)),
        ("zstd", zstd(ten), zstd(b"hello world"), zstd(&bombs)),
        ("br", br, eleven.clone(), eleven),
    ] {
        assert_eq!(decoded(coding, &file).await.expect(coding), ten, "{coding}");
        assert_eq!(decoded(coding, &large).await, Err(GuardError::TooLarge), "{coding}");
        assert_eq!(decoded(coding, &bomb).await, Err(GuardError::TooLarge), "{coding}");
        let torn = decoded(coding, &file[..file.len() - 1]).await;
        assert_eq!(torn, Err(GuardError::Body), "{coding}");
        assert_eq!(decoded(coding, b"").await.expect(coding), b"", "{coding}");
        for at in 0..file.len() {
            let mut broken = file.clone();
            broken[at] ^= 0xff;
            decoded(coding, &broken).await.ok();
        }
    }
    // Two members are one file.
    let two = [gzip(b"01234"), gzip(b"56789")].concat();
    assert_eq!(decoded("gzip", &two).await.expect("whole"), ten);
    // What decodes to nothing ends at a limit too.
    let nothing = gzip(b"").repeat(5000);
    assert_eq!(decoded("gzip", &nothing).await, Err(GuardError::TooLarge));
    // A window of 2 GiB is not made room for.
    let window = b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00";
    assert_eq!(decoded("zstd", window).await, Err(GuardError::Body));
}

#[tokio::test]
async fn slow_servers_end() {
    let silent = serve(|stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let short = FileLimits { time_max: Duration::from_millis(200), ..limits() };
    let end = on_loopback().get(&format!("http://{silent}/"), &short).await;
    assert_eq!(end, Err(GuardError::Time));
}

#[tokio::test]
async fn drips_are_cut_off_long_before_the_time_is_over() {
    let drip = serve(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n0").await.ok();
        std::future::pending::<()>().await;
    })
    .await;
    let long = FileLimits { time_max: Duration::from_secs(3600), ..limits() };
    let end = on_loopback().get(&format!("http://{drip}/"), &long).await;
    assert_eq!(end, Err(GuardError::Slow));
}

#[tokio::test]
async fn only_public_addresses_and_those_an_operator_named() {
    let address = says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx").await;
    let port = address.port();
    let get = async |allowed: &[String], url: String| {
        let guarded = Guarded::new(Allowed::parse(allowed).expect("addresses")).expect("TLS");
        guarded.get(&url, &limits()).await
    };
    let by_number = format!("http://127.0.0.1:{port}/");
    let by_name = format!("http://localhost:{port}/");
    for url in [&by_number, &by_name, &"http://2130706433/".to_owned(), &"http://[::1]/".to_owned()]
    {
        assert_eq!(get(&[], url.clone()).await, Err(GuardError::Refused), "{url}");
    }
    let number = format!("127.0.0.1:{port}");
    let name = format!("LocalHost:{port}");
    assert!(get(from_ref(&number), by_number.clone()).await.is_ok());
    assert!(get(from_ref(&name), by_name.clone()).await.is_ok());
    assert!(get(&["127.0.0.0/8".to_owned()], by_name.clone()).await.is_ok(), "by its address");
    // Another port, another name: no.
    let other = format!("127.0.0.1:{}", port ^ 1);
    assert_eq!(get(&[other, name], by_number).await, Err(GuardError::Refused));
    assert_eq!(get(&[number], by_name).await, Err(GuardError::Refused));
    for url in ["ftp://127.0.0.1/", "", "//x", &format!("http://u:p@127.0.0.1:{port}/")] {
        let end = get(&["127.0.0.0/8".to_owned()], url.to_owned()).await;
        assert_eq!(end, Err(GuardError::Url), "{url}");
    }
}

#[test]
fn what_names_addresses() {
    for good in ["127.0.0.1:80", "[::1]:80", "cdn.local:443", "10.0.0.0/8", "fd00::/8", "0.0.0.0/0"]
    {
        assert!(Allowed::parse(&[good]).is_ok(), "{good}");
    }
    for bad in
        ["", "host", "host:", ":80", "host:99999", "10.0.0.0/33", "10.0.0/8", "a/b:80", "u@h:80"]
    {
        assert!(Allowed::parse(&[bad]).is_err(), "{bad}");
    }
}
