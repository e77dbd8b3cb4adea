//! An OpenAI-compatible endpoint over HTTP. One limit on time for a call, all its tries and waits together.
//!
//! This is an edge: it uses the network and the clock.

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::question::sha256;
use super::schema::ANSWER_BYTES_MAX;
use super::{Chat, Reply, Request, clean};
use crate::{JudgeError, Outage, Outcome, Pending};

/// Longest answer of the endpoint, around the model's text.
const BODY_BYTES_MAX: usize = 1 << 20;
/// Time to be connected.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// First wait between tries of a call; it doubles.
const PAUSE: Duration = Duration::from_millis(500);
/// Longest wait between tries, unless the endpoint asks for more.
const PAUSE_MAX: Duration = Duration::from_secs(8);
/// Tries of a call that is refused: an endpoint that fails to fetch a picture says so with the same status as one that will not
/// have the request.
const REFUSALS: u32 = 3;

/// Where the model is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EndpointSettings {
    /// `/chat/completions` is put behind it; `/v1` has to be part of it.
    pub base_url: String,
    /// Seconds for a call, all tries and waits together. After it the endpoint is taken for down.
    pub call_s: f64,
    /// Seconds for one try of a call.
    pub try_s: f64,
    /// Seconds of a call in which no connection comes about: after them the endpoint is taken for down.
    pub connect_s: f64,
}

impl Default for EndpointSettings {
    fn default() -> Self {
        Self {
            base_url: "http://localhost:8000/v1".into(),
            call_s: 240.0,
            try_s: 120.0,
            connect_s: 240.0,
        }
    }
}

/// Settings that no endpoint can be made of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct EndpointError {
    /// `base_url`, `call_s`, `try_s`, `connect_s`, `key` or the name of a variable.
    pub field: &'static str,
    /// What is wrong, without secrets.
    pub message: String,
}

/// An OpenAI-compatible endpoint.
pub struct Endpoint {
    client: Client,
    url: Url,
    key: Option<SecretString>,
    call: Duration,
    one_try: Duration,
    connect: Duration,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

impl Endpoint {
    /// An endpoint, and the key that it wants. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`EndpointError`].
    pub fn new(
        settings: &EndpointSettings,
        key: Option<SecretString>,
    ) -> Result<Self, EndpointError> {
        let wrong = |field, message: &str| EndpointError { field, message: message.to_owned() };
        let base = settings.base_url.trim_end_matches('/');
        let url = Url::parse(&format!("{base}/chat/completions"))
            .map_err(|error| wrong("base_url", &error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(wrong("base_url", "begins with http:// or https://"));
        }
        if !url.username().is_empty() || url.password().is_some() || base.contains(['?', '#']) {
            return Err(wrong(
                "base_url",
                "has no user, password or query: the key goes elsewhere",
            ));
        }
        if let Some(key) = &key {
            authorization(key)?;
        }
        let seconds = |field, value: f64| match Duration::try_from_secs_f64(value) {
            Ok(time) if (0.001..=86_400.0).contains(&value) => Ok(time),
            _ => Err(wrong(field, "is from 0.001 to 86400 seconds")),
        };
        // Another part of the program may have chosen one already.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIME_MAX)
            .user_agent("crucible")
            .build()
            .map_err(|error| wrong("base_url", &cause(error)))?;
        Ok(Self {
            client,
            url,
            key,
            call: seconds("call_s", settings.call_s)?,
            one_try: seconds("try_s", settings.try_s)?,
            connect: seconds("connect_s", settings.connect_s)?,
        })
    }

    /// Tries until there is a reply or time is up.
    async fn call(&self, request: &Request) -> Result<Outcome, JudgeError> {
        let begin = Instant::now();
        let (mut refusals, mut is_there) = (0, false);
        for tries in 1.. {
            let deadline = begin + self.call;
            let answered =
                timeout_at(deadline, timeout(self.one_try, self.exchange(request))).await;
            let said = match answered {
                Ok(Ok(said)) => said,
                Ok(Err(_)) => Said::later(format!("no answer within {:?}", self.one_try)),
                Err(_) => Said::later(format!("no answer within {:?}", self.call)),
            };
            is_there |= !matches!(said, Said::Away(_));
            let (message, wait) = match said {
                Said::Text(text) => return Ok(Outcome::Answer(text)),
                Said::Broken(message) => return Err(JudgeError::Broken(self.told(&message))),
                Said::No(message) => {
                    refusals += 1;
                    if refusals >= REFUSALS {
                        return Ok(Outcome::Refused(self.told(&message)));
                    }
                    (message, None)
                }
                Said::Later(message, wait) => (message, wait),
                Said::Away(message) => {
                    let wait = pause(request, tries);
                    if !is_there && Instant::now() + wait >= begin + self.connect {
                        return Err(Outage(self.told(&message)).into());
                    }
                    (message, None)
                }
            };
            let wait = wait.unwrap_or_default().max(pause(request, tries));
            if Instant::now() + wait >= deadline {
                return Err(Outage(self.told(&message)).into());
            }
            sleep(wait).await;
        }
        unreachable!("the deadline comes before tries end")
    }

    /// One try.
    async fn exchange(&self, request: &Request) -> Said {
        let mut sent = self.client.post(self.url.clone()).header(CONTENT_TYPE, "application/json");
        match self.key.as_ref().map(authorization) {
            Some(Ok(header)) => sent = sent.header(AUTHORIZATION, header),
            Some(Err(error)) => return Said::Broken(error.to_string()),
            None => {}
        }
        let mut response = match sent.body(request.body.clone()).send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() => return Said::Away(cause(error)),
            Err(error) => return Said::later(cause(error)),
        };
        let status = response.status().as_u16();
        let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let wait = wait.and_then(|wait| wait.trim().parse().ok()).map(Duration::from_secs);
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= BODY_BYTES_MAX => {
                    body.extend_from_slice(&chunk);
                }
                Ok(Some(_)) => return Said::later(format!("more than {BODY_BYTES_MAX} bytes")),
                Ok(None) => return said(status, wait, &body),
                Err(error) => return Said::later(cause(error)),
            }
        }
    }

    /// A message without the key, of at most 200 characters.
    fn told(&self, message: &str) -> String {
        match self.key.as_ref().map(|key| key.expose_secret()) {
            Some(key) if !key.is_empty() => clean(&message.replace(key, "***")),
            _ => clean(message),
        }
    }
}

impl Chat for Endpoint {
    fn ask<'a>(&'a self, request: &'a Request) -> Pending<'a, Result<Reply, JudgeError>> {
        Box::pin(async move {
            let begin = Instant::now();
            let outcome = self.call(request).await?;
            Ok(Reply { outcome, latency: begin.elapsed() })
        })
    }
}

/// What one try came to.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// The model's text.
    Text(String),
    /// It will not answer this.
    No(String),
    /// It may answer later, perhaps not before so long.
    Later(String, Option<Duration>),
    /// No connection came about.
    Away(String),
    /// It will answer nothing until an operator mends something.
    Broken(String),
}

impl Said {
    fn later(message: impl Into<String>) -> Self {
        Self::Later(message.into(), None)
    }
}

/// What a response says. Only the status tells kinds of errors apart, never words.
///
/// 403 is what services answer to pictures that they find offensive, too, so it is about the one request.
fn said(status: u16, wait: Option<Duration>, body: &[u8]) -> Said {
    let words = || format!("HTTP {status}: {}", String::from_utf8_lossy(body));
    match status {
        200..=299 => text(body),
        408 | 425 | 429 | 500..=599 => Said::Later(words(), wait),
        401 | 402 | 404 | 405 | 407 | 410 => Said::Broken(words()),
        400..=499 => Said::No(words()),
        _ => Said::Broken(format!("HTTP {status}: redirects are not followed")),
    }
}

/// The model's text in a completion. Something else with a good status comes from a proxy in between.
fn text(body: &[u8]) -> Said {
    let Ok(completion) = serde_json::from_slice::<Value>(body) else {
        return Said::later("an answer that is no JSON");
    };
    let message = completion.pointer("/choices/0/message");
    let Some(message) = message.and_then(Value::as_object) else {
        return Said::later("an answer that is no chat completion");
    };
    // Some servers put an empty one beside every answer.
    if let Some(Value::String(refusal)) = message.get("refusal").filter(|one| **one != "") {
        return Said::No(refusal.clone());
    }
    let mut text = match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect()
        }
        // It thought until its tokens were used up.
        _ => String::new(),
    };
    text.truncate(text.floor_char_boundary(ANSWER_BYTES_MAX));
    Said::Text(text)
}

fn authorization(key: &SecretString) -> Result<HeaderValue, EndpointError> {
    let message = "holds characters that no key has".to_owned();
    let header = HeaderValue::try_from(format!("Bearer {}", key.expose_secret()));
    let mut header = header.map_err(|_| EndpointError { field: "key", message })?;
    header.set_sensitive(true);
    Ok(header)
}

/// Wait after so many tries, up to a quarter more or less: what failed together does not come back together.
fn pause(request: &Request, tries: u32) -> Duration {
    let digest = sha256(format!("{} {} {tries}", request.label, request.attempt).as_bytes());
    let byte = digest.get(..2).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    let pause = (PAUSE * 2_u32.saturating_pow(tries.min(16) - 1)).min(PAUSE_MAX);
    pause * (384 + byte.unwrap_or_default()) / 512
}

/// Errors of connections, without the URL and with what is behind them.
fn cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}
