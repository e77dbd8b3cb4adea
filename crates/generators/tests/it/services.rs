//! Containers and pods as generators, against services that answer what a test tells them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use generators::{Catalogue, Failure};
use pod::wire::Kind;
use serde_json::{Value, json};

use crate::things::{catalogue, picture, ply, request, splats};

/// Listens on a free port for as long as the test runs.
pub(crate) async fn serve(routes: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

fn single(address: SocketAddr, more: &str) -> Catalogue {
    catalogue(&format!(
        "[generators.far]\ntype = \"single_shot\"\nmakes = [\"splats\"]\nurl = \"http://{address}\"\nbearer_env = \"PATH\"\ncost_usd = 0.5\n{more}"
    ))
}

#[tokio::test]
async fn a_container_is_asked_as_orchestrators_ask() {
    let seen = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&seen);
    let generate = async move |headers: axum::http::HeaderMap, body: Bytes| {
        *keep.lock().expect("alone") = Some((headers, body));
        ply(&splats())
    };
    let routes = Router::new().route("/generate", post(generate)).route("/health", get("fine"));
    let address = serve(routes).await;
    let far = single(address, "").get("far").expect("there");
    far.ready().await.expect("healthy");
    let made = far.generate(request(Kind::Splats)).await.expect("a model");
    assert_eq!(made.bytes, ply(&splats()));
    assert_eq!(made.cost.map(|cost| cost.micros), Some(500_000));
    let (headers, body) = seen.lock().expect("alone").take().expect("asked");
    assert_eq!(headers["authorization"], "Bearer /usr/bin:/bin");
    let text = String::from_utf8_lossy(&body);
    assert!(text.contains("name=\"prompt_image_file\"; filename=\"prompt.jpg\""), "{text}");
    assert!(text.contains("name=\"seed\"\r\n\r\n7\r\n"), "{text}");
    assert!(body.windows(picture().len()).any(|part| part == &picture()[..]), "no picture");
}

#[tokio::test]
async fn the_ways_of_a_container_to_fail() {
    for (status, text, meant) in [
        (503, "too\nbusy\u{1b}[0m", "far: status 503: too busy[0m"),
        (422, "{\"detail\": 1}", "picture: far: {\"detail\": 1}"),
        (404, "", "far: status 404"),
        (302, "", "far: status 302"),
        (200, "no model", "the model made breaks the rules: not a PLY file"),
        (200, "", "far: model: no bytes"),
    ] {
        let answer = async move || {
            let status = StatusCode::from_u16(status).expect("a status");
            (status, [("location", "http://127.0.0.1:1/")], text)
        };
        let address = serve(Router::new().route("/generate", post(answer))).await;
        let far = single(address, "tries = 1").get("far").expect("there");
        let failure = far.generate(request(Kind::Splats)).await.expect_err(meant);
        assert_eq!(failure.to_string(), meant, "{status}");
        assert_eq!(failure.is_transient(), status == 503, "{status}");
    }
    let address = serve(Router::new().route("/generate", post(async || vec![b'p'; 5000]))).await;
    let far = single(address, "bytes_max = 4999").get("far").expect("there");
    let failure = far.generate(request(Kind::Splats)).await.expect_err("long");
    assert_eq!(failure, Failure::TooLong { max: 4999 });
    let far =
        single("127.0.0.1:1".parse().expect("an address"), "tries = 1").get("far").expect("there");
    assert!(far.generate(request(Kind::Splats)).await.expect_err("nobody").is_transient());
}

/// A pod that looks at the picture it is sent to.
#[derive(Debug, Default)]
struct Pod {
    state: &'static str,
    stems: Vec<String>,
    seeds: Vec<Value>,
    /// How often its state was asked for since the batch came.
    looks: u32,
    fetched: Option<Bytes>,
    url: String,
    /// Answers of the state in order, while it works.
    failures: Vec<StatusCode>,
    /// What the results say.
    archive: Option<fn(&str) -> Vec<u8>>,
}

type Shared = Arc<Mutex<Pod>>;

async fn take(State(pod): State<Shared>, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    let mut pod = pod.lock().expect("alone");
    if pod.state != "ready" && pod.state != "complete" {
        let refusal = json!({ "detail": "Cannot accept batch", "current_status": pod.state });
        return (StatusCode::CONFLICT, refusal.to_string()).into_response();
    }
    pod.stems.push(body["prompts"][0]["stem"].as_str().expect("a stem").to_owned());
    pod.seeds.push(body["seed"].clone());
    pod.url = body["prompts"][0]["image_url"].as_str().expect("an address").to_owned();
    pod.state = "generating";
    pod.looks = 0;
    json!({ "accepted": 1 }).to_string().into_response()
}

async fn state(State(pod): State<Shared>) -> Response {
    let url = pod.lock().expect("alone").url.clone();
    if pod.lock().expect("alone").looks == 0 && url.starts_with("http://127.") {
        let fetched = reqwest::get(&url).await.expect("an answer");
        assert_eq!(fetched.headers()["content-type"], "image/png");
        pod.lock().expect("alone").fetched = Some(fetched.bytes().await.expect("bytes"));
    }
    let mut pod = pod.lock().expect("alone");
    if let Some(status) = pod.failures.pop() {
        return status.into_response();
    }
    pod.looks += 1;
    if pod.state == "generating" && pod.looks > 2 {
        pod.state = "complete";
    }
    json!({ "status": pod.state, "progress": 0, "total": 1 }).to_string().into_response()
}

async fn results(State(pod): State<Shared>) -> Response {
    let pod = pod.lock().expect("alone");
    let stem = pod.stems.last().expect("a batch");
    (pod.archive.expect("an archive"))(stem).into_response()
}

fn archive(name: &str, text: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("an entry");
    std::io::Write::write_all(&mut zip, text.as_bytes()).expect("written");
    zip.finish().expect("an archive").into_inner()
}

const MODULE: &str = "import * as THREE from 'three';\nexport default function generate() { return new THREE.Group(); }\n";

async fn pod(pod: Pod, pictures: bool) -> (Shared, Catalogue) {
    let shared = Arc::new(Mutex::new(pod));
    let routes = Router::new()
        .route("/health", get("fine"))
        .route("/status", get(state))
        .route("/generate", post(take))
        .route("/results", get(results))
        .with_state(Arc::clone(&shared));
    let address = serve(routes).await;
    let pictures = if pictures { "[pictures]\nbind = \"127.0.0.1:0\"\n" } else { "" };
    let text = format!(
        "[generators.far]\ntype = \"pod\"\nurl = \"http://{address}\"\npoll_s = 0.002\npoll_longest_s = 0.01\ntries = 1\ncheck = \"format\"\n{pictures}"
    );
    (shared, catalogue(&text))
}

#[tokio::test]
async fn a_pod_gets_a_batch_of_one_and_the_picture_from_us() {
    let start = Pod {
        state: "ready",
        failures: vec![StatusCode::BAD_GATEWAY; 3],
        archive: Some(|stem| archive(&format!("{stem}.js"), MODULE)),
        ..Pod::default()
    };
    let (shared, catalogue) = pod(start, true).await;
    let far = catalogue.get("far").expect("there");
    far.ready().await.expect("ready");
    for _ in 0..2 {
        let made = far.generate(request(Kind::Module)).await.expect("a module");
        assert_eq!(made.bytes, MODULE);
    }
    let pod = shared.lock().expect("alone");
    assert_eq!(pod.fetched.as_deref(), Some(&picture()[..]));
    assert_eq!(pod.seeds, [json!(7), json!(7)]);
    assert!(pod.stems.iter().all(|stem| pod::wire::batch::is_stem(stem)));
    assert_ne!(pod.stems[0], pod.stems[1], "the pod would take it for the same batch");
    drop(pod);
    let url = shared.lock().expect("alone").url.clone();
    assert_eq!(reqwest::get(url).await.expect("an answer").status(), 404, "still offered");
}

#[tokio::test]
async fn a_busy_pod_is_waited_for() {
    let start = Pod {
        state: "generating",
        archive: Some(|stem| archive(&format!("{stem}.js"), MODULE)),
        ..Pod::default()
    };
    let (_, catalogue) = pod(start, true).await;
    let far = catalogue.get("far").expect("there");
    assert_eq!(far.generate(request(Kind::Module)).await.expect("a module").bytes, MODULE);
}

#[tokio::test]
async fn the_ways_of_a_pod_to_fail() {
    let failed = |stem: &str| archive("_failed.json", &json!({ stem: "no luck" }).to_string());
    let other = |_: &str| archive("other.js", MODULE);
    let none = |_: &str| b"PK".to_vec();
    let cases: [(&'static str, fn(&str) -> Vec<u8>, &str); 4] = [
        ("ready", failed, "far: no luck"),
        ("ready", other, "far: the results are those of another batch"),
        ("ready", none, "far: results: "),
        ("replace", none, "far: batch refused: the pod is replace"),
    ];
    for (state, archive, meant) in cases {
        let start = Pod { state, archive: Some(archive), ..Pod::default() };
        let (_, catalogue) = pod(start, true).await;
        let far = catalogue.get("far").expect("there");
        let failure = far.generate(request(Kind::Module)).await.expect_err(meant).to_string();
        assert!(failure.starts_with(meant), "{failure:?} is not {meant:?}");
    }
    let (_, catalogue) = pod(Pod { state: "ready", ..Pod::default() }, false).await;
    let far = catalogue.get("far").expect("there");
    let failure = far.generate(request(Kind::Module)).await.expect_err("no address");
    assert!(failure.to_string().contains("[pictures]"), "{failure}");
}
