//! One request, one answer: when its headers came, when its body began, and whether the body came whole. Every exchange
//! has a connection of its own, as the contract's clients have, and a deadline for all of it.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, TRANSFER_ENCODING};
use reqwest::{Client, Method, Response};
use serde_json::Value;
use tokio::time::Instant;

use super::CheckError;

/// Longest answer that is read where no model or archive is expected, in bytes.
pub(super) const SHORT: usize = 1 << 20;

/// What came back.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// From before the connection was made to the headers.
    pub(super) to_headers: Duration,
    /// From the headers to the first bytes of the body.
    pub(super) to_body: Duration,
    pub(super) body: Bytes,
    /// Why the body is not whole.
    pub(super) cut: Option<String>,
}

/// No headers came back.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Silence {
    #[error("no connection: {0}")]
    NoConnection(String),
    #[error("no headers within {:.1} s", .0.as_secs_f64())]
    TooLate(Duration),
    #[error("the connection broke before the headers: {0}")]
    Broken(String),
}

pub(super) type Exchange = Result<Answer, Silence>;

impl Answer {
    pub(super) const fn is_success(&self) -> bool {
        self.status / 100 == 2
    }

    pub(super) fn header(&self, name: reqwest::header::HeaderName) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap_or("(not ASCII)"))
    }

    pub(super) fn content_type(&self) -> &str {
        let whole = self.header(CONTENT_TYPE).unwrap_or("(none)");
        whole.split(';').next().unwrap_or(whole).trim()
    }

    pub(super) fn content_length(&self) -> Option<&str> {
        self.header(CONTENT_LENGTH)
    }

    pub(super) fn is_chunked(&self) -> bool {
        self.header(TRANSFER_ENCODING)
            .is_some_and(|coding| coding.to_ascii_lowercase().contains("chunked"))
    }

    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Status and the beginning of the body.
    pub(super) fn brief(&self) -> String {
        let text = String::from_utf8_lossy(&self.body[..self.body.len().min(200)]).into_owned();
        match text.trim() {
            "" => format!("{} with an empty body", self.status),
            text => format!("{} {text}", self.status),
        }
    }
}

/// Status and beginning of the body, or why there is neither.
pub(super) fn brief(exchange: &Exchange) -> String {
    match exchange {
        Ok(answer) => answer.brief(),
        Err(silence) => silence.to_string(),
    }
}

/// A request to the service.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<Bytes>,
    /// For all of the exchange.
    limit: Duration,
    /// What of the body is read.
    bytes_max: usize,
}

impl Ask {
    pub(super) fn get(path: impl Into<String>, limit: Duration) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            headers: Vec::new(),
            body: None,
            limit,
            bytes_max: SHORT,
        }
    }

    pub(super) fn post(
        path: impl Into<String>,
        content_type: &str,
        body: impl Into<Bytes>,
        limit: Duration,
    ) -> Self {
        Self {
            method: Method::POST,
            body: Some(body.into()),
            ..Self::get(path, limit).with("content-type", content_type)
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) const fn up_to(mut self, bytes_max: usize) -> Self {
        self.bytes_max = bytes_max;
        self
    }
}

/// Sends requests to one service.
#[derive(Debug, Clone)]
pub(super) struct Http {
    client: Client,
    base: String,
}

impl Http {
    pub(super) fn new(base: &str) -> Result<Self, CheckError> {
        // Another part of the program may have chosen one already.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .pool_max_idle_per_host(0)
            .connect_timeout(Duration::from_secs(10))
            .user_agent("crucible")
            .build()
            .map_err(|error| CheckError::Client(chain(&error)))?;
        Ok(Self { client, base: base.trim_end_matches('/').to_owned() })
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Headers only; the body is still to come.
    async fn open(&self, ask: &Ask) -> Result<(Response, Duration), Silence> {
        let mut request =
            self.client.request(ask.method.clone(), format!("{}{}", self.base, ask.path));
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        if let Some(body) = &ask.body {
            request = request.body(body.clone());
        }
        let begun = Instant::now();
        match tokio::time::timeout(ask.limit, request.send()).await {
            Err(_) => Err(Silence::TooLate(ask.limit)),
            Ok(Ok(response)) => Ok((response, begun.elapsed())),
            Ok(Err(error)) if error.is_connect() => Err(Silence::NoConnection(chain(&error))),
            Ok(Err(error)) => Err(Silence::Broken(chain(&error))),
        }
    }

    pub(super) async fn exchange(&self, ask: Ask) -> Exchange {
        let (mut response, to_headers) = self.open(&ask).await?;
        let left = ask.limit.saturating_sub(to_headers);
        let begun = Instant::now();
        let mut to_body = None;
        let mut body = BytesMut::new();
        let read = async {
            loop {
                match response.chunk().await {
                    Ok(Some(chunk)) => {
                        to_body.get_or_insert_with(|| begun.elapsed());
                        let room = ask.bytes_max - body.len();
                        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                        if chunk.len() > room {
                            return Some(format!("more than {} bytes", ask.bytes_max));
                        }
                    }
                    Ok(None) => return None,
                    Err(error) => return Some(chain(&error)),
                }
            }
        };
        let cut = tokio::time::timeout(left, read).await;
        let late = || Some(format!("no end within {:.1} s", ask.limit.as_secs_f64()));
        let cut = cut.unwrap_or_else(|_| late());
        let to_body = to_body.unwrap_or_else(|| begun.elapsed());
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, to_headers, to_body, body: body.freeze(), cut })
    }

    /// Waits for the headers, reads some of the body if there is any, and closes the connection.
    pub(super) async fn break_off(&self, ask: Ask) -> Result<(), Silence> {
        let (mut response, _) = self.open(&ask).await?;
        tokio::time::timeout(ask.limit, response.chunk()).await.ok();
        Ok(())
    }

    pub(super) async fn get(&self, path: &str, limit: Duration) -> Exchange {
        self.exchange(Ask::get(path, limit)).await
    }
}

/// An error with its causes; the URL is known.
fn chain(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&error.to_string());
        cause = error.source();
    }
    if text.is_empty() { error.to_string() } else { text }
}
