//! The per-task miners' service: `POST /generate/` with a prompt that is text or a picture in base64, and
//! `POST /generate_from_image/`. Splats only.

use std::fmt;
use std::sync::Arc;

use asset::Splats;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use pod::wire::Kind;
use pod::wire::single::SEED_FIELD;

use super::form::{ContentType, Form, Known};
use super::limits::{PROMPT_CHARS_MAX, TASK_PICTURE_BYTES_MAX, WORD_BYTES_MAX};
use super::picture::{self, Prompt};
use super::reply::Refusal;
use super::single::{GENERATION_TIME, missing, seed};
use super::work::App;
use crate::listen::Connection;

/// How like the prompt the result is, or `N/A`. The name is older than what it says.
const SCORE: HeaderName = HeaderName::from_static("x-clip-score");
/// `true` when the result was not good enough; the body is empty then.
const VALIDATION_FAILED: HeaderName = HeaderName::from_static("x-validation-failed");
/// What the result was looked at with.
const VALIDATION_MODE: HeaderName = HeaderName::from_static("x-validation-mode");

/// Characters of base64 for the longest picture, a `data:` head and line ends.
const BASE64_BYTES_MAX: usize = TASK_PICTURE_BYTES_MAX / 3 * 4 + TASK_PICTURE_BYTES_MAX / 32;

const PROMPT_FIELD: &str = "prompt";
const IMAGE_FIELD: &str = "image";
const BASE64_FIELD: &str = "image_base64";
const FORMAT_FIELD: &str = "format";

const SEED: Known = Known { name: SEED_FIELD, bytes_max: WORD_BYTES_MAX };
const FORMAT: Known = Known { name: FORMAT_FIELD, bytes_max: WORD_BYTES_MAX };
const WITH_PROMPT: [Known; 3] =
    [Known { name: PROMPT_FIELD, bytes_max: BASE64_BYTES_MAX }, SEED, FORMAT];
const WITH_IMAGE: [Known; 4] = [
    Known { name: IMAGE_FIELD, bytes_max: TASK_PICTURE_BYTES_MAX },
    Known { name: BASE64_FIELD, bytes_max: BASE64_BYTES_MAX },
    SEED,
    FORMAT,
];

/// What is handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Ply,
    Spz,
    Splat,
}

impl Format {
    fn of(form: &mut Form) -> Result<Self, Refusal> {
        match form.text(FORMAT_FIELD)?.as_deref() {
            None | Some("ply") => Ok(Self::Ply),
            Some("spz") => Ok(Self::Spz),
            Some("splat") => Ok(Self::Splat),
            Some(_) => Err(Refusal::Field(format!("{FORMAT_FIELD}: not ply, spz or splat"))),
        }
    }

    /// The file in this format; nothing for the one it is in already.
    fn file(self, splats: &Splats) -> Result<Option<Bytes>, String> {
        fn text(error: impl fmt::Display) -> String {
            error.to_string()
        }
        let mut bytes = Vec::new();
        match self {
            Self::Ply => return Ok(None),
            Self::Spz => {
                asset::spz::write(splats, asset::spz::Version::V3, &mut bytes).map_err(text)?;
            }
            Self::Splat => asset::splat::write(splats, &mut bytes).map_err(text)?,
        }
        Ok(Some(bytes.into()))
    }
}

/// `POST /generate/`.
pub(super) async fn from_prompt(
    app: &Arc<App>,
    request: Request,
    connection: Connection,
) -> Result<Response, Refusal> {
    app.admit()?;
    let taken = [ContentType::Multipart, ContentType::UrlEncoded];
    let mut form = app.read(request, &taken, &WITH_PROMPT).await?;
    let text = form.text(PROMPT_FIELD)?.filter(|text| !text.trim().is_empty());
    let text = text.ok_or_else(|| missing(PROMPT_FIELD))?;
    let prompt = Prompt::tell(text).map_err(Refusal::Picture)?;
    match &prompt {
        Prompt::Picture(bytes) => check_length(bytes)?,
        Prompt::Text(text) => {
            if text.chars().count() > PROMPT_CHARS_MAX {
                let text = format!("{PROMPT_FIELD}: more than {PROMPT_CHARS_MAX} characters");
                return Err(Refusal::Field(text));
            }
            app.can_paint()?;
        }
    }
    answered(app, form, prompt, connection).await
}

/// `POST /generate_from_image/`.
pub(super) async fn from_image(
    app: &Arc<App>,
    request: Request,
    connection: Connection,
) -> Result<Response, Refusal> {
    app.admit()?;
    let taken = [ContentType::Multipart, ContentType::Json];
    let mut form = app.read(request, &taken, &WITH_IMAGE).await?;
    let bytes = match (form.take(IMAGE_FIELD), form.text(BASE64_FIELD)?) {
        (Some(file), None) => file.bytes,
        (None, Some(text)) => picture::picture(&text).map_err(Refusal::Picture)?,
        (None, None) => return Err(missing(IMAGE_FIELD)),
        (Some(_), Some(_)) => {
            let text = format!("{IMAGE_FIELD} and {BASE64_FIELD}: one of the two is expected");
            return Err(Refusal::Field(text));
        }
    };
    check_length(&bytes)?;
    answered(app, form, Prompt::Picture(bytes), connection).await
}

fn check_length(picture: &[u8]) -> Result<(), Refusal> {
    let bytes_max = TASK_PICTURE_BYTES_MAX;
    let is_long = picture.len() > bytes_max;
    if is_long { Err(Refusal::FieldTooLong { name: "picture", bytes_max }) } else { Ok(()) }
}

async fn answered(
    app: &Arc<App>,
    mut form: Form,
    prompt: Prompt,
    connection: Connection,
) -> Result<Response, Refusal> {
    let seed = seed(&mut form)?;
    let format = Format::of(&mut form)?;
    let mut done = app.make(prompt, seed, Kind::Splats).await?;
    let (verdict, other) = app.judge(&done, move |splats| format.file(splats)).await?;
    let mut headers = HeaderMap::new();
    let mut tell = |name: HeaderName, text: &str| {
        headers.extend(HeaderValue::from_str(text).map(|value| (name, value)));
    };
    tell(header::CONTENT_TYPE, "application/octet-stream");
    tell(GENERATION_TIME, &format!("{:.3}", done.took.as_secs_f64()));
    let score = verdict.score.map_or_else(|| "N/A".to_owned(), |score| format!("{score:.4}"));
    tell(SCORE, &score);
    tell(VALIDATION_MODE, app.validation_mode());
    let body = if verdict.is_good {
        let bytes = other.unwrap_or_else(|| std::mem::take(&mut done.made.bytes));
        drop(done);
        app.unsent.body(bytes, connection, app.config.send_time_max).await
    } else {
        tell(VALIDATION_FAILED, "true");
        Body::empty()
    };
    let mut response = Response::new(body);
    *response.headers_mut() = headers;
    Ok(response)
}
