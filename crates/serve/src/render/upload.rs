//! The multipart body of the Python services: one file in the field `file`, held in memory within a budget.
//! Facts: rendering specification §E.2; bodies of errors as FastAPI writes them.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use http_body::Frame;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limits::{UPLOAD_BYTES_MAX, UPLOAD_TIME_MAX, UPLOADS_BYTES_MAX};
use super::query::Parameters;
use super::reply::Detail;

/// Bytes of the body besides the file: other fields, and the heads of all.
const AROUND_BYTES_MAX: usize = 1 << 20;
/// Bytes that one permit of the budget stands for.
const STEP_BYTES: usize = 64 << 10;

/// Bytes that all uploads hold together. Whoever gets none is told to come again, so nobody waits with a half-read body.
#[derive(Debug, Clone)]
pub(super) struct Budget(Arc<Semaphore>);

impl Budget {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(UPLOADS_BYTES_MAX / STEP_BYTES)))
    }
}

/// A file that came, and its share of the budget.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) bytes: Vec<u8>,
    /// Held as long as the bytes.
    pub(super) share: Option<OwnedSemaphorePermit>,
}

/// What came in the field.
enum Field {
    File {
        name: String,
        bytes: Vec<u8>,
    },
    /// A file that is longer than we take; the rest was not read.
    Long {
        name: String,
    },
    /// Not a file.
    Text(String),
}

/// Whether the body of a request is a form with files.
pub(super) fn is_multipart(request: &Request) -> bool {
    let kind = request.headers().get(axum::http::header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("multipart/form-data")
}

impl Upload {
    /// Reads the file of a request. `device` is a parameter of the routes for PLY files only.
    pub(super) async fn read(
        request: Request,
        budget: &Budget,
        extension: &str,
        has_device: bool,
    ) -> Result<Self, Detail> {
        // All that is wrong with the request is told together, as FastAPI does.
        let mut wrong = Vec::new();
        if has_device {
            wrong.extend(wrong_device(request.uri().query().unwrap_or_default()));
        }
        let count = Count { budget: budget.clone(), bytes: 0, share: None, over: None };
        let count = Arc::new(Mutex::new(count));
        let mut field = None;
        if is_multipart(&request) {
            let reading = tokio::time::timeout(UPLOAD_TIME_MAX, form(request, &count)).await;
            let Ok(read) = reading else {
                let seconds = UPLOAD_TIME_MAX.as_secs();
                return Err(Detail::text(408, format!("the body did not come within {seconds} s")));
            };
            let over = lock(&count).over.take();
            field = read.map_err(|broken| over.unwrap_or(broken))?;
        }
        wrong.extend(match &field {
            Some(Field::Text(text)) => Some(json!({
                "type": "value_error",
                "loc": ["body", "file"],
                "msg": "Value error, Expected UploadFile, received: <class 'str'>",
                "input": text,
                "ctx": {"error": {}},
            })),
            None => Some(json!({
                "type": "missing",
                "loc": ["body", "file"],
                "msg": "Field required",
                "input": null,
            })),
            Some(_) => None,
        });
        let (name, bytes) = match field {
            Some(Field::File { name, bytes }) if wrong.is_empty() => (name, Some(bytes)),
            Some(Field::Long { name }) if wrong.is_empty() => (name, None),
            _ => return Err(Detail { status: 422, detail: Value::Array(wrong) }),
        };
        if !name.to_lowercase().ends_with(extension) {
            let on = if extension == ".glb" { " on /render_glb" } else { "" };
            return Err(Detail::text(400, format!("Only {extension} files are supported{on}")));
        }
        let share = lock(&count).share.take();
        bytes.map(|bytes| Self { bytes, share }).ok_or_else(too_large)
    }
}

fn too_large() -> Detail {
    let mib = UPLOAD_BYTES_MAX >> 20;
    Detail::text(413, format!("File too large. Maximum size is {mib}MB"))
}

/// Anything but `cuda` and `cpu`.
fn wrong_device(query: &str) -> Option<Value> {
    let parameters = Parameters::of(query);
    let device = parameters.last("device")?;
    let is_known = matches!(device, "cuda" | "cpu");
    (!is_known).then(|| {
        json!({
            "type": "literal_error",
            "loc": ["query", "device"],
            "msg": "Input should be 'cuda' or 'cpu'",
            "input": device,
            "ctx": {"expected": "'cuda' or 'cpu'"},
        })
    })
}

/// The last field `file` of the form.
async fn form(request: Request, count: &Arc<Mutex<Count>>) -> Result<Option<Field>, Detail> {
    let broken = |_| Detail::text(400, "There was an error parsing the body");
    let mut request = request.map(|inner| Body::new(Counted { inner, count: count.clone() }));
    // What comes is counted there.
    DefaultBodyLimit::disable().apply(&mut request);
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|_| Detail::text(400, "Missing boundary in multipart."))?;
    let mut found = None;
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        if field.name() != Some("file") {
            while field.chunk().await.map_err(broken)?.is_some() {}
            continue;
        }
        let name = field.file_name().map(str::to_owned);
        let max = if name.is_some() { UPLOAD_BYTES_MAX } else { AROUND_BYTES_MAX };
        let mut bytes = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(broken)? {
            if bytes.len() + chunk.len() > max {
                return Ok(Some(Field::Long { name: name.unwrap_or_default() }));
            }
            bytes.extend_from_slice(&chunk);
        }
        found = Some(match name {
            Some(name) => Field::File { name, bytes },
            None => Field::Text(String::from_utf8_lossy(&bytes).into_owned()),
        });
    }
    Ok(found)
}

fn lock(count: &Mutex<Count>) -> std::sync::MutexGuard<'_, Count> {
    count.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a body took so far.
#[derive(Debug)]
struct Count {
    budget: Budget,
    bytes: usize,
    share: Option<OwnedSemaphorePermit>,
    /// Why reading ended early.
    over: Option<Detail>,
}

impl Count {
    /// Takes more of the budget.
    fn add(&mut self, bytes: usize) -> Result<(), Detail> {
        let held = self.bytes.div_ceil(STEP_BYTES);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > UPLOAD_BYTES_MAX + AROUND_BYTES_MAX {
            return Err(too_large());
        }
        let more = (self.bytes.div_ceil(STEP_BYTES) - held) as u32;
        let Ok(permit) = self.budget.0.clone().try_acquire_many_owned(more) else {
            return Err(Detail::text(503, "too many bytes of other requests are held already"));
        };
        match &mut self.share {
            Some(share) => share.merge(permit),
            none => *none = Some(permit),
        }
        Ok(())
    }
}

/// A body that is counted as it comes: all of it, since a reader of forms holds what it has not understood yet.
struct Counted {
    inner: Body,
    count: Arc<Mutex<Count>>,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            let mut count = lock(&self.count);
            if let Err(over) = count.add(frame.data_ref().map_or(0, Bytes::len)) {
                count.over = Some(over);
                let error = axum::Error::new("the body is longer than what is taken");
                return Poll::Ready(Some(Err(error)));
            }
        }
        polled
    }
}
