//! The single-shot client against services that misbehave.

use std::time::Duration;

use bytes::Bytes;
use insta::assert_snapshot;
use pod::client::{Retry, Single, SingleLimits};
use pod::wire::Seed;

use crate::fake::{Fake, Reply, Then};

fn client(fake: &Fake, limits: SingleLimits) -> Single {
    Single::new(&fake.url, None, limits).expect("an address")
}

async fn generate(fake: &Fake, limits: SingleLimits) -> String {
    let picture = Bytes::from_static(b"\x89PNG picture");
    let outcome = client(fake, limits).generate(picture, Seed::from(-1_i64)).await;
    let outcome = match outcome {
        Ok(model) => format!("{} bytes", model.bytes.len()),
        Err(error) => format!("error: {error}"),
    };
    format!("{} x {outcome}", fake.asked().len())
}

#[tokio::test]
async fn what_is_sent() {
    let fake = Fake::always(Reply::new(200, "ply\n")).await;
    assert_snapshot!(generate(&fake, SingleLimits::default()).await, @"1 x 4 bytes");
    let asked = &fake.asked()[0];
    assert_eq!(asked.line, "POST /generate");
    assert!(asked.head.contains("content-type: multipart/form-data; boundary="), "{}", asked.head);
    let body = String::from_utf8_lossy(&asked.body).replace("\r\n", "\n");
    let boundary = body.lines().next().expect("a line").to_owned();
    assert_snapshot!(body.replace(&boundary, "--B"), @r#"
        --B
        Content-Disposition: form-data; name="prompt_image_file"; filename="prompt.jpg"
        Content-Type: image/jpeg

        �PNG picture
        --B
        Content-Disposition: form-data; name="seed"

        -1
        --B--
        "#);
}

#[tokio::test]
async fn answers() {
    let said = async |reply: Reply| {
        let fake = Fake::always(reply).await;
        generate(&fake, SingleLimits { model_bytes: 1000, ..SingleLimits::default() }).await
    };
    assert_snapshot!(said(Reply::new(206, "glTF")).await, @"1 x 4 bytes");
    assert_snapshot!(said(Reply::new(200, "")).await, @"1 x error: model: no bytes");
    assert_snapshot!(said(Reply::new(422, r#"{"detail": "seed"}"#)).await, @r#"1 x error: status 422: {"detail": "seed"}"#);
    assert_snapshot!(said(Reply::new(503, "full")).await, @"1 x error: status 503: full");
    assert_snapshot!(said(Reply::new(200, [0; 1001])).await, @"1 x error: model: longer than 1000 bytes");
    let endless = [b"400\r\n".as_slice(), &[b'x'; 1024], b"\r\n"].concat();
    assert_snapshot!(said(Reply::chunked(Then::Repeats(endless))).await, @"1 x error: model: longer than 1000 bytes");
    let broken = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nglTF";
    assert_snapshot!(said(Reply::raw(broken, Then::Closes)).await, @"1 x error: end of file before message length reached");
}

#[tokio::test]
async fn attempts_are_as_configured() {
    let fake = Fake::start(|number, _| match number {
        0 => Reply::new(429, "busy"),
        _ => Reply::new(200, "glTF"),
    })
    .await;
    let retry = Retry { pauses: vec![Duration::from_millis(1)] };
    assert_snapshot!(generate(&fake, SingleLimits { retry, ..SingleLimits::default() }).await, @"2 x 4 bytes");
}

/// The next request may go out when the headers are there; the model of the first is read later.
#[tokio::test]
async fn a_second_request_while_the_first_model_comes() {
    let fake = Fake::start(|number, _| match number {
        0 => Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nglTF", Then::Hangs),
        _ => Reply::new(200, "second"),
    })
    .await;
    let limits = SingleLimits { body_total: Duration::from_millis(300), ..SingleLimits::default() };
    let client = client(&fake, limits);
    let picture = Bytes::from_static(b"picture");
    let first = client.start(picture.clone(), Seed::default()).await.expect("headers");
    let second = client.generate(picture, Seed::default()).await.expect("a model");
    assert_eq!(&second.bytes[..], b"second");
    assert_snapshot!(first.model().await.expect_err("half a model"), @"no model within 0.3 s");
}

#[tokio::test]
async fn no_headers_in_time() {
    let fake = Fake::always(Reply::raw("", Then::Hangs)).await;
    let limits = SingleLimits { generation: Duration::from_millis(100), ..SingleLimits::default() };
    assert_snapshot!(generate(&fake, limits).await, @"1 x error: no model within 0.1 s");
}
