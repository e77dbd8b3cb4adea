//! Pictures of texts, from a service that answers what a test tells it.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use base64::Engine;
use bytes::Bytes;
use generators::{Catalogue, TextToImage};
use pod::wire::Seed;
use serde_json::{Value, json};

use crate::services::serve;
use crate::things::picture;

type Seen = Arc<Mutex<Vec<(HeaderMap, Value)>>>;

async fn service(
    answer: impl Fn(usize) -> (u16, String) + Clone + Send + Sync + 'static,
    more: &str,
) -> (Seen, Arc<dyn TextToImage>) {
    let seen = Seen::default();
    let keep = Arc::clone(&seen);
    let paint = async move |headers: HeaderMap, body: Bytes| {
        let mut seen = keep.lock().expect("alone");
        seen.push((headers, serde_json::from_slice(&body).expect("JSON")));
        let (status, text) = answer(seen.len());
        (StatusCode::from_u16(status).expect("a status"), text)
    };
    let routes = Router::new()
        .route("/v1/images/generations", post(paint))
        .route("/picture", get(async || picture()));
    let address = serve(routes).await;
    let text = format!(
        "[text_to_image]\nurl = \"http://{address}/v1/\"\nkey_env = \"KEY\"\nmodel = \"m\"\ncost_usd = 0.5\n{more}"
    );
    let catalogue = Catalogue::read(&text, &|_| Some("secret-key".to_owned())).expect("fine");
    (seen, catalogue.text_to_image().expect("configured"))
}

fn encoded() -> String {
    base64::engine::general_purpose::STANDARD.encode(picture())
}

#[tokio::test]
async fn a_text_becomes_a_picture() {
    let answer =
        |_| (200, json!({ "created": 1, "data": [{ "b64_json": encoded() }] }).to_string());
    let more = "prompt_suffix = \", on white\"\nseed_key = \"seed\"\nwithout = [\"response_format\"]\nextra = { size = \"512x512\" }\n";
    let (seen, painter) = service(answer, more).await;
    let painted = painter.paint("a red cube", Seed::from(9_u32)).await.expect("a picture");
    assert_eq!(painted.picture, picture());
    assert_eq!(painted.cost.map(|cost| cost.micros), Some(500_000));
    let seen = seen.lock().expect("alone");
    assert_eq!(seen[0].0["authorization"], "Bearer secret-key");
    assert_eq!(
        seen[0].1,
        json!({ "model": "m", "prompt": "a red cube, on white", "n": 1, "size": "512x512", "seed": 9 })
    );
}

#[tokio::test]
async fn the_ways_to_fail() {
    for (status, text, meant) in [
        (401, json!({ "error": { "message": "bad key" } }), "m: status 401: bad key"),
        (200, json!({ "data": [] }), "m: the answer has no picture"),
        (200, json!({ "data": [{ "b64_json": "***" }] }), "m: the picture is not in base64"),
        (
            200,
            json!({ "data": [{ "b64_json": "R0lGODlh" }] }),
            "m: a picture that is neither PNG, JPEG nor WebP",
        ),
        (
            200,
            json!({ "data": [{ "url": "http://169.254.169.254/" }] }),
            "m: 169.254.169.254 is not on the public Internet",
        ),
    ] {
        let (_, painter) = service(move |_| (status, text.to_string()), "").await;
        let failure = painter.paint("x", Seed::default()).await.expect_err(meant);
        assert!(failure.to_string().starts_with(meant), "{failure}");
        assert!(!format!("{failure:?} {painter:?}").contains("secret-key"));
    }
    let missing = Catalogue::read(
        "[text_to_image]\nurl = \"http://a\"\nmodel = \"m\"\nkey_env = \"KEY\"",
        &|_| None,
    );
    assert_eq!(
        missing.expect_err("no key").to_string(),
        "text_to_image: key_env: the variable KEY is not set"
    );
}
