//! A stub of an OpenAI-compatible endpoint on 127.0.0.1, with faults that happen when they are told to.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use judge::Outcome;
use judge::vlm::Request;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::script::{Asked, honest};

pub(crate) const KEY: &str = "sk-do-not-tell";

/// What to do instead of an answer.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// No answer, ever.
    Hang,
    /// A status, and a body that tells what was sent.
    Status(u16),
    /// 429, to come back in so many seconds.
    ComeBackIn(u64),
    /// 200 and this.
    Say(&'static str),
    /// 200, and this as the model's text.
    Text(&'static str),
    /// 200 and bytes without an end.
    Endless,
    /// 200 and a byte now and then.
    Drip,
    /// A body that breaks off.
    BreakOff,
    /// To another page.
    Redirect,
}

#[derive(Debug, Default)]
pub(crate) struct Seen {
    faults: VecDeque<Fault>,
    forever: Option<Fault>,
    /// Path, authorization and body of each request.
    pub(crate) requests: Vec<(String, Option<String>, Bytes)>,
}

/// The stub. It ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Stub {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Arc<Mutex<Seen>>,
    server: JoinHandle<()>,
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Stub {
    /// Begins with these faults, one for each request; then it answers, or does `forever`.
    pub(crate) async fn start(faults: &[Fault], forever: Option<Fault>) -> Self {
        let seen = Seen { faults: faults.iter().cloned().collect(), forever, requests: Vec::new() };
        let seen = Arc::new(Mutex::new(seen));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&seen));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, seen, server }
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    pub(crate) fn requests(&self) -> usize {
        self.seen.lock().unwrap().requests.len()
    }
}

async fn answer(
    State(seen): State<Arc<Mutex<Seen>>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let key = headers.get(header::AUTHORIZATION).map(|key| key.to_str().unwrap().to_owned());
    let fault = {
        let mut seen = seen.lock().unwrap();
        seen.requests.push((uri.path().to_owned(), key.clone(), body.clone()));
        seen.faults.pop_front().or_else(|| seen.forever.clone())
    };
    let told =
        format!("{{\"error\":\"you sent \u{7} {}\"}}{}", key.unwrap_or_default(), "!".repeat(500));
    match fault {
        None => {
            let request = Request { label: String::new(), attempt: 0, body };
            let Outcome::Answer(text) = honest(&Asked::of(&request)) else { unreachable!() };
            completion(&text)
        }
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Status(code)) => (StatusCode::from_u16(code).unwrap(), told).into_response(),
        Some(Fault::ComeBackIn(seconds)) => {
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds.to_string())], told)
                .into_response()
        }
        Some(Fault::Say(text)) => text.into_response(),
        Some(Fault::Text(text)) => completion(text),
        Some(Fault::Endless) => stream(Duration::ZERO, None, 64 << 10),
        Some(Fault::Drip) => stream(Duration::from_millis(20), None, 1),
        Some(Fault::BreakOff) => stream(Duration::ZERO, Some(3), 10),
        Some(Fault::Redirect) => {
            (StatusCode::FOUND, [(header::LOCATION, "/v1/elsewhere")]).into_response()
        }
    }
}

pub(crate) fn completion(text: &str) -> Response {
    let message = json!({ "role": "assistant", "content": text });
    json!({ "choices": [{ "index": 0, "message": message }] }).to_string().into_response()
}

/// Spaces, chunk by chunk, for ever or until it breaks off.
fn stream(every: Duration, chunks: Option<usize>, bytes: usize) -> Response {
    let chunks = futures_util::stream::unfold(0, move |sent| async move {
        tokio::time::sleep(every).await;
        let chunk = if chunks == Some(sent) {
            Err(std::io::Error::other("broken off"))
        } else {
            Ok(Bytes::from(vec![b' '; bytes]))
        };
        Some((chunk, sent + 1))
    });
    Response::new(Body::from_stream(chunks))
}
