//! Pictures from texts, for services that are asked in words.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use bytes::Bytes;
use fetch::{FetchError, Fetcher};
use pod::client::{ClientError, short};
use pod::wire::{Seed, Usd};
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::http::{Http, Limits};
use crate::picture::PictureFormat;
use crate::retry::{Pauses, mix};
use crate::text::CHARS_MAX;
use crate::{Failure, Pending, remote};

/// Longest text that is passed on, in characters.
pub const PROMPT_CHARS_MAX: usize = 4000;
/// Longest picture, in bytes.
pub const PICTURE_BYTES_MAX: usize = 32 << 20;

/// Makes pictures of texts.
pub trait TextToImage: Send + Sync + fmt::Debug {
    /// Its name in errors and logs.
    fn name(&self) -> &str;

    /// Makes one picture. Dropping the answer ends the work.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    fn paint(&self, prompt: &str, seed: Seed) -> Pending<'_, Result<Painted, Failure>>;
}

/// A picture of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Painted {
    /// PNG, JPEG or WebP.
    pub picture: Bytes,
    /// From the call to the last byte.
    pub took: Duration,
    /// What it cost, where known.
    pub cost: Option<Usd>,
    /// Licence of the picture.
    pub licence: String,
}

/// What is asked of an [`ImagesApi`].
#[derive(Debug, Clone)]
pub struct ImagesModel {
    /// Its name there.
    pub name: String,
    /// Set behind every text, for pictures of one object on a plain backdrop.
    pub prompt_suffix: String,
    /// Name of the field for the seed; none if it takes none.
    pub seed_key: Option<String>,
    /// Further fields of the request.
    pub extra: Map<String, Value>,
    /// Price of a picture.
    pub cost: Option<Usd>,
    /// Licence of what it makes.
    pub licence: String,
    /// Of a call, all tries included.
    pub time: Duration,
    /// Tries in all.
    pub tries: u32,
}

/// A service with the images API of `OpenAI`: `POST {base}/images/generations`.
#[derive(Debug)]
pub struct ImagesApi {
    http: Http,
    model: ImagesModel,
    outputs: Fetcher,
}

impl ImagesApi {
    /// Of the service at `address`, such as `https://api.openai.com/v1`. `key` is sent as a bearer token. `outputs` fetches
    /// pictures that are given by their address.
    ///
    /// # Errors
    ///
    /// [`ClientError::Address`]; or no TLS on this machine.
    pub fn new(
        address: &str,
        key: Option<SecretString>,
        model: ImagesModel,
        outputs: Fetcher,
    ) -> Result<Self, ClientError> {
        let http = Http::new(address, key.map(crate::http::bearer))?;
        Ok(Self { http, model, outputs })
    }

    async fn once(&self, prompt: &str, seed: Seed) -> Result<Bytes, Failure> {
        let mut body = Map::new();
        body.insert("model".to_owned(), self.model.name.clone().into());
        body.insert("prompt".to_owned(), format!("{prompt}{}", self.model.prompt_suffix).into());
        body.insert("n".to_owned(), 1.into());
        body.insert("response_format".to_owned(), "b64_json".into());
        if let Some(key) = &self.model.seed_key {
            body.insert(key.clone(), (seed.bits() & 0x7fff_ffff).into());
        }
        for (key, value) in &self.model.extra {
            // Null takes a field out: some models refuse `response_format`.
            match value {
                Value::Null => drop(body.remove(key)),
                value => drop(body.insert(key.clone(), value.clone())),
            }
        }
        let limits = Limits { time: self.model.time, bytes: PICTURE_BYTES_MAX / 3 * 4 + (1 << 20) };
        let body = Value::Object(body);
        let said = self.http.json(Method::POST, "/images/generations", Some(&body), limits).await;
        let said = said.map_err(|error| match &error {
            ClientError::Status { status: 400, .. } => self.failed(&error),
            error => remote::failure(&self.model.name, error),
        })?;
        let first = said.pointer("/data/0").unwrap_or(&Value::Null);
        let text = |key: &str| first.get(key).and_then(Value::as_str);
        let picture = if let Some(text) = text("b64_json") {
            let decoded = base64::engine::general_purpose::STANDARD.decode(text);
            decoded.map_err(|_| self.failed("the picture is not in base64"))?
        } else if let Some(url) = text("url") {
            self.outputs.fetch_whole(url).await.map_err(|error| self.unfetched(&error))?
        } else {
            return Err(self.failed("the answer has no picture"));
        };
        if picture.len() > PICTURE_BYTES_MAX {
            return Err(self.failed(format!("a picture longer than {PICTURE_BYTES_MAX} bytes")));
        }
        if PictureFormat::detect(&picture).is_none() {
            return Err(self.failed("a picture that is neither PNG, JPEG nor WebP"));
        }
        Ok(picture.into())
    }

    fn failed(&self, what: impl fmt::Display) -> Failure {
        Failure::Failed(format!("{}: {what}", self.model.name))
    }

    fn unfetched(&self, error: &FetchError) -> Failure {
        let text = format!("{}: {}", self.model.name, short(&error.to_string(), CHARS_MAX));
        if error.is_transient() { Failure::Transient(text) } else { Failure::Failed(text) }
    }

    async fn tries(&self, prompt: &str, seed: Seed) -> Result<(Bytes, u32), Failure> {
        let mut number = 1;
        loop {
            match self.once(prompt, seed).await {
                Ok(picture) => return Ok((picture, number)),
                Err(failure) if failure.is_transient() && number < self.model.tries => number += 1,
                Err(failure) => return Err(failure),
            }
            tokio::time::sleep(Pauses::default().before(number, mix(seed.bits()))).await;
        }
    }
}

impl TextToImage for ImagesApi {
    fn name(&self) -> &str {
        &self.model.name
    }

    fn paint(&self, prompt: &str, seed: Seed) -> Pending<'_, Result<Painted, Failure>> {
        let prompt: String = prompt.chars().take(PROMPT_CHARS_MAX).collect();
        Box::pin(async move {
            let start = Instant::now();
            let time = self.model.time;
            let made = tokio::time::timeout(time, self.tries(&prompt, seed)).await;
            let (picture, tries) = made.unwrap_or(Err(Failure::Time(time)))?;
            let cost = self.model.cost;
            let cost =
                cost.map(|cost| Usd { micros: cost.micros.saturating_mul(i64::from(tries)) });
            let licence = self.model.licence.clone();
            Ok(Painted { picture, took: start.elapsed(), cost, licence })
        })
    }
}
