//! `POST /generate`: a picture and a seed in a form, a model out, as competitions 0 and 1 ask for it.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use pod::wire::single::{PICTURE_FIELD, SEED_FIELD};
use pod::wire::{Seed, SeedError};

use super::form::{self, ContentType, Known};
use super::limits::{PICTURE_BYTES_MAX, WORD_BYTES_MAX};
use super::picture::Prompt;
use super::reply::Refusal;
use super::work::App;
use crate::listen::Connection;

/// Seconds from its turn to the model.
pub(super) const GENERATION_TIME: HeaderName = HeaderName::from_static("x-generation-time");

const KNOWN: [Known; 2] = [
    Known { name: PICTURE_FIELD, bytes_max: PICTURE_BYTES_MAX },
    Known { name: SEED_FIELD, bytes_max: WORD_BYTES_MAX },
];

pub(super) async fn answered(
    app: &Arc<App>,
    request: Request,
    connection: Connection,
) -> Result<Response, Refusal> {
    app.admit()?;
    let mut form = app.read(request, &[ContentType::Multipart], &KNOWN).await?;
    let seed = seed(&mut form)?;
    let picture = form.take(PICTURE_FIELD);
    let picture = picture.ok_or_else(|| missing(PICTURE_FIELD))?;
    if !picture.is_file {
        return Err(Refusal::Field(format!("{PICTURE_FIELD}: a file is expected, not a text")));
    }
    let done = app.make(Prompt::Picture(picture.bytes), seed, app.config.kind).await?;
    let took = format!("{:.3}", done.took.as_secs_f64());
    let body = app.unsent.body(done.made.bytes, connection, app.config.send_time_max).await;
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.extend(HeaderValue::from_str(&took).map(|took| (GENERATION_TIME, took)));
    Ok(response)
}

/// Without one it is -1, as in the original, where that is a seed like any other.
pub(super) fn seed(form: &mut form::Form) -> Result<Seed, Refusal> {
    let Some(text) = form.text(SEED_FIELD)? else { return Ok(Seed::from(-1_i64)) };
    // Its errors begin with the word.
    text.parse().map_err(|error: SeedError| Refusal::Field(error.to_string()))
}

pub(super) fn missing(name: &str) -> Refusal {
    Refusal::Field(format!("{name}: field required"))
}
