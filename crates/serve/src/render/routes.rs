//! Paths and handlers.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body as HttpBody, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::time::Instant;

use super::body::Body;
use super::classic::{self, Kind};
use super::limits::{BODY_BYTES_MAX, BODY_TIME_MAX};
use super::query::Shots;
use super::reply::{self, Refusal};
use super::work::{App, Drawn, Form};
use super::{Verdict, openapi, upload};

pub(super) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/ping", get(ping))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(openapi_json))
        .route("/render", post(render))
        .route("/render/grid", post(render_grid))
        .route("/render_ply", post(render_ply))
        .route("/render_glb", post(render_glb))
        .fallback(|| async { reply::not_found() })
        .method_not_allowed_fallback(|| async { reply::not_found() })
        .with_state(app)
}

async fn health() -> Response {
    reply::json_response(StatusCode::OK, r#"{"status":"ok"}"#.to_owned())
}

async fn ping(State(app): State<Arc<App>>) -> StatusCode {
    if app.can_check() { StatusCode::OK } else { StatusCode::NO_CONTENT }
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    let text = app.metrics.text(app.now());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

async fn openapi_json() -> Response {
    reply::json_response(StatusCode::OK, openapi::json())
}

async fn render(State(app): State<Arc<App>>, request: Request) -> Response {
    // The service of competition 0 had this path, for files.
    if upload::is_multipart(&request) {
        return classic::answer(app, request, "/render", Kind::Ply).await;
    }
    answer(app, request, "/render", Form::Views).await
}

async fn render_ply(State(app): State<Arc<App>>, request: Request) -> Response {
    classic::answer(app, request, "/render_ply", Kind::Ply).await
}

async fn render_glb(State(app): State<Arc<App>>, request: Request) -> Response {
    classic::answer(app, request, "/render_glb", Kind::Glb).await
}

async fn render_grid(State(app): State<Arc<App>>, request: Request) -> Response {
    answer(app, request, "/render/grid", Form::Grid).await
}

async fn answer(app: Arc<App>, request: Request, route: &'static str, form: Form) -> Response {
    let start = Instant::now();
    let response = match drawn(&app, request, form).await {
        Ok(Drawn::Png(bytes)) => reply::png(bytes),
        Ok(Drawn::Json(body)) => reply::json_response(StatusCode::OK, body),
        Err(refusal) => refusal.into_response(),
    };
    app.metrics.count_request(route, response.status().as_u16());
    app.metrics.time("request", start.elapsed());
    response
}

async fn drawn(app: &Arc<App>, request: Request, form: Form) -> Result<Drawn, Refusal> {
    let _slot = app.slot()?;
    let (head, body) = request.into_parts();
    let body = read(body).await?;
    let source = match Body::parse(&body).map_err(Refusal::Other)? {
        Body::Source(source) => source,
        Body::Url(url) => {
            let fetched = app.fetcher.fetch(&url).await;
            let bytes = fetched.map_err(|error| Refusal::Other(error.to_string()))?;
            // As `Response.text()` decodes it.
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
            String::from_utf8_lossy(bytes).into_owned()
        }
    };
    drop(body);
    let shots =
        Shots::parse(head.uri.query().unwrap_or_default(), form).map_err(Refusal::TooLarge)?;
    let verdict = app.verdict(source.into_bytes()).await?;
    refuse(&verdict)?;
    app.draw(verdict, shots, form).await
}

fn refuse(verdict: &Verdict) -> Result<(), Refusal> {
    let Verdict { failures, metrics, .. } = verdict;
    let is_static = |failure: &threejs::Failure| {
        matches!(failure.stage, threejs::Stage::Parse | threejs::Stage::StaticAnalysis)
    };
    match failures.first() {
        None => Ok(()),
        Some(first) if is_static(first) => Err(Refusal::Invalid(failures.clone())),
        Some(_) => Err(Refusal::Failed(failures.clone(), *metrics)),
    }
}

async fn read(body: HttpBody) -> Result<Vec<u8>, Refusal> {
    let reading = tokio::time::timeout(BODY_TIME_MAX, to_bytes(body, BODY_BYTES_MAX)).await;
    match reading {
        Ok(Ok(bytes)) => Ok(bytes.into()),
        // The other reason, a connection that broke, gets no answer anyway.
        Ok(Err(_)) => Err(Refusal::BodyTooLong),
        Err(_) => {
            let seconds = BODY_TIME_MAX.as_secs();
            Err(Refusal::Other(format!("the body did not come within {seconds} s")))
        }
    }
}
