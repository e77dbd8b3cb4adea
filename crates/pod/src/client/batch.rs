//! The client of the batch contract.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use reqwest::{Method, StatusCode};
use secrecy::SecretString;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::archive::unpack;
use super::error::{ClientError, DETAIL_MAX};
use super::http::{BodyLimits, Retry, Service, body, head, reply, unwanted};
use super::text::short;
use crate::wire::batch::{self, Caps, Refused, State, Status};

/// The reason of a stem that is neither among the modules nor among the failed.
pub const MISSING: &str = "missing from batch results";

/// Time limits, retries and caps; the default is what orchestrators use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchLimits {
    /// Until a connection stands.
    pub connect: Duration,
    /// One attempt to hand a batch over.
    pub submit: Duration,
    /// One look at the status.
    pub status: Duration,
    /// One look at the health.
    pub health: Duration,
    /// Until the headers of the results, and between two pieces of them.
    pub results_idle: Duration,
    /// One attempt to fetch the results, from the request to the last byte.
    pub results_total: Duration,
    /// For handing over and for results. Looks are not repeated: the next look is the repeat.
    pub retry: Retry,
    /// What is taken of results.
    pub caps: Caps,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            submit: Duration::from_secs(60),
            status: Duration::from_secs(30),
            health: Duration::from_secs(30),
            results_idle: Duration::from_secs(180),
            results_total: Duration::from_secs(600),
            retry: Retry::batch(),
            caps: Caps::default(),
        }
    }
}

/// Talks to a batch service.
#[derive(Debug, Clone)]
pub struct Batch {
    service: Service,
    limits: BatchLimits,
}

/// A batch that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// How many prompts the service says it took; nothing when it does not say.
    pub accepted: Option<u64>,
    /// Whether the service answered with the identity it was given, and so keeps to it.
    pub keeps_identity: bool,
}

/// The results of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Results {
    /// Modules by stem.
    pub modules: BTreeMap<String, Bytes>,
    /// Reasons by stem, cut and cleaned.
    pub failed: BTreeMap<String, String>,
    /// SHA-256 of the ZIP as 64 hexadecimal digits.
    pub archive_sha256: String,
    /// Bytes of the ZIP.
    pub archive_bytes: usize,
    /// What was noticed and is no failure.
    pub notes: Vec<String>,
}

impl Results {
    /// What became of a stem: its module, or the reason why there is none. A stem that is in both has failed; one that is in
    /// neither is [`MISSING`].
    ///
    /// # Errors
    ///
    /// The reason.
    pub fn outcome(&self, stem: &str) -> Result<&Bytes, &str> {
        match (self.failed.get(stem), self.modules.get(stem)) {
            (Some(reason), _) => Err(reason),
            (None, Some(module)) => Ok(module),
            (None, None) => Err(MISSING),
        }
    }
}

impl Batch {
    /// Of the service at `address`, `http://host:port` with or without a path.
    ///
    /// # Errors
    ///
    /// [`ClientError::Address`]; or no TLS on this machine.
    pub fn new(
        address: &str,
        bearer: Option<SecretString>,
        limits: BatchLimits,
    ) -> Result<Self, ClientError> {
        let service = Service::new(address, bearer, limits.connect, 2)?;
        Ok(Self { service, limits })
    }

    /// Where the service is, without a slash at the end.
    #[must_use]
    pub fn address(&self) -> &str {
        self.service.address()
    }

    /// Fine when the service accepts connections.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: any other status than 200.
    pub async fn health(&self) -> Result<(), ClientError> {
        let limit = self.limits.health;
        let until = Instant::now() + limit;
        let answer = head(self.service.request(Method::GET, "/health"), "health", limit).await?;
        if answer.status() == StatusCode::OK { Ok(()) } else { Err(unwanted(answer, until).await) }
    }

    /// Where the service is. It is told how many pods may still replace this one.
    ///
    /// Numbers that are none are left out. Of the payload only what [`State::Replace`] brings is kept, and only up to
    /// [`Caps::payload_bytes`].
    ///
    /// # Errors
    ///
    /// [`ClientError`]: no answer, another status than 2xx, not JSON, or a state that is none.
    pub async fn status(&self, replacements_remaining: u32) -> Result<Status, ClientError> {
        let limit = self.limits.status;
        let until = Instant::now() + limit;
        let path = format!("/status?replacements_remaining={replacements_remaining}");
        let answer = head(self.service.request(Method::GET, &path), "status", limit).await?;
        if !answer.status().is_success() {
            return Err(unwanted(answer, until).await);
        }
        let text = reply(answer, "status", limit, until).await?;
        read_status(&text, self.limits.caps.payload_bytes)
    }

    /// Hands a batch over.
    ///
    /// # Errors
    ///
    /// [`ClientError::Refused`] for 409; others for anything that is not 200. Transient ones were tried again before.
    pub async fn submit(&self, batch: &batch::Batch) -> Result<Submitted, ClientError> {
        let text = serde_json::to_vec(batch).map_err(|error| ClientError::Malformed {
            what: "batch",
            detail: short(&error.to_string(), DETAIL_MAX),
        })?;
        let text = Bytes::from(text);
        let mut attempts = self.limits.retry.attempts();
        loop {
            let ended = self.submit_once(batch, text.clone()).await;
            if attempts.are_over(&ended).await {
                return ended;
            }
        }
    }

    async fn submit_once(
        &self,
        batch: &batch::Batch,
        text: Bytes,
    ) -> Result<Submitted, ClientError> {
        let limit = self.limits.submit;
        let until = Instant::now() + limit;
        let request = self.service.request(Method::POST, "/generate");
        let request = request.header("Content-Type", "application/json").body(text);
        let answer = head(request, "answer to the batch", limit).await?;
        match answer.status() {
            StatusCode::OK => {
                // The batch is taken, whatever the body says.
                let said = reply(answer, "answer to the batch", limit, until).await;
                let said = said.ok().and_then(|text| serde_json::from_slice(&text).ok());
                let said: Value = said.unwrap_or_default();
                let echo = said.get("batch_id").and_then(Value::as_str);
                Ok(Submitted {
                    accepted: said.get("accepted").and_then(Value::as_u64),
                    keeps_identity: batch.batch_id.is_some() && batch.batch_id.as_deref() == echo,
                })
            }
            StatusCode::CONFLICT => {
                let said = reply(answer, "refusal", limit, until).await.unwrap_or_default();
                let said = serde_json::from_slice::<Refused>(&said).ok();
                Err(ClientError::Refused { state: said.map(|said| said.current_status) })
            }
            _ => Err(unwanted(answer, until).await),
        }
    }

    /// Fetches the results of the last batch.
    ///
    /// # Errors
    ///
    /// [`ClientError`]. Transient ones were tried again before; an archive that is no good is not fetched again.
    pub async fn results(&self) -> Result<Results, ClientError> {
        let mut attempts = self.limits.retry.attempts();
        let archive = loop {
            let ended = self.archive_once().await;
            if attempts.are_over(&ended).await {
                break ended?;
            }
        };
        let caps = self.limits.caps;
        // Some 100 MiB may come out: not on a thread that others wait for.
        let unpacking = tokio::task::spawn_blocking(move || {
            let digest = faster_hex::hex_string(&Sha256::digest(&archive));
            (archive.len(), digest, unpack(&archive, &caps))
        });
        let (archive_bytes, archive_sha256, unpacked) =
            unpacking.await.map_err(|error| ClientError::Malformed {
                what: "results",
                detail: short(&error.to_string(), DETAIL_MAX),
            })?;
        let unpacked = unpacked?;
        Ok(Results {
            modules: unpacked.modules,
            failed: unpacked.failed,
            archive_sha256,
            archive_bytes,
            notes: unpacked.notes,
        })
    }

    async fn archive_once(&self) -> Result<Bytes, ClientError> {
        let total = self.limits.results_total;
        let until = Instant::now() + total;
        let idle = self.limits.results_idle.min(total);
        let answer = head(self.service.request(Method::GET, "/results"), "results", idle).await?;
        if !answer.status().is_success() {
            return Err(unwanted(answer, until).await);
        }
        let bytes = self.limits.caps.zip_bytes;
        body(answer, BodyLimits { what: "results", bytes, idle, until, total }).await
    }
}

fn read_status(text: &[u8], payload_bytes: usize) -> Result<Status, ClientError> {
    let malformed = |detail: String| ClientError::Malformed {
        what: "status",
        detail: short(&detail, DETAIL_MAX),
    };
    let said: Value = serde_json::from_slice(text).map_err(|error| malformed(error.to_string()))?;
    let word = said.get("status").and_then(Value::as_str);
    let word = word.ok_or_else(|| malformed("no field \"status\" with a word".to_owned()))?;
    let state = State::ALL.into_iter().find(|state| state.name() == word);
    let state = state.ok_or_else(|| malformed(format!("{word:?} is not a state")))?;
    let payload = said.get("payload").filter(|_| state == State::Replace);
    let payload = payload.filter(|payload| python_json_length(payload) <= payload_bytes);
    Ok(Status {
        status: state,
        progress: said.get("progress").and_then(Value::as_u64),
        total: said.get("total").and_then(Value::as_u64),
        payload: payload.and_then(Value::as_object).cloned(),
    })
}

/// Bytes of a value as Python's `json.dumps` writes it: `", "` and `": "` between, everything beyond ASCII escaped. The cap on
/// payloads is meant so.
#[must_use]
pub fn python_json_length(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string().len(),
        Value::String(text) => string_length(text),
        Value::Array(items) => {
            let between = items.len().saturating_sub(1) * 2;
            2 + between + items.iter().map(python_json_length).sum::<usize>()
        }
        Value::Object(fields) => {
            let between = fields.len().saturating_sub(1) * 2;
            let each = |(name, value): (&String, &Value)| {
                string_length(name) + 2 + python_json_length(value)
            };
            2 + between + fields.iter().map(each).sum::<usize>()
        }
    }
}

fn string_length(text: &str) -> usize {
    let characters = text.chars().map(|character| match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        ' '..='~' | '\u{7f}' => 1,
        '\u{10000}'.. => 12,
        _ => 6,
    });
    2 + characters.sum::<usize>()
}
