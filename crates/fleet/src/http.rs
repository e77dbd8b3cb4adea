//! Requests to those who rent machines out: a total deadline for each, a cap on answers, no redirects, and errors told apart by
//! status code alone, never by words in a body.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use pod::wire::Usd;
use reqwest::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::provider::{ProviderError, Seen};
use crate::remote;

/// Longest answer: some ten thousand pods.
const BODY_BYTES_MAX: usize = 16 << 20;
/// What is looked at of an answer that tells of an error. Longer than any key: a cut one is still in what is cut off.
const SAID_BYTES_MAX: usize = 64 << 10;
/// Longest wait that a provider can ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);
/// Pages of one list: a provider that never stops is not believed.
const PAGES_MAX: usize = 1000;
/// Pods of one list.
const ITEMS_MAX: usize = 100_000;
/// Longest identifier that becomes part of a path.
const SEGMENT_LEN_MAX: usize = 128;

/// Time for one request.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// To be connected.
    pub connect: Duration,
    /// From the first look-up to the last byte.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), total: Duration::from_secs(60) }
    }
}

/// One provider's API.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) provider: &'static str,
    client: Client,
    base: Url,
    total: Duration,
}

/// One request.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// Below the base, beginning with a slash; strange parts have been through [`Api::segment`].
    pub(crate) path: &'a str,
    pub(crate) query: &'a [(&'a str, &'a str)],
    pub(crate) bearer: Option<&'a SecretString>,
    pub(crate) body: Option<&'a Value>,
}

impl<'a> Call<'a> {
    pub(crate) const fn new(method: Method, path: &'a str) -> Self {
        Self { method, path, query: &[], bearer: None, body: None }
    }

    pub(crate) const fn get(path: &'a str) -> Self {
        Self::new(Method::GET, path)
    }
}

/// What came back, whatever its status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

impl Api {
    /// `base` without a slash at the end.
    pub(crate) fn new(
        provider: &'static str,
        base: &str,
        timeouts: Timeouts,
    ) -> Result<Self, ProviderError> {
        Self::build(provider, base, timeouts, |builder| builder)
    }

    /// Over a socket of this machine.
    pub(crate) fn over_socket(
        provider: &'static str,
        socket: &Path,
        timeouts: Timeouts,
    ) -> Result<Self, ProviderError> {
        Self::build(provider, "http://localhost", timeouts, |builder| builder.unix_socket(socket))
    }

    fn build(
        provider: &'static str,
        base: &str,
        timeouts: Timeouts,
        more: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<Self, ProviderError> {
        let wrong = |detail: String| ProviderError::Permanent { provider: provider.into(), detail };
        let base = base.trim_end_matches('/');
        let url = Url::parse(base).map_err(|error| wrong(format!("{base}: {error}")))?;
        // A key travels in each request.
        let is_loopback = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback) {
            return Err(wrong(format!("{base}: https is needed, but on this machine")));
        }
        // Another part of the program may have chosen one already.
        rustls::crypto::ring::default_provider().install_default().ok();
        let builder = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(timeouts.connect)
            .user_agent("crucible");
        let client = more(builder).build().map_err(|error| wrong(cause(&error)))?;
        Ok(Self { provider, client, base: url, total: timeouts.total })
    }

    /// Sends a request, once.
    pub(crate) async fn send(&self, call: Call<'_>) -> Result<Answer, ProviderError> {
        self.send_within(call, self.total).await
    }

    /// Sends a request, once, with another deadline.
    pub(crate) async fn send_within(
        &self,
        call: Call<'_>,
        total: Duration,
    ) -> Result<Answer, ProviderError> {
        let answered = tokio::time::timeout(total, self.exchange(call)).await;
        answered.unwrap_or_else(|_| {
            Err(self.transient(format!("no whole answer within {} s", total.as_secs_f64())))
        })
    }

    async fn exchange(&self, call: Call<'_>) -> Result<Answer, ProviderError> {
        let mut url = self.base.clone();
        let path = format!("{}{}", url.path().trim_end_matches('/'), call.path);
        url.set_path(&path);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(call.query);
        }
        let mut request = self.client.request(call.method, url);
        if let Some(key) = call.bearer {
            let header = HeaderValue::try_from(format!("Bearer {}", key.expose_secret()));
            let mut header = header.map_err(|_| ProviderError::Auth {
                provider: self.provider.into(),
                detail: "the key holds characters that no key has".into(),
            })?;
            header.set_sensitive(true);
            request = request.header(AUTHORIZATION, header);
        }
        if let Some(body) = call.body {
            request = request.json(body);
        }
        let lost = |error: reqwest::Error| self.transient(cause(&error));
        let mut response = request.send().await.map_err(lost)?;
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok());
        let retry_after = retry_after.and_then(|after| after.parse().ok()).map(Duration::from_secs);
        let mut answer = Answer {
            status: response.status(),
            retry_after: retry_after.map(|after| after.min(RETRY_AFTER_MAX)),
            body: Vec::new(),
        };
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            if answer.body.len() + chunk.len() > BODY_BYTES_MAX {
                return Err(self.permanent(format!("an answer above {BODY_BYTES_MAX} bytes")));
            }
            answer.body.extend_from_slice(&chunk);
        }
        if !answer.status.is_success() {
            // What is said of an error goes into logs, and some services say there what they were sent.
            answer.body.truncate(SAID_BYTES_MAX);
            if let Some(key) = call.bearer {
                let said = String::from_utf8_lossy(&answer.body);
                answer.body = said.replace(key.expose_secret(), "***").into_bytes();
            }
        }
        Ok(answer)
    }

    /// The answer if its status says that it went well.
    pub(crate) fn good(&self, answer: Answer) -> Result<Answer, ProviderError> {
        if answer.status.is_success() { Ok(answer) } else { Err(self.refusal(&answer)) }
    }

    /// As [`Api::good`]; what is not there is gone, as was asked for.
    pub(crate) fn gone(&self, answer: &Answer) -> Result<(), ProviderError> {
        let is_gone = matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::GONE);
        if is_gone || answer.status.is_success() { Ok(()) } else { Err(self.refusal(answer)) }
    }

    /// The answer to a request that makes something.
    pub(crate) fn made(&self, answer: Result<Answer, ProviderError>) -> Result<Answer, NotMade> {
        let answer = answer.map_err(|error| match error {
            ProviderError::Auth { .. } => NotMade::Refused(error),
            error => NotMade::Unsure(error),
        })?;
        let status = answer.status;
        match status.as_u16() {
            _ if status.is_success() => Ok(answer),
            408 | 425 | 430 | 500..=599 => Err(NotMade::Unsure(self.refusal(&answer))),
            _ => Err(NotMade::Refused(self.refusal(&answer))),
        }
    }

    /// What kind of error a status is.
    pub(crate) fn refusal(&self, answer: &Answer) -> ProviderError {
        let provider = self.provider.to_owned();
        let said = String::from_utf8_lossy(&answer.body);
        let status = answer.status.as_u16();
        let detail = match remote::detail(&said) {
            Some(said) => remote::clean(&format!("{status}: {said}"), remote::DETAIL_CHARS_MAX),
            None => status.to_string(),
        };
        match status {
            401 | 403 | 407 => ProviderError::Auth { provider, detail },
            // Payment required: over what the account may spend.
            402 => ProviderError::Capacity { provider, detail },
            429 => ProviderError::RateLimited { provider, after: answer.retry_after },
            // A redirect may be somebody's maintenance page; following it would carry the key there.
            408 | 425 | 430 | 500..=599 => ProviderError::Transient { provider, detail },
            _ => ProviderError::Permanent { provider, detail },
        }
    }

    /// The JSON of a good answer.
    pub(crate) fn json<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, ProviderError> {
        serde_json::from_slice(&answer.body)
            .map_err(|error| self.permanent(format!("an answer that makes no sense: {error}")))
    }

    /// Every item of a list, from every page: an array, or an object with the items under one of `names`, and perhaps
    /// `next_cursor`, which is given back as `cursor`.
    pub(crate) async fn list(
        &self,
        path: &str,
        query: &[(&str, &str)],
        bearer: Option<&SecretString>,
        names: &[&str],
    ) -> Result<Vec<Value>, ProviderError> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let mut query = query.to_vec();
            if let Some(cursor) = &cursor {
                query.push(("cursor", cursor));
            }
            let answer = self.send(Call { query: &query, bearer, ..Call::get(path) }).await?;
            let (page, next) = self.page(&self.good(answer)?, names)?;
            items.extend(page);
            if items.len() > ITEMS_MAX {
                return Err(self.permanent(format!("a list above {ITEMS_MAX} items")));
            }
            if next.is_none() {
                return Ok(items);
            }
            if next == cursor {
                return Err(self.permanent("a list whose next page is the same page"));
            }
            cursor = next;
        }
        Err(self.permanent(format!("a list above {PAGES_MAX} pages")))
    }

    fn page(
        &self,
        answer: &Answer,
        names: &[&str],
    ) -> Result<(Vec<Value>, Option<String>), ProviderError> {
        match self.json(answer)? {
            Value::Array(items) => Ok((items, None)),
            Value::Object(mut page) => {
                let next = match page.get("next_cursor") {
                    Some(Value::String(next)) if !next.is_empty() => Some(next.clone()),
                    _ => None,
                };
                let items = names.iter().find_map(|name| page.remove(*name));
                let Some(Value::Array(items)) = items else {
                    // An empty list and one that is not there are not the same: pods would seem gone.
                    return Err(self.permanent(format!("a list without {}", names.join(" or "))));
                };
                Ok((items, next))
            }
            _ => Err(self.permanent("a list that is none")),
        }
    }

    /// An identifier as part of a path. Providers chose it: it must not lead elsewhere.
    pub(crate) fn segment<'a>(&self, id: &'a str) -> Result<&'a str, ProviderError> {
        let is_plain = (1..=SEGMENT_LEN_MAX).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
            && !id.bytes().all(|byte| byte == b'.');
        let strange = || {
            let id = remote::clean(id, 50);
            self.permanent(format!("`{id}` cannot be an identifier"))
        };
        if is_plain { Ok(id) } else { Err(strange()) }
    }

    pub(crate) fn transient(&self, detail: impl AsRef<str>) -> ProviderError {
        let detail = remote::clean(detail.as_ref(), remote::DETAIL_CHARS_MAX);
        ProviderError::Transient { provider: self.provider.into(), detail }
    }

    pub(crate) fn permanent(&self, detail: impl AsRef<str>) -> ProviderError {
        let detail = remote::clean(detail.as_ref(), remote::DETAIL_CHARS_MAX);
        ProviderError::Permanent { provider: self.provider.into(), detail }
    }
}

/// Why nothing was made, or seems so.
#[derive(Debug)]
pub(crate) enum NotMade {
    /// The answer says that nothing was.
    Refused(ProviderError),
    /// There was no answer, or one that makes no sense: it may be there all the same.
    Unsure(ProviderError),
}

/// A clock of theirs may be off by so much.
const CLOCKS_APART_S: f64 = 300.0;

/// After a request to make something that [`NotMade::Unsure`] is all we know of: the one pod that carries the name, which no
/// other pod of ours carries, and is not older than the request.
pub(crate) fn made_all_the_same(all: Vec<Seen>, name: &str, asked_at: f64) -> Option<Seen> {
    let is_new = |at: f64| at >= asked_at - CLOCKS_APART_S;
    let fits = |seen: &Seen| seen.name == name && seen.created_at.is_none_or(is_new);
    let mut fitting = all.into_iter().filter(fits);
    let first = fitting.next()?;
    fitting.next().is_none().then_some(first)
}

/// The deepest cause says what happened; the outer ones repeat the URL.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    if error.is_decode() || error.is_body() {
        return "the answer broke off".into();
    }
    cause.to_string()
}

/// Reads fields of objects that others wrote: what is missing or of another type is nothing.
pub(crate) trait Fields {
    /// A text, cut; not an empty one.
    fn text(&self, name: &str) -> Option<String>;
    /// A price in dollars: a number, or a number as text. Neither negative nor absurd.
    fn dollars(&self, name: &str) -> Option<Usd>;
    /// Seconds since 1970: a number of them, or a date as RFC 3339 writes it.
    fn moment(&self, name: &str) -> Option<f64>;
}

/// Longest text of a field that is kept.
const FIELD_CHARS_MAX: usize = 512;
/// Dearer than any pod is a mistake of theirs.
const DOLLARS_MAX: f64 = 1e6;

impl Fields for Map<String, Value> {
    fn text(&self, name: &str) -> Option<String> {
        let text = remote::clean(self.get(name)?.as_str()?, FIELD_CHARS_MAX);
        Some(text).filter(|text| !text.is_empty())
    }

    fn dollars(&self, name: &str) -> Option<Usd> {
        let dollars = match self.get(name)? {
            Value::String(text) => text.parse().ok()?,
            value => value.as_f64()?,
        };
        (0.0..=DOLLARS_MAX).contains(&dollars).then(|| Usd::from_dollars(dollars))
    }

    fn moment(&self, name: &str) -> Option<f64> {
        match self.get(name)? {
            Value::String(text) => {
                let moment: Timestamp = text.parse().ok()?;
                Some(moment.as_duration().as_secs_f64())
            }
            value => value.as_f64(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api() -> Api {
        Api::new("test", "https://example.com/v1", Timeouts::default()).unwrap()
    }

    #[test]
    fn identifiers_that_lead_elsewhere() {
        for id in ["", ".", "..", "a/b", "a?b", "a#b", "%2e", "a b", "ä", &"x".repeat(129)] {
            assert!(api().segment(id).is_err(), "{id}");
        }
        assert_eq!(api().segment("wrk-0.1_a~B"), Ok("wrk-0.1_a~B"));
    }

    #[test]
    fn keys_travel_encrypted() {
        let open = |base| Api::new("test", base, Timeouts::default()).map(|_| ());
        insta::assert_snapshot!(open("http://example.com").unwrap_err(), @"test: http://example.com: https is needed, but on this machine");
        insta::assert_snapshot!(open("example.com").unwrap_err(), @"test: example.com: relative URL without a base");
        assert_eq!(open("http://127.0.0.1:1"), Ok(()));
    }

    #[test]
    fn errors_by_status() {
        let outcome = |status| {
            let status = StatusCode::from_u16(status).unwrap();
            let body = b"404 no\ncapacity".to_vec();
            let retry_after = Some(Duration::from_secs(7));
            format!("{:?}", api().refusal(&Answer { status, retry_after, body }))
        };
        let kinds: Vec<String> = [301, 400, 401, 402, 403, 404, 408, 409, 422, 429, 500, 503]
            .map(|status| format!("{status} {}", outcome(status).split_once(' ').unwrap().0))
            .to_vec();
        insta::assert_snapshot!(kinds.join("\n"), @r"
        301 Permanent
        400 Permanent
        401 Auth
        402 Capacity
        403 Auth
        404 Permanent
        408 Transient
        409 Permanent
        422 Permanent
        429 RateLimited
        500 Transient
        503 Transient
        ");
        insta::assert_snapshot!(outcome(429), @r#"RateLimited { provider: "test", after: Some(7s) }"#);
        insta::assert_snapshot!(outcome(500), @r#"Transient { provider: "test", detail: "500: 404 no capacity" }"#);
    }

    #[test]
    fn fields_of_any_type() {
        let fields = serde_json::json!({
            "price": 3.5, "text": "2.25", "bad": -1, "huge": 1e300, "date": "2026-01-02T03:04:05.5Z",
            "seconds": 12, "list": [], "empty": "\u{7}",
        });
        let fields = fields.as_object().unwrap();
        assert_eq!(fields.dollars("price"), Some(Usd::from_dollars(3.5)));
        assert_eq!(fields.dollars("text"), Some(Usd::from_dollars(2.25)));
        for name in ["bad", "huge", "date", "list", "missing"] {
            assert_eq!(fields.dollars(name), None, "{name}");
        }
        assert_eq!(fields.moment("date"), Some(1_767_323_045.5));
        assert_eq!(fields.moment("seconds"), Some(12.0));
        assert_eq!(
            (fields.moment("text"), fields.text("empty"), fields.text("list")),
            (None, None, None)
        );
    }
}
