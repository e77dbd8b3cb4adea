//! Generators on other machines, and what makes pictures of texts: their keys in a configuration.

use std::sync::Arc;
use std::time::Duration;

use fetch::{Fetcher, Policed};
use pod::client::{ClientError, SingleLimits};
use pod::wire::{Kind, Usd};
use reqwest::header::HeaderName;
use secrecy::SecretString;
use serde::Deserialize;

use super::super::EnvLookup;
use super::{Context, keys, seconds};
use crate::{
    Card, Failure, Generator, ImagesApi, ImagesModel, Made, Model, PICTURE_BYTES_MAX, Pauses,
    Pending, PictureAs, PodBatch, Prediction, Request, SingleShot, TextToImage,
};

/// Keys of a container of the splat or mesh competition.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SingleShotKeys {
    url: String,
    bearer_env: Option<String>,
    generation_s: Option<f64>,
    startup_s: Option<f64>,
}

/// Keys of a pod of the module competition.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PodKeys {
    url: String,
    bearer_env: Option<String>,
    poll_s: Option<f64>,
    poll_longest_s: Option<f64>,
    startup_s: Option<f64>,
}

/// Keys of a prediction service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PredictionKeys {
    url: String,
    model: String,
    key_env: Option<String>,
    key_header: Option<String>,
    #[serde(default)]
    input: toml::Table,
    picture_key: Option<String>,
    #[serde(default)]
    picture_as: PictureAs,
    seed_key: Option<String>,
    cost_per_s_usd: Option<f64>,
    poll_s: Option<f64>,
    poll_longest_s: Option<f64>,
    fetch_s: Option<f64>,
    #[serde(default)]
    allow_private_urls: bool,
}

/// Keys of what makes pictures of texts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TextToImageKeys {
    url: String,
    model: String,
    key_env: Option<String>,
    prompt_suffix: Option<String>,
    seed_key: Option<String>,
    #[serde(default)]
    extra: toml::Table,
    #[serde(default)]
    without: Vec<String>,
    cost_usd: Option<f64>,
    licence: Option<String>,
    time_s: Option<f64>,
    tries: Option<u32>,
    #[serde(default)]
    allow_private_urls: bool,
}

/// A secret by the name of its variable. The outer none: the configuration asks for none.
enum Secret {
    None,
    Found(SecretString),
    Missing(String),
}

fn secret(name: Option<String>, env: EnvLookup<'_>) -> Secret {
    match name {
        None => Secret::None,
        Some(name) => match env(&name).filter(|value| !value.is_empty()) {
            Some(value) => Secret::Found(SecretString::from(value)),
            None => Secret::Missing(name),
        },
    }
}

/// Stands for a generator whose secret is not there: the others of the configuration can be used all the same.
#[derive(Debug)]
struct Keyless {
    card: Card,
    variable: String,
}

impl Keyless {
    fn failure(&self) -> Failure {
        let Self { card, variable } = self;
        Failure::Failed(format!("{}: the variable {variable} is not set", card.name))
    }
}

impl Generator for Keyless {
    fn card(&self) -> &Card {
        &self.card
    }

    fn ready(&self) -> Pending<'_, Result<(), Failure>> {
        Box::pin(async { Err(self.failure()) })
    }

    fn generate(&self, _: Request) -> Pending<'_, Result<Made, Failure>> {
        Box::pin(async { Err(self.failure()) })
    }
}

/// With the secret, or what stands for the generator without it.
fn with_secret(
    card: Card,
    variable: Option<String>,
    env: EnvLookup<'_>,
    make: impl FnOnce(Card, Option<SecretString>) -> Result<Arc<dyn Generator>, ClientError>,
) -> Result<Arc<dyn Generator>, String> {
    let made = match secret(variable, env) {
        Secret::None => make(card, None),
        Secret::Found(secret) => make(card, Some(secret)),
        Secret::Missing(variable) => Ok(Arc::new(Keyless { card, variable }) as _),
    };
    made.map_err(|error| format!("url: {error}"))
}

fn time(key: &str, found: Option<f64>, usual_s: f64) -> Result<Duration, String> {
    seconds(key, found.unwrap_or(usual_s))
}

fn polls(first: Option<f64>, longest: Option<f64>, usual_s: f64) -> Result<Pauses, String> {
    let first = time("poll_s", first, usual_s)?;
    let longest = time("poll_longest_s", longest, 10.0)?;
    Ok(Pauses { first, longest: longest.max(first) })
}

pub(super) fn single_shot(
    card: Card,
    keys: SingleShotKeys,
    context: &Context<'_>,
) -> Result<Arc<dyn Generator>, String> {
    let limits = SingleLimits {
        generation: time("generation_s", keys.generation_s, 360.0)?,
        ..SingleLimits::default()
    };
    if card.kinds == [Kind::Module] {
        return Err("makes: a single-shot service makes splats or meshes".to_owned());
    }
    let startup = time("startup_s", keys.startup_s, 1800.0)?;
    with_secret(card, keys.bearer_env, context.env, |card, bearer| {
        Ok(Arc::new(SingleShot::new(card, &keys.url, bearer, limits, startup)?))
    })
}

pub(super) fn pod(
    card: Card,
    keys: PodKeys,
    context: &Context<'_>,
) -> Result<Arc<dyn Generator>, String> {
    let polls = polls(keys.poll_s, keys.poll_longest_s, 1.0)?;
    let startup = time("startup_s", keys.startup_s, 14_400.0)?;
    let pictures = context.pictures.cloned();
    with_secret(card, keys.bearer_env, context.env, |card, bearer| {
        Ok(Arc::new(PodBatch::new(card, &keys.url, bearer, polls, startup, pictures)?))
    })
}

pub(super) fn prediction(
    card: Card,
    keys: PredictionKeys,
    bytes_max: usize,
    context: &Context<'_>,
) -> Result<Arc<dyn Generator>, String> {
    let header = keys.key_header.as_deref().unwrap_or("x-api-key").to_ascii_lowercase();
    let header = HeaderName::try_from(header).map_err(|_| "key_header: not a header".to_owned())?;
    let polls = polls(keys.poll_s, keys.poll_longest_s, 2.0)?;
    let largest = card.kinds.iter().map(|kind| kind.bytes_max()).max().unwrap_or_default();
    let outputs = fetcher(
        keys.allow_private_urls,
        bytes_max.min(largest),
        time("fetch_s", keys.fetch_s, 300.0)?,
    )?;
    let model = Model {
        name: keys.model,
        input: json(keys.input),
        picture_key: keys.picture_key.unwrap_or_else(|| "image".to_owned()),
        seed_key: Some(keys.seed_key.unwrap_or_else(|| "seed".to_owned()))
            .filter(|key| !key.is_empty()),
        picture_as: keys.picture_as,
        cost_per_second: keys.cost_per_s_usd.map(Usd::from_dollars),
    };
    let pictures = context.pictures.cloned();
    with_secret(card, keys.key_env, context.env, |card, key| {
        let secret = key.map(|key| {
            let is_bearer = header == reqwest::header::AUTHORIZATION;
            if is_bearer { crate::http::bearer(key) } else { (header, key) }
        });
        Ok(Arc::new(Prediction::new(card, &keys.url, secret, model, polls, outputs, pictures)?))
    })
}

/// What makes pictures of texts.
pub(in crate::catalogue) fn text_to_image(
    table: toml::Table,
    env: EnvLookup<'_>,
) -> Result<Arc<dyn TextToImage>, String> {
    let keys: TextToImageKeys = keys(table)?;
    let key = match secret(keys.key_env, env) {
        Secret::None => None,
        Secret::Found(key) => Some(key),
        Secret::Missing(name) => return Err(format!("key_env: the variable {name} is not set")),
    };
    let mut extra = json(keys.extra);
    extra.extend(keys.without.into_iter().map(|key| (key, serde_json::Value::Null)));
    let time = time("time_s", keys.time_s, 120.0)?;
    let model = ImagesModel {
        name: keys.model,
        prompt_suffix: keys.prompt_suffix.unwrap_or_default(),
        seed_key: keys.seed_key,
        extra,
        cost: keys.cost_usd.map(Usd::from_dollars),
        licence: keys.licence.unwrap_or_else(|| "unknown".to_owned()),
        time,
        tries: keys.tries.unwrap_or(3).clamp(1, 100),
    };
    let outputs = fetcher(keys.allow_private_urls, PICTURE_BYTES_MAX, time)?;
    let made = ImagesApi::new(&keys.url, key, model, outputs);
    Ok(Arc::new(made.map_err(|error| format!("url: {error}"))?))
}

fn fetcher(allow_private: bool, bytes_max: usize, time_max: Duration) -> Result<Fetcher, String> {
    let may_connect: Policed = if allow_private { fetch::anywhere } else { fetch::in_public };
    let limits = fetch::Limits { bytes_max, time_max, redirects_max: 5 };
    Fetcher::new(may_connect, limits).map_err(|error| error.to_string())
}

/// A table as an object of JSON.
fn json(table: toml::Table) -> serde_json::Map<String, serde_json::Value> {
    match serde_json::to_value(table) {
        Ok(serde_json::Value::Object(object)) => object,
        _ => serde_json::Map::new(),
    }
}
