//! Verda: container deployments, named by us and found by that name. Tokens come from OAuth2 client credentials and are
//! renewed before they end, and once when one is refused.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use crate::clock;
use crate::http::{Answer, Api, Call, Fields, NotMade, Timeouts, made_all_the_same};
use crate::provider::{Pending, Phase, Provider, ProviderError, Seen, Spec};
use crate::remote;

/// Where it answers.
pub const BASE: &str = "https://api.verda.com/v1";

/// How long before its end a token is not used any more.
const MARGIN_S: f64 = 60.0;
/// Life of a token that does not say.
const EXPIRES_S: f64 = 3600.0;
/// A queue without work scales a deployment to its minimum after this; the minimum is one.
const SCALE_DOWN: Duration = Duration::from_secs(3600);
/// How long requests wait in their queue.
const QUEUE: Duration = Duration::from_secs(600);

/// How to reach it.
#[derive(Debug)]
pub struct Config {
    /// See [`BASE`].
    pub base: String,
    /// `VERDA_CLIENT_ID`.
    pub client_id: SecretString,
    /// `VERDA_CLIENT_SECRET`.
    pub client_secret: SecretString,
    /// `VERDA_GENERATION_TOKEN`: what its pods want of those who call them.
    pub generation_token: SecretString,
    /// Time for one call.
    pub timeouts: Timeouts,
    /// Cheaper, and taken away at any time: the miner must then not pay for it.
    pub spot: bool,
}

impl Config {
    /// The company's own, on machines that are not taken away.
    #[must_use]
    pub fn new(
        client_id: SecretString,
        client_secret: SecretString,
        generation_token: SecretString,
    ) -> Self {
        Self {
            base: BASE.into(),
            client_id,
            client_secret,
            generation_token,
            timeouts: Timeouts::default(),
            spot: false,
        }
    }
}

/// Verda as a provider.
#[derive(Debug)]
pub struct Verda {
    api: Api,
    config: Config,
    /// Held while one is fetched: others wait for it and do not fetch another.
    token: Mutex<Option<Token>>,
}

#[derive(Debug, Clone)]
struct Token {
    secret: SecretString,
    /// Seconds since 1970.
    good_until: f64,
    /// Which one it is: a caller whose token was refused renews it only if nobody did so before.
    number: u64,
}

impl Verda {
    /// Talks to nobody yet.
    ///
    /// # Errors
    ///
    /// The base is no https URL.
    pub fn new(config: Config) -> Result<Self, ProviderError> {
        let api = Api::new("verda", &config.base, config.timeouts)?;
        Ok(Self { api, config, token: Mutex::new(None) })
    }

    /// The token in use, unless it is the one that was refused or is about to end.
    async fn token(&self, refused: Option<u64>) -> Result<Token, ProviderError> {
        let mut held = self.token.lock().await;
        let is_good =
            |token: &Token| Some(token.number) != refused && clock::now_s() < token.good_until;
        if let Some(token) = held.as_ref().filter(|token| is_good(token)) {
            return Ok(token.clone());
        }
        let number = held.as_ref().map_or(0, |token| token.number + 1);
        *held = None;
        let token = self.fetch_token(number).await?;
        *held = Some(token.clone());
        Ok(token)
    }

    async fn fetch_token(&self, number: u64) -> Result<Token, ProviderError> {
        let asked_at = clock::now_s();
        let body = json!({
            "grant_type": "client_credentials",
            "client_id": self.config.client_id.expose_secret(),
            "client_secret": self.config.client_secret.expose_secret(),
        });
        let call = Call { body: Some(&body), ..Call::new(Method::POST, "/oauth2/token") };
        let answer = self.api.send(call).await?;
        if !answer.status.is_success() {
            // What is said of wrong credentials may repeat them.
            return Err(match self.api.refusal(&Answer { body: Vec::new(), ..answer }) {
                // As token services put it: 400 is `invalid_client` or `invalid_grant`.
                ProviderError::Permanent { provider, detail } => {
                    ProviderError::Auth { provider, detail: format!("no token: {detail}") }
                }
                error => error,
            });
        }
        let said: Map<String, Value> = self.api.json(&answer)?;
        let secret = said.get("access_token").and_then(Value::as_str);
        let secret = secret.filter(|secret| !secret.is_empty());
        let secret = secret.ok_or_else(|| self.api.permanent("a token answer without one"))?;
        let expires_s = said.get("expires_in").and_then(Value::as_f64).unwrap_or(EXPIRES_S);
        let good_until = asked_at + expires_s - MARGIN_S;
        Ok(Token { secret: secret.to_owned().into(), good_until, number })
    }

    /// Sends a request; with another token once more if the first is refused. Nothing was done by a refused request, so that
    /// even a deployment may be repeated.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, ProviderError> {
        let token = self.token(None).await?;
        let call = |token| Call { bearer: Some(token), body, ..Call::new(method.clone(), path) };
        let answer = self.api.send(call(&token.secret)).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let token = self.token(Some(token.number)).await?;
        self.api.send(call(&token.secret)).await
    }

    async fn all(&self) -> Result<Vec<Seen>, ProviderError> {
        let names = ["deployments", "items"];
        let list = |token: Token| async move {
            let key = Some(&token.secret);
            self.api.list("/container-deployments", &[], key, &names).await
        };
        let token = self.token(None).await?;
        let number = token.number;
        let mut listed = list(token).await;
        if matches!(listed, Err(ProviderError::Auth { .. })) {
            listed = list(self.token(Some(number)).await?).await;
        }
        listed?.iter().map(|item| self.seen(item)).collect()
    }

    fn seen(&self, item: &Value) -> Result<Seen, ProviderError> {
        let item =
            item.as_object().ok_or_else(|| self.api.permanent("a deployment that is none"))?;
        let name = item.text("name");
        let name = name.ok_or_else(|| self.api.permanent("a deployment without name"))?;
        let url = item.text("endpoint_base_url").and_then(|url| remote::url(&url));
        // The list says nothing of how it is but whether it has an address.
        let phase = if url.is_some() { Phase::Running } else { Phase::Starting };
        Ok(Seen {
            id: name.clone(),
            name,
            url,
            phase,
            detail: None,
            price_per_hour: None,
            created_at: item.moment("created_at"),
            labels: BTreeMap::new(),
        })
    }

    async fn one(&self, id: &str) -> Result<Option<Seen>, ProviderError> {
        Ok(self.all().await?.into_iter().find(|seen| seen.id == id))
    }

    async fn make(&self, spec: &Spec) -> Result<Seen, ProviderError> {
        let body = self.deployment(spec)?;
        let asked_at = clock::now_s();
        let answer = self.send(Method::POST, "/container-deployments", Some(&body)).await;
        let said = self.api.made(answer).and_then(|answer| {
            let seen = self.api.json(&answer).and_then(|said| self.seen(&said));
            let another = || NotMade::Unsure(self.api.permanent("another deployment was made"));
            seen.map_err(NotMade::Unsure)
                .and_then(|seen| if seen.id == spec.name { Ok(seen) } else { Err(another()) })
        });
        match said {
            Ok(seen) => Ok(seen),
            Err(NotMade::Refused(error)) => Err(error),
            Err(NotMade::Unsure(error)) => {
                let all = self.all().await.unwrap_or_default();
                made_all_the_same(all, &spec.name, asked_at).ok_or(error)
            }
        }
    }

    fn deployment(&self, spec: &Spec) -> Result<Value, ProviderError> {
        let no_gpu = || self.api.permanent("a deployment needs a type of GPU");
        let gpu = spec.gpu_type.as_deref().filter(|_| spec.gpu_count > 0).ok_or_else(no_gpu)?;
        let env = spec.env.iter().map(|(name, value)| {
            json!({ "name": name, "value_or_reference_to_secret": value, "type": "plain" })
        });
        let idle = json!({ "enabled": false, "threshold": 80 });
        Ok(json!({
            "name": spec.name,
            "container_registry_settings": { "is_private": false },
            "containers": [{
                "image": spec.image,
                "exposed_port": spec.port,
                "healthcheck": { "enabled": true, "port": spec.port, "path": "/health" },
                "env": env.collect::<Value>(),
            }],
            "compute": { "name": gpu, "size": spec.gpu_count },
            "scaling": {
                "min_replica_count": 1,
                "max_replica_count": 1,
                "scale_down_policy": { "delay_seconds": SCALE_DOWN.as_secs() },
                "scale_up_policy": { "delay_seconds": QUEUE.as_secs() },
                "queue_message_ttl_seconds": QUEUE.as_secs(),
                "concurrent_requests_per_replica": spec.concurrency,
                "scaling_triggers": {
                    "queue_load": { "threshold": spec.concurrency },
                    "cpu_utilization": idle,
                    "gpu_utilization": idle,
                },
            },
            "is_spot": self.config.spot,
        }))
    }

    async fn remove(&self, id: &str) -> Result<(), ProviderError> {
        let path = format!("/container-deployments/{}", self.api.segment(id)?);
        let answer = self.send(Method::DELETE, &path, None).await?;
        self.api.gone(&answer)
    }
}

impl Provider for Verda {
    fn name(&self) -> &'static str {
        "verda"
    }

    fn list(&self) -> Pending<'_, Result<Vec<Seen>, ProviderError>> {
        Box::pin(self.all())
    }

    fn get<'a>(&'a self, id: &'a str) -> Pending<'a, Result<Option<Seen>, ProviderError>> {
        Box::pin(self.one(id))
    }

    fn deploy<'a>(&'a self, spec: &'a Spec) -> Pending<'a, Result<Seen, ProviderError>> {
        Box::pin(self.make(spec))
    }

    fn delete<'a>(&'a self, id: &'a str) -> Pending<'a, Result<(), ProviderError>> {
        Box::pin(self.remove(id))
    }

    /// Nothing: there is no call for it that we know of.
    fn logs<'a>(
        &'a self,
        _id: &'a str,
        _lines: usize,
    ) -> Pending<'a, Result<Vec<String>, ProviderError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn bearer(&self) -> Option<&SecretString> {
        Some(&self.config.generation_token)
    }
}
