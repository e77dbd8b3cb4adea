//! Targon: serverless workloads. The wire format is that of its SDK, with the pages of the newer one. A pod takes two calls,
//! register and deploy; what a failed second one leaves behind is deleted.

use std::collections::BTreeMap;

use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use crate::clock;
use crate::http::{Api, Call, Fields, NotMade, Timeouts, made_all_the_same};
use crate::provider::{Pending, Phase, Provider, ProviderError, Seen, Spec};
use crate::remote;

/// Where it answers.
pub const BASE: &str = "https://api.targon.com/tha/v2";

/// Which machine stands for a number of GPUs of a type.
pub const SKUS: [(&str, u32, &str); 3] =
    [("H200", 1, "h200-small"), ("H200", 4, "h200-large"), ("RTX6000Pro", 4, "rtx6000pro-large")];

/// Ends of a container after which we say that it ends again and again.
const CRASHES_MAX: usize = 3;
/// Events looked at.
const EVENTS: &str = "50";
const PAGE: &str = "100";

/// How to reach it.
#[derive(Debug)]
pub struct Config {
    /// See [`BASE`].
    pub base: String,
    /// `TARGON_API_KEY`.
    pub key: SecretString,
    /// Time for one call.
    pub timeouts: Timeouts,
    /// Kind of workload; the newer SDK has `RENTAL` and `VM` instead.
    pub workload_type: String,
    /// GPU type, number of them, name of the machine; see [`SKUS`].
    pub skus: Vec<(String, u32, String)>,
}

impl Config {
    /// The company's own, with the machines known.
    #[must_use]
    pub fn new(key: SecretString) -> Self {
        let skus = SKUS.map(|(gpu, count, sku)| (gpu.to_owned(), count, sku.to_owned()));
        Self {
            base: BASE.into(),
            key,
            timeouts: Timeouts::default(),
            workload_type: "SERVERLESS".into(),
            skus: skus.to_vec(),
        }
    }
}

/// Targon as a provider.
#[derive(Debug)]
pub struct Targon {
    api: Api,
    config: Config,
}

impl Targon {
    /// Talks to nobody yet.
    ///
    /// # Errors
    ///
    /// The base is no https URL.
    pub fn new(config: Config) -> Result<Self, ProviderError> {
        let api = Api::new("targon", &config.base, config.timeouts)?;
        Ok(Self { api, config })
    }

    fn call<'a>(&'a self, method: Method, path: &'a str) -> Call<'a> {
        Call { bearer: Some(&self.config.key), ..Call::new(method, path) }
    }

    async fn all(&self) -> Result<Vec<Seen>, ProviderError> {
        let query = [("type", self.config.workload_type.as_str()), ("limit", PAGE)];
        let key = Some(&self.config.key);
        let items = self.api.list("/workloads", &query, key, &["items"]).await?;
        let all = items.iter().map(|item| self.seen(item)).collect::<Result<Vec<_>, _>>()?;
        Ok(all.into_iter().flatten().collect())
    }

    /// Nothing for what is deleted.
    fn seen(&self, item: &Value) -> Result<Option<Seen>, ProviderError> {
        let item = item.as_object().ok_or_else(|| self.api.permanent("a workload that is none"))?;
        let id = item.text("uid").ok_or_else(|| self.api.permanent("a workload without uid"))?;
        let empty = Map::new();
        let state = item.get("state").and_then(Value::as_object).unwrap_or(&empty);
        let phase = match state.text("status").or_else(|| item.text("status")).as_deref() {
            Some("deleted") => return Ok(None),
            Some("provisioning" | "registered" | "pending" | "starting") => Phase::Starting,
            Some("running") => Phase::Running,
            Some("error") => Phase::Failed,
            Some("suspended") => Phase::Exited { code: None },
            Some("deleting") => Phase::Deleting,
            Some(word) => Phase::Unknown(remote::clean(word, 50)),
            None => Phase::Unknown(String::new()),
        };
        Ok(Some(Seen {
            id,
            name: item.text("name").unwrap_or_default(),
            url: url_of(item.get("urls")).or_else(|| url_of(state.get("urls"))),
            phase,
            detail: state.text("message").and_then(|text| remote::detail(&text)),
            price_per_hour: item.dollars("cost_per_hour"),
            created_at: item.moment("created_at"),
            labels: BTreeMap::new(),
        }))
    }

    async fn one(&self, id: &str) -> Result<Option<Seen>, ProviderError> {
        let found = self.all().await?.into_iter().find(|seen| seen.id == id);
        let Some(mut seen) = found else { return Ok(None) };
        if !matches!(seen.phase, Phase::Running | Phase::Deleting) {
            // They say more than the state does; without them the state is still the state.
            if let Ok(events) = self.events(id).await {
                read_events(&mut seen, &events);
            }
        }
        Ok(Some(seen))
    }

    /// What happened to it, as they order it.
    async fn events(&self, id: &str) -> Result<Vec<Value>, ProviderError> {
        let path = format!("/workloads/{}/events", self.api.segment(id)?);
        let query = [("limit", EVENTS)];
        let call = Call { query: &query, ..self.call(Method::GET, &path) };
        let answer = self.api.good(self.api.send(call).await?)?;
        let mut page: Map<String, Value> = self.api.json(&answer)?;
        match page.remove("items") {
            Some(Value::Array(events)) => Ok(events),
            _ => Err(self.api.permanent("events without items")),
        }
    }

    fn sku(&self, spec: &Spec) -> Result<&str, ProviderError> {
        let (count, gpu) = (spec.gpu_count, spec.gpu_type.as_deref().unwrap_or("none"));
        let skus = &self.config.skus;
        let fits = skus.iter().find(|(name, number, _)| name == gpu && *number == count);
        let known = || {
            let known = skus.iter().map(|(gpu, count, _)| format!("{count}x{gpu}"));
            let known = known.collect::<Vec<_>>().join(", ");
            self.api.permanent(format!("no SKU for {count}x{gpu}, known are {known}"))
        };
        fits.map(|(_, _, sku)| sku.as_str()).ok_or_else(known)
    }

    async fn register(&self, spec: &Spec) -> Result<String, ProviderError> {
        let body = self.registration(spec)?;
        let call = Call { body: Some(&body), ..self.call(Method::POST, "/workloads") };
        let asked_at = clock::now_s();
        let answer = self.api.made(self.api.send(call).await);
        let uid = answer.and_then(|answer| {
            let made = self.api.json::<Map<String, Value>>(&answer).map_err(NotMade::Unsure)?;
            let nameless = || NotMade::Unsure(self.api.permanent("a registration without uid"));
            made.text("uid").ok_or_else(nameless)
        });
        match uid {
            Ok(uid) => Ok(uid),
            Err(NotMade::Refused(error)) => Err(error),
            Err(NotMade::Unsure(error)) => {
                let all = self.all().await.unwrap_or_default();
                made_all_the_same(all, &spec.name, asked_at).map(|seen| seen.id).ok_or(error)
            }
        }
    }

    fn registration(&self, spec: &Spec) -> Result<Value, ProviderError> {
        let mut body = json!({
            "type": self.config.workload_type,
            "name": spec.name,
            "image": spec.image,
            "resource_name": self.sku(spec)?,
            "ports": [{ "port": spec.port, "protocol": "TCP" }],
        });
        if self.config.workload_type == "SERVERLESS" {
            body["serverless_config"] = json!({
                "min_replicas": 1,
                "max_replicas": 1,
                "container_concurrency": spec.concurrency,
                "target_concurrency": spec.concurrency,
                "visibility": "external",
            });
        }
        if !spec.env.is_empty() {
            let envs = spec.env.iter().map(|(name, value)| json!({ "name": name, "value": value }));
            body["envs"] = envs.collect();
        }
        Ok(body)
    }

    async fn start(&self, uid: &str) -> Result<Map<String, Value>, ProviderError> {
        let path = format!("/workloads/{}/deploy", self.api.segment(uid)?);
        let answer = self.api.send(self.call(Method::POST, &path)).await?;
        let answer = self.api.good(answer)?;
        // It was accepted; what is said besides is told by the list too.
        Ok(self.api.json(&answer).unwrap_or_default())
    }

    async fn make(&self, spec: &Spec) -> Result<Seen, ProviderError> {
        let uid = self.register(spec).await?;
        match self.start(&uid).await {
            Ok(mut said) => {
                said.insert("uid".into(), uid.clone().into());
                said.entry("name").or_insert_with(|| spec.name.clone().into());
                let seen = self.seen(&said.into())?;
                Ok(seen.unwrap_or_else(|| just_made(uid, spec)))
            }
            Err(error) => {
                let Err(_) = self.remove(&uid).await else { return Err(error) };
                let (provider, detail) = (self.api.provider.into(), error.to_string());
                Err(ProviderError::Orphan { provider, id: uid, detail })
            }
        }
    }

    async fn remove(&self, id: &str) -> Result<(), ProviderError> {
        let path = format!("/workloads/{}", self.api.segment(id)?);
        let answer = self.api.send(self.call(Method::DELETE, &path)).await?;
        self.api.gone(&answer)
    }
}

impl Provider for Targon {
    fn name(&self) -> &'static str {
        "targon"
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

    fn logs<'a>(
        &'a self,
        id: &'a str,
        lines: usize,
    ) -> Pending<'a, Result<Vec<String>, ProviderError>> {
        Box::pin(async move {
            let path = format!("/workloads/{}/logs", self.api.segment(id)?);
            let query = [("follow", "false")];
            let call = Call { query: &query, ..self.call(Method::GET, &path) };
            let answer = self.api.good(self.api.send(call).await?)?;
            Ok(remote::last_lines(&answer.body, lines))
        })
    }
}

/// The first that is not empty.
fn url_of(urls: Option<&Value>) -> Option<String> {
    let urls = urls?.as_array()?.iter();
    urls.filter_map(|entry| entry.as_object()?.text("url")).find_map(|url| remote::url(&url))
}

/// The newest reason in words, and whether it ends again and again.
fn read_events(seen: &mut Seen, events: &[Value]) {
    let events: Vec<&Map<String, Value>> = events.iter().filter_map(Value::as_object).collect();
    let codes = events.iter().filter_map(|event| event.get("exit_code")?.as_i64());
    let codes: Vec<i64> = codes.collect();
    // Newest first, as lists with cursors are; the code is the same for a crash loop anyway.
    let said =
        events.iter().find_map(|event| event.text("message").or_else(|| event.text("reason")));
    if let Some(said) = said.and_then(|said| remote::detail(&said)) {
        seen.detail = Some(said);
    }
    if codes.len() >= CRASHES_MAX {
        seen.phase =
            Phase::Exited { code: codes.first().and_then(|code| i32::try_from(*code).ok()) };
    }
}

fn just_made(id: String, spec: &Spec) -> Seen {
    Seen {
        id,
        name: spec.name.clone(),
        url: None,
        phase: Phase::Starting,
        detail: None,
        price_per_hour: None,
        created_at: None,
        labels: BTreeMap::new(),
    }
}
