//! Paths, handlers and answers.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::body::Urls;
use super::limits::{BODY_BYTES_MAX, BODY_TIME_MAX};
use super::work::{App, Failure};
use super::{Level, openapi};
use crate::metrics::Figure;
use crate::slots::NoSlot;

/// Seconds a client should wait before it asks again.
const RETRY_AFTER_S: &str = "2";

pub(super) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(openapi_json))
        .route("/distance", post(distance))
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

async fn distance(State(app): State<Arc<App>>, request: Request) -> Response {
    let start = Instant::now();
    let response = answered(&app, request).await;
    app.metrics.count_request("/distance", response.status().as_u16());
    app.metrics.time("request", start.elapsed());
    let (status, took) = (response.status().as_u16(), start.elapsed().as_millis());
    (app.log)(Level::Info, &format!("{} /distance {status} in {took} ms", Method::POST));
    response
}

async fn answered(app: &Arc<App>, request: Request) -> Response {
    let _slot = match app.slots.enter() {
        Ok(slot) => slot,
        Err(NoSlot::Busy { waiting_max }) => {
            return unavailable(&format!("{waiting_max} requests are waiting already"));
        }
        Err(NoSlot::Stopping) => {
            let mut response = unavailable("the service is stopping");
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
            return response;
        }
    };
    let body = match read(request.into_body()).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let urls = match Urls::parse(&body) {
        Ok(urls) => urls,
        Err(what) => return detail(StatusCode::UNPROCESSABLE_ENTITY, what),
    };
    match app.distance(&urls).await {
        Ok(distance) => found(Some(distance), None),
        Err(Failure::NotFound) => found(None, Some("file_not_found")),
        Err(Failure::Request) => found(None, Some("request_error")),
        Err(Failure::Internal(reason)) => {
            (app.log)(Level::Error, &reason);
            detail(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error")
        }
    }
}

async fn read(body: Body) -> Result<Vec<u8>, Response> {
    let reading = tokio::time::timeout(BODY_TIME_MAX, to_bytes(body, BODY_BYTES_MAX)).await;
    match reading {
        Ok(Ok(bytes)) => Ok(bytes.into()),
        // The other reason, a connection that broke, gets no answer anyway.
        Ok(Err(_)) => {
            let text = format!("the body has more than {BODY_BYTES_MAX} bytes, which is our limit");
            Err(detail(StatusCode::PAYLOAD_TOO_LARGE, text))
        }
        Err(_) => {
            let text = format!("the body did not come within {} s", BODY_TIME_MAX.as_secs());
            Err(detail(StatusCode::REQUEST_TIMEOUT, text))
        }
    }
}

fn found(distance: Option<f64>, error: Option<&str>) -> Response {
    let (distance, error) = (json!(distance), json!(error));
    answer(StatusCode::OK, format!(r#"{{"distance":{distance},"error":{error}}}"#))
}

fn detail(status: StatusCode, what: impl Into<Value>) -> Response {
    answer(status, json!({ "detail": what.into() }).to_string())
}

fn unavailable(text: &str) -> Response {
    let mut response = detail(StatusCode::SERVICE_UNAVAILABLE, text);
    let retry_after = HeaderValue::from_static(RETRY_AFTER_S);
    response.headers_mut().insert(header::RETRY_AFTER, retry_after);
    response
}

fn answer(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
