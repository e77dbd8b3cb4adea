//! Prediction services, against one that answers what a test tells it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use generators::Catalogue;
use pod::wire::Kind;
use serde_json::{Value, json};

use crate::services::serve;
use crate::things::{picture, ply, request, splats};

/// A call as it came.
#[derive(Debug, Clone)]
struct Call {
    what: String,
    key: String,
    body: Value,
}

#[derive(Debug, Default)]
struct Script {
    calls: Vec<Call>,
    answers: VecDeque<(u16, Value)>,
    model: Vec<u8>,
}

type Shared = Arc<Mutex<Script>>;

async fn answer(
    State(script): State<Shared>,
    method: axum::http::Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut script = script.lock().expect("alone");
    if uri.path().starts_with("/files/") {
        return script.model.clone().into_response();
    }
    let key = headers.get("x-api-key").map(|key| key.to_str().expect("text").to_owned());
    script.calls.push(Call {
        what: format!("{method} {}", uri.path()),
        key: key.unwrap_or_default(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    });
    let (status, body) = script.answers.pop_front().expect("one call more than expected");
    (StatusCode::from_u16(status).expect("a status"), body.to_string()).into_response()
}

/// The service and a catalogue with it; `{base}` in answers is where it is.
async fn service(answers: Value, more: &str) -> (Shared, Catalogue) {
    let shared = Shared::default();
    let routes = Router::new().fallback(answer).with_state(Arc::clone(&shared));
    let address = serve(routes).await;
    let base = format!("http://{address}");
    let answers: Vec<(u16, Value)> =
        serde_json::from_str(&answers.to_string().replace("{base}", &base)).expect("answers");
    let mut script = shared.lock().expect("alone");
    script.answers = answers.into();
    script.model = ply(&splats());
    drop(script);
    let text = format!(
        "[generators.far]\ntype = \"prediction\"\nmakes = [\"splats\"]\nurl = \"{base}/v1\"\nkey_env = \"KEY\"\nmodel = \"some/model-2\"\npoll_s = 0.002\npoll_longest_s = 0.005\ntries = 1\ncheck = \"format\"\ncost_usd = 0.25\nallow_private_urls = true\npicture_as = \"data\"\ninput = {{ steps = 10, octree_resolution = \"256\" }}\n{more}"
    );
    let env = |name: &str| (name == "KEY").then(|| "secret-key".to_owned());
    (shared, Catalogue::read(&text, &env).expect("a configuration"))
}

fn calls(shared: &Shared) -> Vec<String> {
    shared.lock().expect("alone").calls.iter().map(|call| call.what.clone()).collect()
}

#[tokio::test]
async fn a_prediction_is_made_watched_and_fetched() {
    let answers = json!([
        [201, { "id": "p-1", "status": "starting", "output": null }],
        [502, {}],
        [200, { "id": "p-1", "status": "processing", "logs": "10 %" }],
        [200, { "id": "p-1", "status": "succeeded", "output": ["{base}/files/a.png", "{base}/files/a.ply"], "metrics": { "predict_time": 12.5 } }],
    ]);
    let (shared, catalogue) = service(answers, "cost_per_s_usd = 0.002").await;
    let far = catalogue.get("far").expect("there");
    let made = far.generate(request(Kind::Splats)).await.expect("a model");
    assert_eq!(made.bytes, ply(&splats()));
    assert_eq!(made.cost.map(|cost| cost.micros), Some(25_000));
    let script = shared.lock().expect("alone");
    assert!(script.calls.iter().all(|call| call.key == "secret-key"));
    let body = &script.calls[0].body;
    assert_eq!(body["model"], "some/model-2");
    assert_eq!(body["input"]["steps"], 10);
    assert_eq!(body["input"]["seed"], 7);
    let data = body["input"]["image"].as_str().expect("a picture");
    let data = data.strip_prefix("data:image/png;base64,").expect("a data URL");
    let decoded = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, data);
    assert_eq!(decoded.expect("base64"), picture());
    drop(script);
    let looks = ["GET /v1/predictions/p-1"; 3];
    assert_eq!(calls(&shared), [&["POST /v1/predictions"][..], &looks].concat());
}

#[tokio::test]
async fn other_dialects_are_spoken_when_the_first_is_not_known() {
    let done = json!({ "id": "p", "status": "succeeded", "output": { "file": { "url": "{base}/files/a.ply" } } });
    let answers = json!([[404, {}], [422, { "detail": "octree_resolution" }], [200, done]]);
    let (shared, catalogue) = service(answers, "seed_key = \"\"").await;
    catalogue.get("far").expect("there").generate(request(Kind::Splats)).await.expect("a model");
    let by_path = "POST /v1/models/some/model-2/predictions";
    assert_eq!(calls(&shared), ["POST /v1/predictions", by_path, by_path]);
    let script = shared.lock().expect("alone");
    let inputs: Vec<&Value> = script.calls.iter().map(|call| &call.body["input"]).collect();
    assert_eq!(inputs[1]["octree_resolution"], "256");
    assert_eq!(inputs[2]["octree_resolution"], 256);
    assert!(inputs[2].get("seed").is_none());
    assert!(script.calls[2].body.get("model").is_none());
}

#[tokio::test]
async fn the_ways_to_fail_and_that_the_key_is_never_told() {
    for (answers, meant) in [
        (json!([[402, { "error": { "message": "pay\nfirst" } }]]), "far: status 402: pay first"),
        (
            json!([[400, { "detail": "File image.png does not exist" }]]),
            "far: status 400: File image.png does not exist",
        ),
        (json!([[422, {}], [422, { "title": "no" }]]), "far: status 422: no"),
        (
            json!([[200, { "id": "../../x", "status": "starting" }]]),
            "far: a prediction with a strange id",
        ),
        (json!([[200, ["what"]]]), "far: a prediction without id or status"),
        (
            json!([[200, { "id": "p", "status": "failed", "error": "out of memory" }]]),
            "far: out of memory",
        ),
        (json!([[200, { "id": "p", "status": "canceled" }]]), "far: the prediction was cancelled"),
        (json!([[200, { "id": "p", "status": "dancing" }]]), "far: status \"dancing\""),
        (
            json!([[200, { "id": "p", "status": "succeeded", "output": null }]]),
            "far: the output has no file of that kind",
        ),
        (
            json!([[200, { "id": "p", "status": "succeeded", "output": "http://127.0.0.1:1/a.ply" }]]),
            "far: the output could not be fetched: ",
        ),
    ] {
        let (_, catalogue) = service(answers, "").await;
        let far = catalogue.get("far").expect("there");
        let failure = far.generate(request(Kind::Splats)).await.expect_err(meant);
        assert!(failure.to_string().starts_with(meant), "{failure} is not {meant}");
        assert!(!format!("{failure:?} {far:?}").contains("secret-key"));
    }
    let answers =
        json!([[200, { "id": "p", "status": "succeeded", "output": "{base}/files/a.ply" }]]);
    let (_, catalogue) = service(answers, "bytes_max = 100").await;
    let far = catalogue.get("far").expect("there");
    let failure = far.generate(request(Kind::Splats)).await.expect_err("long");
    assert_eq!(failure, generators::Failure::TooLong { max: 100 });
}

#[tokio::test]
async fn outputs_come_from_the_public_internet_unless_allowed() {
    let text = "[generators.far]\ntype = \"prediction\"\nmakes = [\"splats\"]\nurl = \"http://127.0.0.1:9/v1\"\nkey_env = \"KEY\"\nmodel = \"m\"\n";
    let keyless = Catalogue::read(text, &|_| None).expect("a configuration");
    let failure = keyless.get("far").expect("there").ready().await.expect_err("no key");
    assert_eq!(failure.to_string(), "far: the variable KEY is not set");
    let answers =
        json!([[200, { "id": "p", "status": "succeeded", "output": "http://10.0.0.1/a.ply" }]]);
    let (shared, _) = service(answers, "").await;
    let routes = Router::new().fallback(answer).with_state(Arc::clone(&shared));
    let address = serve(routes).await;
    let text =
        format!("{text}picture_as = \"data\"\n").replace("127.0.0.1:9", &address.to_string());
    let strict = Catalogue::read(&text, &|_| Some("k".to_owned())).expect("a configuration");
    let failure = strict.get("far").expect("there").generate(request(Kind::Splats)).await;
    let text = failure.expect_err("private").to_string();
    assert!(text.contains("10.0.0.1 is not on the public Internet"), "{text}");
}
