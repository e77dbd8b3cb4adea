//! Paths, and what every answer has.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use pod::wire::Kind;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::reply::{Contract, Refusal, detail, json_response};
use super::work::{App, Stage};
use super::{Level, openapi, single, task};
use crate::listen::Connection;
use crate::metrics::Figure;

/// Who asks may name a request; else it gets a number. The answer and the log have it.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Characters of such a name.
const REQUEST_ID_CHARS_MAX: usize = 128;

pub(super) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/version", get(version))
        .route("/stats", get(stats))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(openapi_json))
        .route("/generate", post(generate))
        .route("/generate/", post(generate_task))
        .route("/generate_from_image/", post(generate_from_image))
        .fallback(|| async { detail(StatusCode::NOT_FOUND, "Not Found") })
        .method_not_allowed_fallback(|| async {
            detail(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        })
        .with_state(app)
}

async fn generate(
    State(app): State<Arc<App>>,
    Extension(connection): Extension<Connection>,
    request: Request,
) -> Response {
    let head = Head::of("/generate", Contract::SingleShot, &app, request.headers());
    head.answer(&app, single::answered(&app, request, connection)).await
}

async fn generate_task(
    State(app): State<Arc<App>>,
    Extension(connection): Extension<Connection>,
    request: Request,
) -> Response {
    let head = Head::of("/generate/", Contract::Task, &app, request.headers());
    head.answer(&app, task::from_prompt(&app, request, connection)).await
}

async fn generate_from_image(
    State(app): State<Arc<App>>,
    Extension(connection): Extension<Connection>,
    request: Request,
) -> Response {
    let head = Head::of("/generate_from_image/", Contract::Task, &app, request.headers());
    head.answer(&app, task::from_image(&app, request, connection)).await
}

/// What is known of a request before its body.
struct Head {
    route: &'static str,
    contract: Contract,
    id: HeaderValue,
    start: Instant,
}

impl Head {
    fn of(route: &'static str, contract: Contract, app: &App, headers: &HeaderMap) -> Self {
        let number = app.n_requests.fetch_add(1, Ordering::Relaxed);
        let given = headers.get(REQUEST_ID).filter(|id| {
            let is_plain = |byte: &u8| (b' '..=b'~').contains(byte);
            id.len() <= REQUEST_ID_CHARS_MAX && id.as_bytes().iter().all(is_plain)
        });
        let id = given.cloned().unwrap_or_else(|| HeaderValue::from(number));
        Self { route, contract, id, start: Instant::now() }
    }

    async fn answer(
        self,
        app: &Arc<App>,
        answered: impl Future<Output = Result<Response, Refusal>>,
    ) -> Response {
        let Self { route, contract, id, start } = self;
        let answered = answered.await;
        let took_ms = start.elapsed().as_millis();
        let (level, reason) = match &answered {
            Err(refusal @ Refusal::Failed(_)) => (Level::Error, refusal.text()),
            Err(refusal) => (Level::Warning, refusal.text()),
            Ok(_) => (Level::Info, String::new()),
        };
        let mut response = answered.unwrap_or_else(|refusal| refusal.response(contract));
        let status = response.status().as_u16();
        app.metrics.count_request(route, status);
        app.metrics.time("request", start.elapsed());
        let told = id.to_str().unwrap_or_default();
        let line = format!("{} {route} {status} in {took_ms} ms, {told}", Method::POST);
        let line = if reason.is_empty() { line } else { format!("{line}: {reason}") };
        (app.parts.log)(level, &line);
        response.headers_mut().insert(REQUEST_ID, id);
        response
    }
}

/// Only 200 means that a generation would start now or after those that wait. Clients of competitions 0 and 1 look at
/// the status alone; the rest of the body is what the per-task subnet's tools read.
async fn health(State(app): State<Arc<App>>) -> Response {
    let (status, word) = match app.stage() {
        Stage::Ready if app.tally.is_degraded() => (StatusCode::OK, "degraded"),
        Stage::Ready => (StatusCode::OK, "healthy"),
        Stage::Starting => (StatusCode::SERVICE_UNAVAILABLE, "starting"),
        Stage::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
    };
    let is_ready = status == StatusCode::OK;
    let gate = app.parts.gate.as_ref();
    let models = json!({
        "flux": app.can_paint().is_ok(),
        "background_remover": is_ready,
        "dreamgaussian": is_ready && makes(&app, Kind::Splats),
        "clip_validator": gate.is_some(),
    });
    let config = json!({
        "flux_steps": null,
        "validation_enabled": gate.is_some(),
        "validation_threshold": gate.map(|gate| gate.threshold),
        "validation_mode": app.validation_mode(),
    });
    // With the blank that the original has, for those who compare texts.
    let body = format!(r#"{{"status": "{word}", "models_loaded": {models}, "config": {config}}}"#);
    json_response(status, body)
}

fn makes(app: &App, kind: Kind) -> bool {
    app.parts.generator.card().kinds.contains(&kind)
}

async fn version() -> Response {
    json_response(StatusCode::OK, json!(env!("CARGO_PKG_VERSION")).to_string())
}

async fn stats(State(app): State<Arc<App>>) -> Response {
    let mut body = json!({
        // The names that tools of the per-task subnet know the service by.
        "service": "404-gen-competitive-miner",
        "version": "1.0.0",
        "device": "cpu",
        "generator": app.parts.generator.card().name,
        "queue": {
            "waiting": app.queue.waiting(),
            "waiting_max": app.config.waiting_max,
            "running": app.queue.is_running(),
            "abandoned": app.queue.abandoned(),
        },
    });
    if let (Some(body), Value::Object(tally)) = (body.as_object_mut(), app.tally.json()) {
        body.extend(tally);
    }
    json_response(StatusCode::OK, body.to_string())
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    let waiting = "Requests that wait for their turn.";
    let abandoned = "Work that was dropped because its client had gone.";
    let text = app.metrics.text(&[
        Figure::gauge("crucible_waiting", waiting, app.queue.waiting() as u64),
        Figure::counter("crucible_abandoned_total", abandoned, app.queue.abandoned()),
    ]);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

async fn openapi_json() -> Response {
    json_response(StatusCode::OK, openapi::json())
}
