//! Paths, handlers and answers.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use pod::wire::batch::{Accepted, Refused};
use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;

use super::limits::{BODY_BYTES_MAX, BODY_TIME_MAX};
use super::state::{Answer, Order};
use super::work::App;
use super::{Level, body, openapi, words};
use crate::metrics::Figure;

pub(super) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/status", get(status))
        .route("/generate", post(generate))
        .route("/results", get(results))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(openapi_json))
        .fallback(|| async { detail(StatusCode::NOT_FOUND, "Not Found") })
        .method_not_allowed_fallback(|| async {
            detail(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        })
        .with_state(app)
}

async fn health() -> Response {
    answer(StatusCode::OK, r#"{"status":"ok"}"#.to_owned())
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    let text = app.metrics.text(&[Figure::requests(&app.slots)]);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

async fn openapi_json() -> Response {
    answer(StatusCode::OK, openapi::json())
}

async fn status(State(app): State<Arc<App>>, request: Request) -> Response {
    let response = match replacements(request.uri().query().unwrap_or_default()) {
        Ok(replacements) => json_answer(StatusCode::OK, &app.status(replacements)),
        Err(what) => detail(StatusCode::UNPROCESSABLE_ENTITY, &what),
    };
    app.metrics.count_request("/status", response.status().as_u16());
    response
}

/// Of the query; the last one where there are several.
fn replacements(query: &str) -> Result<Option<i64>, String> {
    let values = query.split('&').filter_map(|pair| pair.split_once('='));
    let values = values.filter(|(name, _)| *name == "replacements_remaining");
    let Some((name, value)) = values.last() else { return Ok(None) };
    let wrong = |_| format!("{name}: {:?} is not an integer", words::cut(value, 40));
    value.parse().map(Some).map_err(wrong)
}

async fn generate(State(app): State<Arc<App>>, request: Request) -> Response {
    let start = Instant::now();
    // In a task of its own: a client that leaves must not stop an order halfway.
    let response = {
        let app = app.clone();
        let (head, body) = request.into_parts();
        match read(&head.headers, body).await {
            Ok(order) => tokio::spawn(async move { ordered(&app, order).await }).await,
            Err(response) => Ok(response),
        }
    };
    let response = response.unwrap_or_else(|_| internal());
    app.metrics.count_request("/generate", response.status().as_u16());
    app.metrics.time("request", start.elapsed());
    app.say(Level::Info, &format!("POST /generate {}", response.status().as_u16()));
    response
}

async fn ordered(app: &Arc<App>, order: Order) -> Response {
    let Ok(_slot) = app.slots.enter() else { return stopping() };
    let batch_id = order.batch_id.clone();
    let count = order.accepted;
    let accepted =
        |accepted| json_answer(StatusCode::OK, &Accepted { accepted, batch_id: batch_id.clone() });
    match app.order(order).await {
        Ok(Answer::Start) => accepted(count),
        Ok(Answer::Same { accepted: count }) => accepted(count),
        Ok(Answer::Refused(current_status)) => {
            let detail = Refused::DETAIL.to_owned();
            json_answer(StatusCode::CONFLICT, &Refused { detail, current_status })
        }
        Ok(Answer::IdentityTaken) => {
            let what = "batch_id: was given to a batch of other stems";
            detail(StatusCode::UNPROCESSABLE_ENTITY, what)
        }
        Err(error) => {
            app.say(Level::Error, &format!("the batch cannot be stored: {error}"));
            internal()
        }
    }
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Order, Response> {
    let unprocessable = |what: &str| detail(StatusCode::UNPROCESSABLE_ENTITY, what);
    if !is_json(headers) {
        return Err(unprocessable("Content-Type: must be application/json"));
    }
    let bytes = match tokio::time::timeout(BODY_TIME_MAX, to_bytes(body, BODY_BYTES_MAX)).await {
        Ok(Ok(bytes)) => bytes,
        // The other reason, a connection that broke, gets no answer anyway.
        Ok(Err(_)) => {
            let text = format!("the body has more than {BODY_BYTES_MAX} bytes, which is our limit");
            return Err(detail(StatusCode::PAYLOAD_TOO_LARGE, &text));
        }
        Err(_) => {
            let text = format!("the body did not come within {} s", BODY_TIME_MAX.as_secs());
            return Err(detail(StatusCode::REQUEST_TIMEOUT, &text));
        }
    };
    body::parse(&bytes).map_err(|what| unprocessable(&what))
}

/// A body whose type is not told is taken for JSON.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return true };
    let kind = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    kind == "application/json" || kind.starts_with("application/") && kind.ends_with("+json")
}

async fn results(State(app): State<Arc<App>>) -> Response {
    let Ok(slot) = app.slots.enter() else { return stopping() };
    let response = match app.results() {
        Err(state) => {
            let text = format!("Results not available in state '{state}'. Must be 'complete'.");
            detail(StatusCode::CONFLICT, &text)
        }
        Ok(results) => match results.body(slot).await {
            Ok(body) => ([(header::CONTENT_TYPE, "application/zip")], body).into_response(),
            Err(error) => {
                app.say(Level::Error, &format!("the results cannot be read: {error}"));
                internal()
            }
        },
    };
    app.metrics.count_request("/results", response.status().as_u16());
    app.say(Level::Info, &format!("GET /results {}", response.status().as_u16()));
    response
}

fn internal() -> Response {
    detail(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error")
}

fn stopping() -> Response {
    let mut response = detail(StatusCode::SERVICE_UNAVAILABLE, "the service is stopping");
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    response
}

fn detail(status: StatusCode, what: &str) -> Response {
    json_answer(status, &json!({ "detail": what }))
}

fn json_answer(status: StatusCode, body: &impl Serialize) -> Response {
    // Our answers are maps with texts for keys, which are always JSON.
    answer(status, serde_json::to_string(body).unwrap_or_default())
}

fn answer(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
