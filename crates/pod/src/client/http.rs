//! What both clients share: the address, one client, retries, bodies under caps and deadlines.

use std::error::Error;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, timeout, timeout_at};

use super::error::{ClientError, DETAIL_MAX};
use super::text::short;

/// Longest body of an answer that is not a model or an archive, in bytes.
pub(super) const REPLY_BYTES_MAX: usize = 1 << 20;

/// Pauses between the attempts of a request: one attempt more than there are pauses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// In order.
    pub pauses: Vec<Duration>,
}

impl Retry {
    /// One attempt.
    pub const NONE: Self = Self { pauses: Vec::new() };

    /// Five attempts, 2, 4, 8 and 16 s apart, as orchestrators do with batches.
    #[must_use]
    pub fn batch() -> Self {
        Self { pauses: [2, 4, 8, 16].map(Duration::from_secs).to_vec() }
    }

    /// For one request.
    pub(super) fn attempts(&self) -> Attempts<'_> {
        Attempts { pauses: self.pauses.iter() }
    }
}

/// The attempts of one request.
#[derive(Debug)]
pub(super) struct Attempts<'a> {
    pauses: std::slice::Iter<'a, Duration>,
}

impl Attempts<'_> {
    /// Whether an attempt was the last one: it worked, its error is final, or no attempt is left. Otherwise waits before the next.
    pub(super) async fn are_over<T>(&mut self, ended: &Result<T, ClientError>) -> bool {
        let is_transient = matches!(ended, Err(error) if error.is_transient());
        match self.pauses.next() {
            Some(pause) if is_transient => {
                tokio::time::sleep(*pause).await;
                false
            }
            _ => true,
        }
    }
}

/// A service somewhere.
#[derive(Debug, Clone)]
pub(super) struct Service {
    client: Client,
    base: Url,
    bearer: Option<SecretString>,
}

impl Service {
    /// `connections_kept` open connections are used again.
    pub(super) fn new(
        base: &str,
        bearer: Option<SecretString>,
        connect: Duration,
        connections_kept: usize,
    ) -> Result<Self, ClientError> {
        let not_one = || ClientError::Address(short(base, DETAIL_MAX));
        let base = Url::parse(base.trim_end_matches('/')).map_err(|_| not_one())?;
        let has_password = !base.username().is_empty() || base.password().is_some();
        if !matches!(base.scheme(), "http" | "https")
            || base.cannot_be_a_base()
            || has_password
            || base.query().is_some()
            || base.fragment().is_some()
        {
            // A password must not come back in the text of an error.
            let host = base.host_str().unwrap_or_default();
            let hidden = format!("{}://***@{host}", base.scheme());
            let shown = if has_password { &hidden } else { base.as_str() };
            return Err(ClientError::Address(short(shown, DETAIL_MAX)));
        }
        // Another part of the program may have chosen one already.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            // Our own retries are the ones that count.
            .retry(reqwest::retry::never())
            .connect_timeout(connect)
            .pool_max_idle_per_host(connections_kept)
            .user_agent("crucible")
            .build()
            .map_err(|error| transport(&error))?;
        Ok(Self { client, base, bearer })
    }

    /// Where it is, without a slash at the end.
    pub(super) fn address(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// A request to `path`, which begins with a slash and may have a query.
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.address()));
        match &self.bearer {
            Some(bearer) => request.bearer_auth(bearer.expose_secret()),
            None => request,
        }
    }
}

/// The deepest cause says what happened; the outer ones repeat the address.
pub(super) fn transport(error: &reqwest::Error) -> ClientError {
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    ClientError::Transport(short(&cause.to_string(), DETAIL_MAX))
}

/// Sends, and waits for status and headers.
pub(super) async fn head(
    request: RequestBuilder,
    what: &'static str,
    limit: Duration,
) -> Result<Response, ClientError> {
    let sent = timeout(limit, request.send()).await;
    let sent = sent.map_err(|_| ClientError::Time { what, limit })?;
    sent.map_err(|error| transport(&error))
}

/// How long a body may be, and how long it may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyLimits {
    pub(super) what: &'static str,
    pub(super) bytes: usize,
    /// Between two pieces.
    pub(super) idle: Duration,
    /// When all of it must be there.
    pub(super) until: Instant,
    /// What `until` was made of, for the error.
    pub(super) total: Duration,
}

/// The whole body.
pub(super) async fn body(mut answer: Response, limits: BodyLimits) -> Result<Bytes, ClientError> {
    let BodyLimits { what, bytes: max, idle, until, total } = limits;
    let promised = answer.content_length();
    if promised.is_some_and(|length| length > max as u64) {
        return Err(ClientError::TooLong { what, max });
    }
    let mut all = BytesMut::new();
    loop {
        let piece = timeout_at(until, timeout(idle, answer.chunk())).await;
        let piece = piece
            .map_err(|_| ClientError::Time { what, limit: total })?
            .map_err(|_| ClientError::Time { what, limit: idle })?
            .map_err(|error| transport(&error))?;
        let Some(piece) = piece else { return Ok(all.freeze()) };
        if piece.len() > max - all.len() {
            return Err(ClientError::TooLong { what, max });
        }
        all.extend_from_slice(&piece);
    }
}

/// A short body, all of it before `until`.
pub(super) async fn reply(
    answer: Response,
    what: &'static str,
    total: Duration,
    until: Instant,
) -> Result<Bytes, ClientError> {
    let limits = BodyLimits { what, bytes: REPLY_BYTES_MAX, idle: total, until, total };
    body(answer, limits).await
}

/// The error of a status that was not wanted, with what the body says of it, as far as it comes in time.
pub(super) async fn unwanted(answer: Response, until: Instant) -> ClientError {
    let status = answer.status().as_u16();
    let total = Duration::from_secs(10);
    let until = until.min(Instant::now() + total);
    let text = reply(answer, "body", total, until).await.unwrap_or_default();
    // 500 characters are 2000 bytes at most; the rest of a page of HTML says nothing.
    let text = String::from_utf8_lossy(&text[..text.len().min(2000)]).into_owned();
    ClientError::Status { status, detail: short(&text, DETAIL_MAX) }
}
