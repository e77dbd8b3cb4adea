//! RunPod: pods by identifier, several of which may carry the same name. Their services are reached through its proxy.

use std::collections::BTreeMap;

use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use crate::clock;
use crate::http::{Api, Call, Fields, NotMade, Timeouts, made_all_the_same};
use crate::provider::{Pending, Phase, Provider, ProviderError, Seen, Spec};
use crate::remote;

/// Where it answers.
pub const BASE: &str = "https://rest.runpod.io/v1";

/// What it calls GPUs.
pub const GPUS: [(&str, &str); 4] = [
    ("H200", "NVIDIA H200"),
    ("H100", "NVIDIA H100 80GB HBM3"),
    ("B200", "NVIDIA B200"),
    ("RTX6000Pro", "NVIDIA RTX PRO 6000 Blackwell Server Edition"),
];

/// How to reach it.
#[derive(Debug)]
pub struct Config {
    /// See [`BASE`].
    pub base: String,
    /// `RUNPOD_PROVIDER_API_KEY`; RunPod puts a `RUNPOD_API_KEY` of its own into every pod, hence the longer name.
    pub key: SecretString,
    /// Time for one call.
    pub timeouts: Timeouts,
    /// Our name of a GPU and theirs; see [`GPUS`].
    pub gpus: BTreeMap<String, String>,
    /// Disk of the container.
    pub disk_gb: u32,
    /// Port of pods whose listing does not say theirs.
    pub port: u16,
}

impl Config {
    /// The company's own.
    #[must_use]
    pub fn new(key: SecretString) -> Self {
        Self {
            base: BASE.into(),
            key,
            timeouts: Timeouts::default(),
            gpus: GPUS.map(|(ours, theirs)| (ours.to_owned(), theirs.to_owned())).into(),
            disk_gb: 500,
            port: pod::wire::PORT,
        }
    }
}

/// RunPod as a provider.
#[derive(Debug)]
pub struct RunPod {
    api: Api,
    config: Config,
}

impl RunPod {
    /// Talks to nobody yet.
    ///
    /// # Errors
    ///
    /// The base is no https URL.
    pub fn new(config: Config) -> Result<Self, ProviderError> {
        let api = Api::new("runpod", &config.base, config.timeouts)?;
        Ok(Self { api, config })
    }

    fn call<'a>(&'a self, method: Method, path: &'a str) -> Call<'a> {
        Call { bearer: Some(&self.config.key), ..Call::new(method, path) }
    }

    async fn all(&self) -> Result<Vec<Seen>, ProviderError> {
        let key = Some(&self.config.key);
        let items = self.api.list("/pods", &[], key, &["pods", "items"]).await?;
        let all = items.iter().map(|item| self.seen(item)).collect::<Result<Vec<_>, _>>()?;
        Ok(all.into_iter().flatten().collect())
    }

    /// Nothing for what is gone.
    fn seen(&self, item: &Value) -> Result<Option<Seen>, ProviderError> {
        let item = item.as_object().ok_or_else(|| self.api.permanent("a pod that is none"))?;
        let id = item.text("id").ok_or_else(|| self.api.permanent("a pod without id"))?;
        // It becomes a host name.
        let is_host = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !is_host {
            return Err(self.api.permanent("a pod whose id is no part of a host name"));
        }
        let phase = match item.text("desiredStatus").as_deref() {
            Some("TERMINATED") => return Ok(None),
            // What is wanted. Whether it is so, the proxy tells.
            Some("RUNNING") | None => Phase::Running,
            Some("EXITED") => Phase::Exited { code: None },
            Some(word) => Phase::Unknown(remote::clean(word, 50)),
        };
        let port = item.get("ports").and_then(port_of).unwrap_or(self.config.port);
        Ok(Some(Seen {
            url: Some(format!("https://{id}-{port}.proxy.runpod.net")),
            id,
            name: item.text("name").unwrap_or_default(),
            phase,
            detail: item.text("lastStatusChange").and_then(|text| remote::detail(&text)),
            price_per_hour: item.dollars("adjustedCostPerHr").or_else(|| item.dollars("costPerHr")),
            created_at: item.moment("createdAt").or_else(|| item.moment("lastStartedAt")),
            labels: BTreeMap::new(),
        }))
    }

    async fn one(&self, id: &str) -> Result<Option<Seen>, ProviderError> {
        Ok(self.all().await?.into_iter().find(|seen| seen.id == id))
    }

    async fn make(&self, spec: &Spec) -> Result<Seen, ProviderError> {
        let body = self.order(spec)?;
        let call = Call { body: Some(&body), ..self.call(Method::POST, "/pods") };
        let asked_at = clock::now_s();
        let answer = self.api.made(self.api.send(call).await);
        let said = answer.and_then(|answer| {
            let mut said = self.api.json::<Map<String, Value>>(&answer).map_err(NotMade::Unsure)?;
            said.entry("name").or_insert_with(|| spec.name.clone().into());
            said.entry("ports").or_insert_with(|| body["ports"].clone());
            let gone = || self.api.permanent("a pod that is gone when it is made");
            let seen = self.seen(&said.into()).and_then(|seen| seen.ok_or_else(gone));
            seen.map_err(NotMade::Unsure)
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

    fn order(&self, spec: &Spec) -> Result<Value, ProviderError> {
        let gpu = spec.gpu_type.as_deref().unwrap_or("none");
        let unknown = || {
            let known: Vec<&str> = self.config.gpus.keys().map(String::as_str).collect();
            let known = known.join(", ");
            self.api.permanent(format!("no GPU called {gpu}, known are {known}"))
        };
        let gpu = self.config.gpus.get(gpu).ok_or_else(unknown)?;
        let mut body = json!({
            "name": spec.name,
            "imageName": spec.image,
            "gpuTypeIds": [gpu],
            "gpuCount": spec.gpu_count,
            "containerDiskInGb": self.config.disk_gb,
            "volumeInGb": 0,
            "ports": [format!("{}/http", spec.port)],
            "cloudType": "SECURE",
            "supportPublicIp": true,
        });
        if !spec.env.is_empty() {
            body["env"] = json!(spec.env);
        }
        Ok(body)
    }

    async fn remove(&self, id: &str) -> Result<(), ProviderError> {
        let path = format!("/pods/{}", self.api.segment(id)?);
        let answer = self.api.send(self.call(Method::DELETE, &path)).await?;
        self.api.gone(&answer)
    }
}

/// Of `["10006/http"]`, or of the same as one text.
fn port_of(ports: &Value) -> Option<u16> {
    let texts = match ports {
        Value::Array(ports) => ports.iter().filter_map(Value::as_str).collect(),
        Value::String(ports) => ports.split(',').collect::<Vec<_>>(),
        _ => return None,
    };
    texts.iter().find_map(|text| text.trim().strip_suffix("/http")?.parse().ok())
}

impl Provider for RunPod {
    fn name(&self) -> &'static str {
        "runpod"
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
}
