//! JSON over HTTP to services that the configuration names: one address, one secret header, limits on time and bytes.

use std::error::Error;
use std::time::Duration;

use bytes::BytesMut;
use pod::client::{ClientError, short};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::text::CHARS_MAX;

/// One service.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: Client,
    base: Url,
}

/// How long an answer may take, and how long it may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) time: Duration,
    pub(crate) bytes: usize,
}

impl Http {
    /// `secret`: name and value of a header of every request.
    pub(crate) fn new(
        base: &str,
        secret: Option<(HeaderName, SecretString)>,
    ) -> Result<Self, ClientError> {
        let not_one = || ClientError::Address(short(base, CHARS_MAX));
        let base = Url::parse(base.trim_end_matches('/')).map_err(|_| not_one())?;
        let is_plain = base.username().is_empty()
            && base.password().is_none()
            && base.query().is_none()
            && base.fragment().is_none();
        if !matches!(base.scheme(), "http" | "https") || !is_plain {
            // A password must not come back in the text of an error.
            let host = base.host_str().unwrap_or_default();
            return Err(ClientError::Address(format!("{}://{host}/…", base.scheme())));
        }
        let mut headers = HeaderMap::new();
        if let Some((name, value)) = secret {
            let mut value = HeaderValue::from_str(value.expose_secret())
                .map_err(|_| ClientError::Transport(format!("{name}: not fit for a header")))?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        // Another part of the program may have chosen one already.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = Client::builder()
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .retry(reqwest::retry::never())
            .connect_timeout(Duration::from_secs(10))
            .user_agent("crucible")
            .build()
            .map_err(|error| transport(&error))?;
        Ok(Self { client, base })
    }

    /// Sends JSON, or nothing, and reads JSON. `path` begins with a slash.
    pub(crate) async fn json(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        limits: Limits,
    ) -> Result<Value, ClientError> {
        let what = "answer";
        let exchange = self.exchange(method, path, body, limits.bytes);
        let answer = tokio::time::timeout(limits.time, exchange).await;
        let (status, bytes) =
            answer.map_err(|_| ClientError::Time { what, limit: limits.time })??;
        if !(200..300).contains(&status) {
            return Err(ClientError::Status { status, detail: detail(&bytes) });
        }
        serde_json::from_slice(&bytes).map_err(|error| ClientError::Malformed {
            what,
            detail: short(&error.to_string(), CHARS_MAX),
        })
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        max: usize,
    ) -> Result<(u16, BytesMut), ClientError> {
        let url = format!("{}{path}", self.base.as_str().trim_end_matches('/'));
        let mut request = self.client.request(method, url);
        if let Some(body) = body {
            request = request.json(body);
        }
        let mut answer = request.send().await.map_err(|error| transport(&error))?;
        let mut all = BytesMut::new();
        while let Some(piece) = answer.chunk().await.map_err(|error| transport(&error))? {
            if piece.len() > max - all.len() {
                return Err(ClientError::TooLong { what: "answer", max });
            }
            all.extend_from_slice(&piece);
        }
        Ok((answer.status().as_u16(), all))
    }
}

/// A key as a bearer token.
pub(crate) fn bearer(key: SecretString) -> (HeaderName, SecretString) {
    let text = format!("Bearer {}", key.expose_secret());
    (reqwest::header::AUTHORIZATION, SecretString::from(text))
}

/// What services say of a failure: the text of the usual fields, or the beginning of the body.
fn detail(bytes: &[u8]) -> String {
    let said: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let texts = ["/error/message", "/error", "/detail", "/title", "/message"];
    let text = texts.iter().find_map(|at| said.pointer(at)?.as_str());
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * CHARS_MAX)]);
    short(text.unwrap_or(&start), CHARS_MAX)
}

/// The deepest cause says what happened; the outer ones repeat the address.
fn transport(error: &reqwest::Error) -> ClientError {
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    ClientError::Transport(short(&cause.to_string(), CHARS_MAX))
}
