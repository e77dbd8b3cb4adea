//! Prediction services as generators: a prediction is made, looked at until it is done, and its output fetched.
//! Facts: the prediction API of Synexa, which is that of several such services.

mod output;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use fetch::{FetchError, Fetcher};
use pod::client::{ClientError, short};
use pod::wire::Usd;
use reqwest::Method;
use reqwest::header::HeaderName;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::http::{Http, Limits};
use crate::picture::PictureFormat;
use crate::pictures::Pictures;
use crate::text::CHARS_MAX;
use crate::{Card, Failure, Generator, Made, Pauses, Pending, Request, remote};

/// Of every answer but the output.
const LIMITS: Limits = Limits { time: Duration::from_secs(30), bytes: 4 << 20 };
/// So many looks at a prediction may fail in a row.
const UNREACHABLE_MAX: u32 = 10;
/// Tries to fetch the output: it is paid for already.
const FETCHES: u32 = 4;

/// How the service is given the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PictureAs {
    /// By its address.
    #[default]
    Url,
    /// As a `data:` URL, the whole file in base64.
    Data,
}

/// What is asked of the service.
#[derive(Debug, Clone)]
pub struct Model {
    /// Its name there.
    pub name: String,
    /// Input beside picture and seed.
    pub input: Map<String, Value>,
    /// Name of the input for the picture.
    pub picture_key: String,
    /// Name of the input for the seed; none if it takes none.
    pub seed_key: Option<String>,
    /// How the picture is given.
    pub picture_as: PictureAs,
    /// Price of a second that the service says it took.
    pub cost_per_second: Option<Usd>,
}

/// A prediction service.
#[derive(Debug)]
pub struct Prediction {
    card: Card,
    http: Http,
    model: Model,
    polls: Pauses,
    outputs: Fetcher,
    pictures: Option<Arc<Pictures>>,
}

/// A prediction as far as it is looked at.
#[derive(Debug)]
struct State {
    id: String,
    word: String,
    said: Value,
}

impl Prediction {
    /// Of the service at `address`. `secret` is the name and the value of a header. `outputs` fetches what was made.
    ///
    /// # Errors
    ///
    /// [`ClientError::Address`]; a model's name that cannot stand in a path; or no TLS on this machine.
    pub fn new(
        card: Card,
        address: &str,
        secret: Option<(HeaderName, SecretString)>,
        model: Model,
        polls: Pauses,
        outputs: Fetcher,
        pictures: Option<Arc<Pictures>>,
    ) -> Result<Self, ClientError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:".contains(&byte);
        if model.name.is_empty() || !model.name.bytes().all(fits) || model.name.contains("..") {
            let detail = format!("{:?} is not the name of a model", short(&model.name, 60));
            return Err(ClientError::Malformed { what: "model", detail });
        }
        let http = Http::new(address, secret)?;
        Ok(Self { card, http, model, polls, outputs, pictures })
    }

    fn failed(&self, what: impl std::fmt::Display) -> Failure {
        Failure::Failed(format!("{}: {what}", self.card.name))
    }

    fn failure(&self, error: &ClientError) -> Failure {
        match error {
            // Not that of a proxy here.
            ClientError::Status { status: 400, .. } => self.failed(error),
            error => remote::failure(&self.card.name, error),
        }
    }

    fn input(&self, request: &Request, picture: String) -> Value {
        let mut input = self.model.input.clone();
        input.insert(self.model.picture_key.clone(), picture.into());
        if let Some(key) = &self.model.seed_key {
            // Few services take more than 31 bits.
            input.insert(key.clone(), (request.seed.bits() & 0x7fff_ffff).into());
        }
        input.into()
    }

    /// Makes a prediction. Services differ in where the model stands, and in whether numbers are texts.
    async fn create(&self, input: Value) -> Result<State, Failure> {
        let mut numbers = None;
        let mut is_by_path = false;
        loop {
            let input = numbers.as_ref().unwrap_or(&input);
            let (path, body) = if is_by_path {
                (format!("/models/{}/predictions", self.model.name), json!({ "input": input }))
            } else {
                let body = json!({ "model": self.model.name, "input": input });
                ("/predictions".to_owned(), body)
            };
            match self.http.json(Method::POST, &path, Some(&body), LIMITS).await {
                Ok(said) => return self.state(said),
                Err(ClientError::Status { status: 404 | 405, .. }) if !is_by_path => {
                    is_by_path = true;
                }
                Err(ClientError::Status { status: 422, .. })
                    if numbers.is_none() && has_number_texts(input) =>
                {
                    numbers = Some(with_numbers(input));
                }
                Err(error) => return Err(self.failure(&error)),
            }
        }
    }

    fn state(&self, said: Value) -> Result<State, Failure> {
        let text = |key: &str| said.get(key).and_then(Value::as_str).map(str::to_owned);
        let (Some(id), Some(word)) = (text("id"), text("status")) else {
            return Err(self.failed("a prediction without id or status"));
        };
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if id.is_empty() || id.len() > 128 || !id.bytes().all(fits) {
            return Err(self.failed("a prediction with a strange id"));
        }
        Ok(State { id, word, said })
    }

    /// Looks at it until it is done.
    async fn watch(&self, mut state: State, request: &Request) -> Result<Value, Failure> {
        let (mut looks, mut unreachable) = (1, 0);
        loop {
            match state.word.as_str() {
                "succeeded" => return Ok(state.said),
                "starting" | "processing" | "queued" => (request.progress)(None, &state.word),
                "failed" => {
                    let why = state.said.get("error").and_then(Value::as_str).unwrap_or("failed");
                    return Err(self.failed(short(why, CHARS_MAX)));
                }
                "canceled" => return Err(self.failed("the prediction was cancelled")),
                other => return Err(self.failed(format!("status {:?}", short(other, 40)))),
            }
            looks += 1;
            tokio::time::sleep(self.polls.before(looks.min(30), request.seed.bits())).await;
            let path = format!("/predictions/{}", state.id);
            match self.http.json(Method::GET, &path, None, LIMITS).await {
                Ok(said) => {
                    unreachable = 0;
                    let id = state.id;
                    state = self.state(said)?;
                    state.id = id;
                }
                Err(error) if error.is_transient() && unreachable < UNREACHABLE_MAX => {
                    unreachable += 1;
                }
                Err(error) => return Err(self.failure(&error)),
            }
        }
    }

    async fn fetch(&self, url: &str, request: &Request) -> Result<Vec<u8>, Failure> {
        let mut number = 1;
        loop {
            match self.outputs.fetch_whole(url).await {
                Ok(bytes) => return Ok(bytes),
                Err(FetchError::TooLong { max }) => return Err(Failure::TooLong { max }),
                Err(error) if error.is_transient() && number < FETCHES => number += 1,
                Err(error) => {
                    let why = short(&error.to_string(), CHARS_MAX);
                    return Err(self.failed(format!("the output could not be fetched: {why}")));
                }
            }
            tokio::time::sleep(self.polls.before(number, request.seed.bits())).await;
        }
    }

    async fn make(&self, request: &Request, picture: String) -> Result<Made, Failure> {
        let start = Instant::now();
        let state = self.create(self.input(request, picture)).await?;
        let done = self.watch(state, request).await?;
        let url = output::choose(done.get("output").unwrap_or(&Value::Null), request.kind);
        let url = url.ok_or_else(|| self.failed("the output has no file of that kind"))?;
        (request.progress)(None, "fetching");
        let bytes = self.fetch(&url, request).await?;
        let seconds = done.pointer("/metrics/predict_time").and_then(Value::as_f64);
        let by_time = seconds.zip(self.model.cost_per_second).map(|(seconds, price)| {
            // A price per hour is what the type multiplies.
            Usd { micros: price.micros.saturating_mul(3600) }.per_hour_for(seconds.clamp(0.0, 1e6))
        });
        Ok(Made {
            bytes: bytes.into(),
            kind: request.kind,
            took: start.elapsed(),
            cost: by_time.or(self.card.cost),
            licence: self.card.licence.clone(),
            notes: Vec::new(),
        })
    }
}

impl Generator for Prediction {
    fn card(&self) -> &Card {
        &self.card
    }

    /// Such services are always there.
    fn ready(&self) -> Pending<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }

    fn generate(&self, request: Request) -> Pending<'_, Result<Made, Failure>> {
        Box::pin(async move {
            let format = PictureFormat::detect(&request.picture)
                .ok_or_else(|| Failure::BadPicture("neither PNG, JPEG nor WebP".to_owned()))?;
            if self.model.picture_as == PictureAs::Data {
                let text = base64::engine::general_purpose::STANDARD.encode(&request.picture);
                let url = format!("data:{};base64,{text}", format.media_type());
                return self.make(&request, url).await;
            }
            if let Some(url) = request.picture_url.clone() {
                return self.make(&request, url).await;
            }
            let Some(pictures) = &self.pictures else {
                return Err(self.failed(
                    "it takes pictures by their address, this one has none: see [pictures] and picture_as",
                ));
            };
            let offer = pictures.offer(request.picture.clone()).await?;
            self.make(&request, offer.url().to_owned()).await
        })
    }
}

/// A text that is a number, as in `"octree_resolution": "256"`.
fn number(value: &Value) -> Option<Value> {
    let text = value.as_str()?;
    let whole = text.parse::<i64>().ok().map(Value::from);
    whole.or_else(|| text.parse::<f64>().ok().filter(|n| n.is_finite()).map(Value::from))
}

fn has_number_texts(input: &Value) -> bool {
    input.as_object().is_some_and(|input| input.values().any(|value| number(value).is_some()))
}

fn with_numbers(input: &Value) -> Value {
    let mut input = input.clone();
    for value in input.as_object_mut().into_iter().flatten().map(|(_, value)| value) {
        if let Some(number) = number(value) {
            *value = number;
        }
    }
    input
}
