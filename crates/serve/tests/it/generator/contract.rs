//! `POST /generate` and what is told besides, as clients of the contract use them.

use std::sync::{Arc, Mutex};

use image::ImageFormat;
use insta::assert_snapshot;
use pod::wire::Kind;
use serve::generator::Config;

use super::{PICTURE, SEED, Service, Setting, encoded, generate, png, square};

#[tokio::test(flavor = "multi_thread")]
async fn a_model_of_a_picture_and_a_seed() {
    let service = Service::start().await;
    let reply = generate(service.client, &png(), "42").await;
    let length = png().len();
    assert_eq!(reply.line(), format!("200 splats of {length} bytes, seed 42"));
    let head = reply.head.to_ascii_lowercase();
    assert!(head.contains("\r\ncontent-type: application/octet-stream\r\n"), "{head}");
    assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", reply.body.len())), "{head}");
    assert!(head.contains("\r\nx-generation-time: 0."), "{head}");
    let again = generate(service.client, &png(), "42").await;
    assert_eq!(again.body, reply.body, "same picture, same seed");
    let metrics = service.client.get("/metrics").await.text();
    let counted = "crucible_requests_total{route=\"/generate\",status=\"200\"} 2\n";
    assert!(metrics.contains(counted), "{metrics}");
    let log = service.log.lock().expect("no panic").join("\n");
    assert!(log.starts_with("INFO POST /generate 200 in "), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn seeds_of_64_bits() {
    let service = Service::start().await;
    for seed in ["0", "4294967295", "-1", "-9223372036854775808", "18446744073709551615", " 7 "] {
        let reply = generate(service.client, &png(), seed).await;
        let made = reply.line();
        assert!(
            made.starts_with("200 ") && made.ends_with(&format!("seed {}", seed.trim())),
            "{made}"
        );
    }
    // The original's default, which is a seed and not "any".
    let reply = service.client.form("/generate", &[(PICTURE, &png())]).await;
    assert!(reply.line().ends_with("seed -1"), "{}", reply.line());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_picture_comes_as_it_was_sent() {
    let got = Arc::new(Mutex::new(Vec::new()));
    let sink = got.clone();
    let setting = Setting::making(move |request| {
        sink.lock().expect("no panic").push(request.picture.clone());
        Ok(super::echo(&request))
    });
    let service = Setting { config: Config { kind: Kind::Mesh, ..Config::default() }, ..setting };
    let service = service.start().await;
    let mut sent = Vec::new();
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        let picture = encoded(square(), format);
        let reply = generate(service.client, &picture, "1").await;
        assert!(reply.line().starts_with("200 mesh of "), "{}", reply.line());
        sent.push(picture);
    }
    assert_eq!(*got.lock().expect("no panic"), sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_heads_and_fields_make_no_difference() {
    let service = Service::start().await;
    let other = r#"form-data; name="steps""#;
    let parts: [(&str, &[u8]); 3] = [(other, b"50"), (SEED, b"3"), (PICTURE, &png())];
    let expected = service.client.form("/generate", &parts).await;
    assert!(expected.line().ends_with("seed 3"), "{}", expected.line());
    let body = super::form(&parts);
    let length = body.len();
    let head = format!(
        "POST /generate HTTP/1.1\r\nhost: x\r\nauthorization: Bearer none\r\nx-unknown: {}\r\naccept: model/ply\r\nconnection: close\r\ncontent-type: Multipart/Form-Data;  boundary=\"xYzZY\"\r\ncontent-length: {length}\r\n\r\n",
        "x".repeat(4000)
    );
    let reply = service.client.send_bytes(&[head.as_bytes(), &body].concat()).await;
    assert_eq!(reply.line(), expected.line());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_the_service() {
    let service = Service::start().await;
    let get = async |path: &str| service.client.get(path).await.line();
    assert_snapshot!(get("/health").await, @r#"200 {"status": "healthy", "models_loaded": {"background_remover":true,"clip_validator":false,"dreamgaussian":true,"flux":false}, "config": {"flux_steps":null,"validation_enabled":false,"validation_mode":"structure","validation_threshold":null}}"#);
    assert_snapshot!(get("/version").await, @r#"200 "0.0.0""#);
    assert_snapshot!(get("/stats").await, @r#"200 {"counters":{"failed":0,"generated":0,"withheld":0},"device":"cpu","generator":"puppet","latency_seconds":{"generation":{"p50":null,"p90":null,"p99":null},"validation":{"p50":null,"p90":null,"p99":null},"waiting":{"p50":null,"p90":null,"p99":null}},"queue":{"abandoned":0,"running":false,"waiting":0,"waiting_max":16},"service":"404-gen-competitive-miner","version":"1.0.0"}"#);
    assert_eq!(service.client.get("/openapi.json").await.json()["openapi"], "3.1.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_have_names() {
    let service = Service::start().await;
    let id = async |given: &str| {
        let body = super::form(&[(PICTURE, &png())]);
        let length = body.len();
        let head = format!(
            "POST /generate HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{given}content-type: multipart/form-data; boundary=xYzZY\r\ncontent-length: {length}\r\n\r\n"
        );
        let reply = service.client.send_bytes(&[head.as_bytes(), &body].concat()).await;
        let head = reply.head.to_ascii_lowercase();
        let id = head.lines().find_map(|line| line.strip_prefix("x-request-id: "));
        id.unwrap_or_default().to_owned()
    };
    assert_eq!(id("x-request-id: task 7\r\n").await, "task 7");
    assert_eq!(id("").await, "1");
    assert_eq!(id(&format!("x-request-id: {}\r\n", "y".repeat(129))).await, "2");
}
