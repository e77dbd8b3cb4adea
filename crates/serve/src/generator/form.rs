//! Bodies of requests: forms with and without files, in memory and within limits.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use axum::body::{Body, HttpBody};
use axum::extract::multipart::MultipartError;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use http_body::Frame;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limits::{AROUND_BYTES_MAX, HELD_BYTES_MAX, PARTS_MAX, REFUSED_BYTES_MAX};
use super::reply::Refusal;

/// Bytes that one permit stands for.
const STEP_BYTES: usize = 64 << 10;

/// Bytes that the bodies of all requests hold together. Whoever gets none is told to come again, so nobody waits with
/// a half-read body.
#[derive(Debug, Clone)]
pub(super) struct Budget(Arc<Semaphore>);

impl Budget {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(HELD_BYTES_MAX / STEP_BYTES)))
    }
}

/// A field that a route knows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) bytes_max: usize,
}

/// The fields of a form that its route knows, each at most once.
#[derive(Debug, Default)]
pub(super) struct Form {
    fields: Vec<Field>,
    /// Held as long as the bytes.
    _share: Option<OwnedSemaphorePermit>,
}

/// One field.
#[derive(Debug)]
pub(super) struct Field {
    name: &'static str,
    pub(super) bytes: Bytes,
    pub(super) is_file: bool,
}

impl Form {
    pub(super) fn take(&mut self, name: &str) -> Option<Field> {
        let at = self.fields.iter().position(|field| field.name == name)?;
        Some(self.fields.swap_remove(at))
    }

    /// A field that is text.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        let Some(field) = self.take(name) else { return Ok(None) };
        let text = String::from_utf8(field.bytes.into());
        text.map(Some).map_err(|_| Refusal::Field(format!("{name}: not UTF-8")))
    }

    fn push(&mut self, known: Known, bytes: Bytes, is_file: bool) -> Result<(), Refusal> {
        if self.fields.iter().any(|field| field.name == known.name) {
            return Err(Refusal::Field(format!("{}: given more than once", known.name)));
        }
        self.fields.push(Field { name: known.name, bytes, is_file });
        Ok(())
    }
}

/// What kind of body a request says it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentType {
    Multipart,
    UrlEncoded,
    Json,
    /// None of these, or none at all.
    Other,
}

impl ContentType {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = value.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        match essence.to_ascii_lowercase().as_str() {
            "multipart/form-data" => Self::Multipart,
            "application/x-www-form-urlencoded" => Self::UrlEncoded,
            "application/json" => Self::Json,
            _ => Self::Other,
        }
    }

    /// As it stands in a head.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Multipart => "multipart/form-data",
            Self::UrlEncoded => "application/x-www-form-urlencoded",
            Self::Json => "application/json",
            Self::Other => "anything",
        }
    }
}

/// Reads the known fields of a body of one of the kinds that are taken, to its end.
pub(super) async fn read(
    request: Request,
    taken: &[ContentType],
    known: &[Known],
    budget: &Budget,
) -> Result<Form, Refusal> {
    let bytes_max = known.iter().map(|field| field.bytes_max).sum::<usize>() + AROUND_BYTES_MAX;
    let kind = ContentType::of(request.headers());
    let (head, body) = request.into_parts();
    let counted = Counted::new(body, budget);
    let read = match kind {
        kind if !taken.contains(&kind) => Err(Refusal::ContentType { taken: taken.to_vec() }),
        ContentType::Multipart => {
            let mut request = Request::from_parts(head, counted.body());
            DefaultBodyLimit::max(bytes_max).apply(&mut request);
            multipart(request, known).await
        }
        // Every byte may be written as three.
        ContentType::UrlEncoded => {
            let bytes = counted.bytes(3 * bytes_max).await;
            bytes.and_then(|bytes| url_encoded(&bytes, known))
        }
        ContentType::Json | ContentType::Other => {
            let bytes = counted.bytes(bytes_max).await;
            bytes.and_then(|bytes| object(&bytes, known))
        }
    };
    counted.ended(read).await
}

async fn multipart(request: Request, known: &[Known]) -> Result<Form, Refusal> {
    let broken = |error: MultipartError| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Refusal::BodyTooLong
        } else {
            Refusal::Broken("not a form: its parts cannot be told apart".to_owned())
        }
    };
    let form = Multipart::from_request(request, &()).await;
    let mut parts = form.map_err(|_| Refusal::Broken("a form without a boundary".to_owned()))?;
    let mut form = Form::default();
    let mut n_parts = 0;
    while let Some(mut part) = parts.next_field().await.map_err(broken)? {
        n_parts += 1;
        if n_parts > PARTS_MAX {
            return Err(Refusal::Field(format!("more than {PARTS_MAX} fields")));
        }
        let field = known.iter().find(|field| Some(field.name) == part.name());
        let Some(field) = field.copied() else {
            while part.chunk().await.map_err(broken)?.is_some() {}
            continue;
        };
        let is_file = part.file_name().is_some();
        let mut bytes = Vec::new();
        while let Some(chunk) = part.chunk().await.map_err(broken)? {
            if bytes.len() + chunk.len() > field.bytes_max {
                return Err(Refusal::FieldTooLong { name: field.name, bytes_max: field.bytes_max });
            }
            bytes.extend_from_slice(&chunk);
        }
        form.push(field, bytes.into(), is_file)?;
    }
    Ok(form)
}

fn url_encoded(bytes: &[u8], known: &[Known]) -> Result<Form, Refusal> {
    let mut form = Form::default();
    for (n_before, (name, value)) in form_urlencoded::parse(bytes).enumerate() {
        if n_before == PARTS_MAX {
            return Err(Refusal::Field(format!("more than {PARTS_MAX} fields")));
        }
        let Some(field) = known.iter().find(|field| field.name == name) else { continue };
        if value.len() > field.bytes_max {
            return Err(Refusal::FieldTooLong { name: field.name, bytes_max: field.bytes_max });
        }
        form.push(*field, value.into_owned().into(), false)?;
    }
    Ok(form)
}

fn object(bytes: &[u8], known: &[Known]) -> Result<Form, Refusal> {
    let value: serde_json::Value = serde_json::from_slice(bytes)
        .map_err(|error| Refusal::Broken(format!("not JSON: {error}")))?;
    let serde_json::Value::Object(fields) = value else {
        return Err(Refusal::Broken("not a JSON object".to_owned()));
    };
    let mut form = Form::default();
    for (name, value) in fields {
        let Some(field) = known.iter().find(|field| field.name == name) else { continue };
        let text = match value {
            serde_json::Value::String(text) => text,
            serde_json::Value::Number(number) => number.to_string(),
            serde_json::Value::Null => continue,
            _ => return Err(Refusal::Field(format!("{name}: neither a text nor a number"))),
        };
        if text.len() > field.bytes_max {
            return Err(Refusal::FieldTooLong { name: field.name, bytes_max: field.bytes_max });
        }
        form.push(*field, text.into(), false)?;
    }
    Ok(form)
}

/// A body that is counted as it comes, and outlives who reads it.
struct Counted(Arc<Mutex<Reading>>);

struct Reading {
    body: Body,
    budget: Budget,
    held_bytes: usize,
    share: Option<OwnedSemaphorePermit>,
    /// The budget is spent: bytes are only thrown away from here on.
    is_over: bool,
}

impl Counted {
    fn new(body: Body, budget: &Budget) -> Self {
        let budget = budget.clone();
        let reading = Reading { body, budget, held_bytes: 0, share: None, is_over: false };
        Self(Arc::new(Mutex::new(reading)))
    }

    /// The body, for somebody to read.
    fn body(&self) -> Body {
        Body::new(Shared(self.0.clone()))
    }

    /// All of it.
    async fn bytes(&self, bytes_max: usize) -> Result<Bytes, Refusal> {
        let read = axum::body::to_bytes(self.body(), bytes_max).await;
        read.map_err(|_| Refusal::BodyTooLong)
    }

    /// Reads what is left, so that the connection has nothing unread: only then is it noticed when the client goes, and
    /// only then does a client that writes before it reads get to know why it was refused.
    async fn ended(self, read: Result<Form, Refusal>) -> Result<Form, Refusal> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = REFUSED_BYTES_MAX;
        let next =
            || std::future::poll_fn(|context| Pin::new(&mut lock().body).poll_frame(context));
        while let Some(Ok(frame)) = next().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len) as u64);
            if left == 0 {
                break;
            }
        }
        let mut reading = lock();
        if reading.is_over {
            return Err(Refusal::NoRoom);
        }
        let share = reading.share.take();
        read.map(|form| Form { _share: share, ..form })
    }
}

impl Reading {
    /// Takes more of the budget.
    fn add(&mut self, bytes: usize) -> bool {
        let before = self.held_bytes.div_ceil(STEP_BYTES);
        self.held_bytes += bytes;
        let more = (self.held_bytes.div_ceil(STEP_BYTES) - before) as u32;
        let Ok(permit) = self.budget.0.clone().try_acquire_many_owned(more) else {
            self.is_over = true;
            return false;
        };
        match &mut self.share {
            Some(share) => share.merge(permit),
            none => *none = Some(permit),
        }
        true
    }
}

/// The counted body as a reader sees it.
struct Shared(Arc<Mutex<Reading>>);

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut reading = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let frame = ready!(Pin::new(&mut reading.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && !reading.add(frame.data_ref().map_or(0, Bytes::len))
        {
            return Poll::Ready(Some(Err(axum::Error::new("no room for more"))));
        }
        Poll::Ready(frame)
    }
}
