//! Requests that are wrong: each gets its status and an error in JSON, and the next one a model.

use generators::Failure;
use insta::assert_snapshot;
use pod::wire::Kind;
use serve::generator::limits;

use super::{PICTURE, SEED, Service, Setting, form, generate, png};

const TEXT: &str = r#"form-data; name="prompt_image_file""#;

/// Status and error, one line for each.
async fn said(service: &Service, what: &str, parts: &[(&str, &[u8])]) -> String {
    let reply = service.client.form("/generate", parts).await;
    assert!(reply.json()["detail"].is_string(), "{what}: {}", reply.line());
    format!("{what}: {}\n", reply.line())
}

#[tokio::test(flavor = "multi_thread")]
async fn fields() {
    let service = Service::start().await;
    let png = png();
    let mut lines = String::new();
    let picture: (&str, &[u8]) = (PICTURE, &png);
    for (what, parts) in [
        ("no field", vec![]),
        ("no picture", vec![(SEED, b"1".as_slice())]),
        ("a text", vec![(TEXT, png.as_slice())]),
        ("two pictures", vec![picture, picture]),
        ("two seeds", vec![picture, (SEED, b"1"), (SEED, b"1")]),
        ("words", vec![picture, (SEED, b"one")]),
        ("a fraction", vec![picture, (SEED, b"1.5")]),
        ("no digits", vec![picture, (SEED, b"")]),
        ("65 bits", vec![picture, (SEED, b"18446744073709551616")]),
        ("below 64 bits", vec![picture, (SEED, b"-9223372036854775809")]),
        ("no UTF-8", vec![picture, (SEED, b"\xff1")]),
        ("a long seed", vec![picture, (SEED, &[b'1'; 65])]),
        ("no bytes", vec![(PICTURE, b"".as_slice())]),
        ("33 fields", vec![picture; 33]),
    ] {
        lines += &said(&service, what, &parts).await;
    }
    assert_snapshot!(lines, @r#"
    no field: 422 {"detail":"prompt_image_file: field required"}
    no picture: 422 {"detail":"prompt_image_file: field required"}
    a text: 422 {"detail":"prompt_image_file: a file is expected, not a text"}
    two pictures: 422 {"detail":"prompt_image_file: given more than once"}
    two seeds: 422 {"detail":"seed: given more than once"}
    words: 422 {"detail":"seed \"one\" is not an integer"}
    a fraction: 422 {"detail":"seed \"1.5\" is not an integer"}
    no digits: 422 {"detail":"seed \"\" is not an integer"}
    65 bits: 422 {"detail":"seed 18446744073709551616 is not between -9223372036854775808 and 18446744073709551615"}
    below 64 bits: 422 {"detail":"seed -9223372036854775809 is not between -9223372036854775808 and 18446744073709551615"}
    no UTF-8: 422 {"detail":"seed: not UTF-8"}
    a long seed: 413 {"detail":"seed: more than 64 bytes, which is our limit"}
    no bytes: 422 {"detail":"picture: neither PNG, JPEG nor WebP"}
    33 fields: 422 {"detail":"prompt_image_file: given more than once"}
    "#);
    let parts = vec![(r#"form-data; name="other""#, b"".as_slice()); 33];
    lines = said(&service, "33 other fields", &parts).await;
    assert_snapshot!(lines, @r#"33 other fields: 422 {"detail":"more than 32 fields"}"#);
    assert_eq!(generate(service.client, &png, "1").await.status, 200, "it still serves");
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_of_bodies() {
    let service = Service::start().await;
    let good = form(&[(PICTURE, &png()), (SEED, b"1")]);
    let mut lines = String::new();
    for (kind, body) in [
        (None, good.as_slice()),
        (Some("application/json"), b"{\"seed\":1}"),
        (Some("application/x-www-form-urlencoded"), b"seed=1"),
        (Some("image/png"), &png()),
        (Some("text/plain; boundary=xYzZY"), &good),
        (Some("multipart/mixed; boundary=xYzZY"), &good),
        (Some("multipart/form-data"), &good),
        (Some("multipart/form-data; boundary=other"), &good),
        (Some("multipart/form-data; boundary=xYzZY"), &good[..good.len() - 20]),
        (Some("multipart/form-data; boundary=xYzZY"), b""),
        (Some("\u{fc}"), &good),
    ] {
        let said = kind.map_or(String::new(), |kind| format!("content-type: {kind}\r\n"));
        let length = body.len();
        let head = format!(
            "POST /generate HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{said}content-length: {length}\r\n\r\n"
        );
        let reply = service.client.send_bytes(&[head.as_bytes(), body].concat()).await;
        assert!(reply.json()["detail"].is_string(), "{}", reply.line());
        lines += &format!("{}: {}\n", kind.unwrap_or("none"), reply.line());
    }
    assert_snapshot!(lines, @r#"
    none: 415 {"detail":"the body has to be multipart/form-data"}
    application/json: 415 {"detail":"the body has to be multipart/form-data"}
    application/x-www-form-urlencoded: 415 {"detail":"the body has to be multipart/form-data"}
    image/png: 415 {"detail":"the body has to be multipart/form-data"}
    text/plain; boundary=xYzZY: 415 {"detail":"the body has to be multipart/form-data"}
    multipart/mixed; boundary=xYzZY: 415 {"detail":"the body has to be multipart/form-data"}
    multipart/form-data: 400 {"detail":"a form without a boundary"}
    multipart/form-data; boundary=other: 400 {"detail":"not a form: its parts cannot be told apart"}
    multipart/form-data; boundary=xYzZY: 400 {"detail":"not a form: its parts cannot be told apart"}
    multipart/form-data; boundary=xYzZY: 400 {"detail":"not a form: its parts cannot be told apart"}
    ü: 415 {"detail":"the body has to be multipart/form-data"}
    "#);
    assert_snapshot!(service.client.get("/generate").await.line(), @r#"405 {"detail":"Method Not Allowed"}"#);
    assert_snapshot!(service.client.post("/health", "").await.line(), @r#"405 {"detail":"Method Not Allowed"}"#);
    assert_snapshot!(service.client.get("/").await.line(), @r#"404 {"detail":"Not Found"}"#);
    assert_eq!(generate(service.client, &png(), "1").await.status, 200, "it still serves");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_long() {
    let service = Service::start().await;
    let long = vec![0; limits::PICTURE_BYTES_MAX + 1];
    let reply = generate(service.client, &long, "1").await;
    assert_snapshot!(reply.line(), @r#"413 {"detail":"prompt_image_file: more than 33554432 bytes, which is our limit"}"#);
    // All of it is in fields that nobody asked for.
    let other = r#"form-data; name="other"; filename="x""#;
    let reply = service.client.form("/generate", &[(other, &long), (other, &long)]).await;
    assert_snapshot!(reply.line(), @r#"413 {"detail":"the body is longer than its fields may be"}"#);
    // A head that never ends.
    let head = format!("form-data; name=\"{}\"", "x".repeat(limits::PICTURE_BYTES_MAX + (1 << 20)));
    let reply = service.client.form("/generate", &[(&head, b"")]).await;
    assert_eq!(reply.status / 100, 4, "{}", reply.line());
    assert_eq!(generate(service.client, &png(), "1").await.status, 200, "it still serves");
}

#[tokio::test(flavor = "multi_thread")]
async fn generations_that_fail() {
    let setting = Setting::making(|request| {
        Err(match request.seed.bits() {
            0 => Failure::BadPicture("no object in it".to_owned()),
            1 => Failure::Unsupported { generator: "puppet".to_owned(), kind: request.kind },
            2 => Failure::Invalid("3 splats\nof 100".to_owned()),
            3 => Failure::Time(std::time::Duration::from_secs(30)),
            4 => Failure::TooLong { max: 5 },
            5 => Failure::Transient("overloaded".to_owned()),
            6 => Failure::Failed("x".repeat(300)),
            7 => panic!("a test"),
            8 => return Ok(bytes::Bytes::new()),
            _ => return Ok(vec![0; Kind::Splats.bytes_max() + 1].into()),
        })
    });
    let service = setting.start().await;
    let mut lines = String::new();
    for seed in 0..=9 {
        let reply = generate(service.client, &png(), &seed.to_string()).await;
        let head = reply.head.to_ascii_lowercase();
        let after = head.lines().find(|line| line.starts_with("retry-after")).unwrap_or_default();
        lines += &format!("{} {after}\n", reply.line());
    }
    assert_snapshot!(lines, @r#"
    422 {"detail":"picture: no object in it"} 
    501 {"detail":"puppet does not make splats"} 
    500 {"detail":"the model made breaks the rules: 3 splats of 100"} 
    504 {"detail":"no model within 30 s"} 
    500 {"detail":"the model is longer than 5 bytes"} 
    503 {"detail":"overloaded"} retry-after: 5
    500 {"detail":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"} 
    500 {"detail":"the generator broke"} 
    500 {"detail":"the model made is empty"} 
    500 {"detail":"the model is longer than 209715200 bytes"}
    "#);
    assert!(service.client.get("/health").await.line().starts_with(r#"200 {"status": "degraded""#));
}
