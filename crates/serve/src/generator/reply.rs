//! Why a request gets no model, and how each contract says so.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use generators::Failure;
use serde_json::json;

use super::form::ContentType;

/// Why something went wrong, where the contract has no body for it.
pub(super) const GENERATION_ERROR: HeaderName = HeaderName::from_static("x-generation-error");
/// The same for what is wrong with a request.
pub(super) const ERROR: HeaderName = HeaderName::from_static("x-error");
/// Characters of an error's text.
const TEXT_CHARS_MAX: usize = 200;

/// Why a request gets no model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Not ready yet.
    Starting,
    /// The service ends.
    Stopping,
    /// That many wait already; a place may be free after so long.
    Busy { waiting_max: usize, after: Duration },
    /// No room for another body, or another model.
    NoRoom,
    /// The body did not come in time.
    TooSlow(Duration),
    /// The body as a whole is too long.
    BodyTooLong,
    /// A field is too long.
    FieldTooLong { name: &'static str, bytes_max: usize },
    /// Another kind of body is asked for.
    ContentType { taken: Vec<ContentType> },
    /// The body is not what its head says.
    Broken(String),
    /// A field is missing, or wrong.
    Field(String),
    /// The picture cannot be read.
    Picture(String),
    /// The service cannot do that, as it is configured.
    Unsupported(String),
    /// The generation failed.
    Failed(Failure),
}

/// Whose words to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contract {
    /// Competitions 0 and 1: clients look at the status, and log the body.
    SingleShot,
    /// The per-task subnet: the reason is in a header, too.
    Task,
}

impl Refusal {
    fn status(&self, contract: Contract) -> StatusCode {
        let is_task = contract == Contract::Task;
        match self {
            Self::Busy { .. } if is_task => StatusCode::TOO_MANY_REQUESTS,
            Self::Starting | Self::Stopping | Self::Busy { .. } | Self::NoRoom => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::TooSlow(_) => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLong | Self::FieldTooLong { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ContentType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Broken(_) => StatusCode::BAD_REQUEST,
            Self::Picture(_) if is_task => StatusCode::BAD_REQUEST,
            Self::Field(_) | Self::Picture(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unsupported(_) => StatusCode::NOT_IMPLEMENTED,
            Self::Failed(_) if is_task => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Failed(Failure::Time(_)) => StatusCode::GATEWAY_TIMEOUT,
            Self::Failed(Failure::Transient(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// For people: one line.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Starting => "the generator is not ready yet".to_owned(),
            Self::Stopping => "the service is stopping".to_owned(),
            Self::Busy { waiting_max, .. } => {
                format!("{waiting_max} requests are waiting already")
            }
            Self::NoRoom => "too many bytes of other requests are held already".to_owned(),
            Self::TooSlow(time_max) => {
                format!("the body did not come within {} s", time_max.as_secs_f64())
            }
            Self::BodyTooLong => "the body is longer than its fields may be".to_owned(),
            Self::FieldTooLong { name, bytes_max } => {
                format!("{name}: more than {bytes_max} bytes, which is our limit")
            }
            Self::ContentType { taken } => {
                let taken: Vec<&str> = taken.iter().map(|kind| kind.name()).collect();
                format!("the body has to be {}", taken.join(" or "))
            }
            Self::Broken(text)
            | Self::Field(text)
            | Self::Picture(text)
            | Self::Unsupported(text) => tidy(text),
            Self::Failed(failure) => tidy(&failure.to_string()),
        }
    }

    /// When to come again, in seconds.
    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Busy { after, .. } => Some(after.as_secs().clamp(1, 600)),
            Self::Starting | Self::NoRoom | Self::Failed(Failure::Transient(_)) => Some(5),
            _ => None,
        }
    }

    pub(super) fn response(&self, contract: Contract) -> Response {
        let text = self.text();
        let status = self.status(contract);
        let is_empty = contract == Contract::Task && matches!(self, Self::Failed(_));
        let mut response = if is_empty {
            status.into_response()
        } else {
            json_response(status, json!({ "detail": text }).to_string())
        };
        let headers = response.headers_mut();
        if contract == Contract::Task {
            let name = if is_empty { GENERATION_ERROR } else { ERROR };
            headers.insert(name, value(&text));
        }
        if let Some(seconds) = self.retry_after_s() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if *self == Self::Stopping {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// One line of so many characters at most, none of them a control character.
fn tidy(text: &str) -> String {
    let is_space = |c: char| c.is_control() || c.is_whitespace();
    let text: String = text.chars().map(|c| if is_space(c) { ' ' } else { c }).collect();
    text.chars().take(TEXT_CHARS_MAX).collect()
}

/// A text as the value of a header: what is not ASCII becomes `?`.
fn value(text: &str) -> HeaderValue {
    let ascii: String = text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
    HeaderValue::from_str(&ascii).unwrap_or_else(|_| HeaderValue::from_static("?"))
}

pub(super) fn detail(status: StatusCode, text: &str) -> Response {
    json_response(status, json!({ "detail": text }).to_string())
}

pub(super) fn json_response(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn texts_fit_into_a_header() {
        let text = format!("a\r\nb\u{0}ü{}", "x".repeat(300));
        let refusal = Refusal::Failed(Failure::Failed(text));
        let response = refusal.response(Contract::Task);
        let told = response.headers()[GENERATION_ERROR].to_str().unwrap();
        assert_eq!(told.len(), TEXT_CHARS_MAX);
        assert_snapshot!(&told[..10], @"a  b ?xxxx");
        assert_eq!(refusal.response(Contract::SingleShot).status(), 500);
    }
}
