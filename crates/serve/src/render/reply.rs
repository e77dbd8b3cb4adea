//! Answers, byte for byte as the original wrote them: keys in this order, no white space.

use std::fmt::Write;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use threejs::Failure;
use threejs::engine::Metrics;

use super::query::TooLarge;
use crate::js;

/// Seconds a client should wait before it asks again.
const RETRY_AFTER_S: &str = "2";

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Refusal {
    /// Too many requests wait.
    Busy { waiting_max: usize },
    /// The service ends.
    Stopping,
    /// The body is longer than we read.
    BodyTooLong,
    /// More pictures or pixels than we draw.
    TooLarge(TooLarge),
    /// Broke a static rule.
    Invalid(Vec<Failure>),
    /// Broke a rule when it ran.
    Failed(Vec<Failure>, Option<Metrics>),
    /// Anything else; the text is for the client.
    Other(String),
}

impl Refusal {
    /// For people: one line.
    fn text(&self) -> String {
        match self {
            Self::Busy { waiting_max } => format!("{waiting_max} requests are waiting already"),
            Self::Stopping => "the service is stopping".to_owned(),
            Self::BodyTooLong => {
                let max = super::limits::BODY_BYTES_MAX;
                format!("the body has more than {max} bytes, which is our limit")
            }
            Self::TooLarge(what) => what.to_string(),
            Self::Invalid(_) => "validation_failed".to_owned(),
            Self::Failed(..) => "post_validation_failed".to_owned(),
            Self::Other(text) => text.clone(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = |text: &str| json!({ "error": text }).to_string();
        let unavailable = |text: &str| {
            let mut response = json_response(StatusCode::SERVICE_UNAVAILABLE, error(text));
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S));
            response
        };
        match self {
            Self::Busy { .. } => unavailable(&self.text()),
            Self::Stopping => {
                let mut response = unavailable(&self.text());
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(header::CONNECTION, close);
                response
            }
            Self::BodyTooLong | Self::TooLarge(_) => {
                json_response(StatusCode::PAYLOAD_TOO_LARGE, error(&self.text()))
            }
            Self::Invalid(failures) => {
                let failures = failures_json(&failures);
                let body = format!(r#"{{"error":"validation_failed","failures":{failures}}}"#);
                json_response(StatusCode::UNPROCESSABLE_ENTITY, body)
            }
            Self::Failed(failures, metrics) => {
                let failures = failures_json(&failures);
                let metrics = metrics.as_ref().map_or_else(|| "null".to_owned(), metrics_json);
                let body = format!(
                    r#"{{"error":"post_validation_failed","failures":{failures},"metrics":{metrics}}}"#
                );
                json_response(StatusCode::UNPROCESSABLE_ENTITY, body)
            }
            Self::Other(text) => json_response(StatusCode::INTERNAL_SERVER_ERROR, error(&text)),
        }
    }
}

/// What the Python services answer in place of a picture: `{"detail": …}`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Detail {
    pub(super) status: u16,
    pub(super) detail: Value,
}

impl Detail {
    pub(super) fn text(status: u16, text: impl Into<String>) -> Self {
        Self { status, detail: Value::String(text.into()) }
    }
}

impl From<Refusal> for Detail {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Busy { .. } | Refusal::Stopping => Self::text(503, refusal.text()),
            _ => Self::text(500, format!("Failed to render uploaded file: {}", refusal.text())),
        }
    }
}

impl IntoResponse for Detail {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = json_response(status, json!({ "detail": self.detail }).to_string());
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S));
        }
        response
    }
}

/// The only answer to unknown paths and methods.
pub(super) fn not_found() -> Response {
    json_response(StatusCode::NOT_FOUND, r#"{"error":"not found"}"#.to_owned())
}

pub(super) fn json_response(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

pub(super) fn png(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "image/png")], Body::from(bytes)).into_response()
}

/// Pictures as they are drawn, so that only their encoded form is held.
#[derive(Debug)]
pub(super) struct Images {
    json: String,
    count: usize,
}

impl Images {
    pub(super) fn new() -> Self {
        Self { json: r#"{"images":["#.to_owned(), count: 0 }
    }

    pub(super) fn push(&mut self, png: &[u8]) {
        if self.count > 0 {
            self.json.push(',');
        }
        self.json.push('"');
        STANDARD.encode_string(png, &mut self.json);
        self.json.push('"');
        self.count += 1;
    }

    pub(super) fn finish(self, img_size: u32) -> String {
        let Self { mut json, count } = self;
        // Writing to a string cannot fail.
        write!(json, r#"],"count":{count},"img_size":{img_size}}}"#).ok();
        json
    }
}

fn failures_json(failures: &[Failure]) -> String {
    let one = |failure: &Failure| {
        let stage = failure.service_stage();
        let detail = serde_json::Value::from(failure.detail.as_str());
        format!(r#"{{"stage":"{stage}","rule":"{}","detail":{detail}}}"#, failure.rule)
    };
    format!("[{}]", failures.iter().map(one).collect::<Vec<_>>().join(","))
}

fn metrics_json(metrics: &Metrics) -> String {
    let corner = |[x, y, z]: [f64; 3]| {
        format!(r#"{{"x":{},"y":{},"z":{}}}"#, js::json(x), js::json(y), js::json(z))
    };
    let bbox = metrics.bbox.map_or_else(
        || "null".to_owned(),
        |[min, max]| format!(r#"{{"min":{},"max":{}}}"#, corner(min), corner(max)),
    );
    format!(
        r#"{{"vertices":{},"drawCalls":{},"depth":{},"instances":{},"textureBytes":{},"bbox":{bbox}}}"#,
        js::json(metrics.vertices),
        metrics.draw_calls,
        metrics.depth,
        js::json(metrics.instances),
        js::json(metrics.texture_bytes),
    )
}
