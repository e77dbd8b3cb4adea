//! The client of the single-shot contract.

use std::time::Duration;

use bytes::Bytes;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, Response, StatusCode};
use secrecy::SecretString;
use tokio::time::Instant;

use super::error::ClientError;
use super::http::{BodyLimits, Retry, Service, body, head, transport, unwanted};
use crate::wire::Seed;
use crate::wire::single::{MODEL_BYTES_MAX, PICTURE_FIELD, SEED_FIELD};

/// Time limits, retries and the longest model; the default is what the orchestrators of the mesh competition use: 30 s to
/// connect, 180 + 180 s to generate, one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SingleLimits {
    /// Until a connection stands.
    pub connect: Duration,
    /// From the request to status and headers, which is the generation.
    pub generation: Duration,
    /// Between two pieces of the model.
    pub body_idle: Duration,
    /// All of the model, after the headers.
    pub body_total: Duration,
    /// One look at the health.
    pub health: Duration,
    /// Longest model.
    pub model_bytes: usize,
    /// Of the whole call.
    pub retry: Retry,
}

impl Default for SingleLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            generation: Duration::from_secs(360),
            body_idle: Duration::from_secs(180),
            body_total: Duration::from_secs(600),
            health: Duration::from_secs(30),
            model_bytes: MODEL_BYTES_MAX,
            retry: Retry::NONE,
        }
    }
}

/// Talks to a single-shot service.
#[derive(Debug, Clone)]
pub struct Single {
    service: Service,
    limits: SingleLimits,
}

/// A model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// PLY or GLB.
    pub bytes: Bytes,
    /// From right before the request (connecting and sending the picture included) until status and headers are there. This is
    /// the time that competitions compare with their limits.
    pub generation_time: Duration,
    /// Receiving the model after that; counts for nothing.
    pub download_time: Duration,
}

/// Status and headers are there, so the generation is done and the next request may be sent; the model still comes.
#[derive(Debug)]
pub struct Started {
    answer: Response,
    limits: BodyLimits,
    /// See [`Model::generation_time`].
    pub generation_time: Duration,
}

impl Started {
    /// Waits for the model.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: it broke off, is empty, too long, or came too slowly.
    pub async fn model(self) -> Result<Model, ClientError> {
        let began = Instant::now();
        let bytes = body(self.answer, self.limits).await?;
        if bytes.is_empty() {
            return Err(ClientError::Malformed { what: "model", detail: "no bytes".to_owned() });
        }
        let download_time = began.elapsed();
        Ok(Model { bytes, generation_time: self.generation_time, download_time })
    }
}

impl Single {
    /// Of the service at `address`, `http://host:port` with or without a path.
    ///
    /// # Errors
    ///
    /// [`ClientError::Address`]; or no TLS on this machine.
    pub fn new(
        address: &str,
        bearer: Option<SecretString>,
        limits: SingleLimits,
    ) -> Result<Self, ClientError> {
        // A connection of its own for each request, as the time rule counts connecting.
        let service = Service::new(address, bearer, limits.connect, 0)?;
        Ok(Self { service, limits })
    }

    /// Where the service is, without a slash at the end.
    #[must_use]
    pub fn address(&self) -> &str {
        self.service.address()
    }

    /// Fine when the service is ready to generate.
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

    /// Asks for a model and waits until the generation is done.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: not connected, not generated in time, or another status than 2xx. One attempt.
    pub async fn start(&self, picture: Bytes, seed: Seed) -> Result<Started, ClientError> {
        let length = picture.len() as u64;
        let part = Part::stream_with_length(picture, length).file_name("prompt.jpg");
        let part = part.mime_str("image/jpeg").map_err(|error| transport(&error))?;
        let form = Form::new().part(PICTURE_FIELD, part).text(SEED_FIELD, seed.to_string());
        let request = self.service.request(Method::POST, "/generate").multipart(form);
        let began = Instant::now();
        let answer = head(request, "model", self.limits.generation).await?;
        let generation_time = began.elapsed();
        let total = self.limits.body_total;
        let until = Instant::now() + total;
        if !answer.status().is_success() {
            return Err(unwanted(answer, until).await);
        }
        let bytes = self.limits.model_bytes;
        let limits = BodyLimits {
            what: "model",
            bytes,
            idle: self.limits.body_idle.min(total),
            until,
            total,
        };
        Ok(Started { answer, limits, generation_time })
    }

    /// Asks for a model and waits for it.
    ///
    /// # Errors
    ///
    /// [`ClientError`], after the attempts of [`SingleLimits::retry`].
    pub async fn generate(&self, picture: Bytes, seed: Seed) -> Result<Model, ClientError> {
        let mut attempts = self.limits.retry.attempts();
        loop {
            let ended = self.generate_once(picture.clone(), seed).await;
            if attempts.are_over(&ended).await {
                return ended;
            }
        }
    }

    async fn generate_once(&self, picture: Bytes, seed: Seed) -> Result<Model, ClientError> {
        self.start(picture, seed).await?.model().await
    }
}
