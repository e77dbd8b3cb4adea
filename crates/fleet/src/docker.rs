//! Pods as containers of an engine on this machine (Docker, or Podman with its socket), through the engine's socket. Only
//! containers with our label are seen at all: there may be others that are none of our business.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use pod::wire::Usd;
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use crate::clock;
use crate::http::{Answer, Api, Call, Fields, NotMade, Timeouts, made_all_the_same};
use crate::names::LABEL_INSTANCE;
use crate::provider::{Pending, Phase, Provider, ProviderError, Seen, Spec};
use crate::remote;

/// The version of the API that is spoken; engines of 2020 and newer know it.
const API: &str = "/v1.41";
/// Label of every container of ours, with the time it was made.
const LABEL_MARK: &str = "crucible-pod";
/// Label with the GPUs a container holds.
const LABEL_GPUS: &str = "crucible-gpus";
/// Label with the port inside.
const LABEL_PORT: &str = "crucible-port";
/// Lines of the log that say why a pod ended.
const DETAIL_LINES: usize = 3;

/// How to reach an engine, and what its containers may have.
#[derive(Debug, Clone)]
pub struct Config {
    /// Usually `/var/run/docker.sock`.
    pub socket: PathBuf,
    /// Time for one call, but pulls and stops.
    pub timeouts: Timeouts,
    /// Time to pull an image that is not here yet.
    pub pull_max: Duration,
    /// Between the request to stop and the kill.
    pub grace: Duration,
    /// GPUs to give out, by index or UUID; each to one pod at a time.
    pub gpus: Vec<String>,
    /// What these GPUs are; any type is taken for it if not given.
    pub gpu_type: Option<String>,
    /// Containers of ours at the same time.
    pub pods_max: usize,
    /// Bytes of memory of a container, swap included; no limit if not given.
    pub memory_bytes: Option<u64>,
    /// Processors, in thousandths.
    pub cpu_thousandths: Option<u64>,
    /// Processes and threads.
    pub processes: u32,
    /// Folder or volume of this machine that containers see as `/cache`, for weights.
    pub model_cache: Option<String>,
    /// Network of the engine that containers are in; one made without a way out (`docker network create --internal`) keeps
    /// them from fetching prepared answers.
    pub network: String,
    /// What is kept of a container's output.
    pub log_bytes_max: u64,
    /// What an hour of a pod costs, if anything.
    pub price_per_hour: Option<Usd>,
}

impl Config {
    /// With defaults: no GPUs, 16 containers, 512 processes each, 10 s of grace, 10 MB of output.
    #[must_use]
    pub fn new(socket: PathBuf) -> Self {
        Self {
            socket,
            timeouts: Timeouts::default(),
            pull_max: Duration::from_secs(1800),
            grace: Duration::from_secs(10),
            gpus: Vec::new(),
            gpu_type: None,
            pods_max: 16,
            memory_bytes: None,
            cpu_thousandths: None,
            processes: 512,
            model_cache: None,
            network: "bridge".into(),
            log_bytes_max: 10_000_000,
            price_per_hour: None,
        }
    }
}

/// An engine as a provider.
#[derive(Debug)]
pub struct Docker {
    api: Api,
    config: Config,
    /// Held while a container is made: GPUs are given out once.
    making: Mutex<()>,
}

impl Docker {
    /// Talks to nobody yet.
    ///
    /// # Errors
    ///
    /// The client could not be made.
    pub fn new(config: Config) -> Result<Self, ProviderError> {
        let api = Api::over_socket("docker", &config.socket, config.timeouts)?;
        Ok(Self { api, config, making: Mutex::default() })
    }

    async fn containers(&self) -> Result<Vec<Value>, ProviderError> {
        let filters = json!({ "label": [LABEL_MARK] }).to_string();
        let query = [("all", "true"), ("filters", filters.as_str())];
        self.api.list(&format!("{API}/containers/json"), &query, None, &[]).await
    }

    async fn all(&self) -> Result<Vec<Seen>, ProviderError> {
        let all = self.containers().await?;
        let seen = all.iter().map(|container| self.seen(container));
        Ok(seen.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// From the list; nothing for containers that are not ours.
    fn seen(&self, container: &Value) -> Result<Option<Seen>, ProviderError> {
        let strange = || self.api.permanent("a container without Id");
        let container = container.as_object().ok_or_else(strange)?;
        let id = container.text("Id").ok_or_else(strange)?;
        let labels = labels_of(container.get("Labels"));
        // An engine that does not know filters tells of all of them.
        if !labels.contains_key(LABEL_MARK) {
            return Ok(None);
        }
        let names = container.get("Names").and_then(Value::as_array);
        let name = names.and_then(|names| names.first()?.as_str());
        let name = remote::clean(name.unwrap_or_default().trim_start_matches('/'), 128);
        let phase = match container.text("State").as_deref() {
            Some("created" | "restarting" | "paused") => Phase::Starting,
            Some("running") => Phase::Running,
            Some("exited") => Phase::Exited { code: None },
            Some("dead") => Phase::Failed,
            Some("removing") => Phase::Deleting,
            other => Phase::Unknown(remote::clean(other.unwrap_or_default(), 50)),
        };
        let port = labels.get(LABEL_PORT).and_then(|port| port.parse::<u64>().ok());
        let ports = container.get("Ports").and_then(Value::as_array);
        let host_port = ports.and_then(|ports| {
            let ours = |entry: &&Value| entry["PrivatePort"].as_u64() == port;
            ports.iter().filter(ours).find_map(|entry| entry["PublicPort"].as_u64())
        });
        let is_running = matches!(phase, Phase::Running);
        let url = host_port.filter(|_| is_running).map(|port| format!("http://127.0.0.1:{port}"));
        Ok(Some(Seen {
            id,
            name,
            url,
            phase,
            detail: container.text("Status").and_then(|text| remote::detail(&text)),
            price_per_hour: self.config.price_per_hour,
            created_at: container.moment("Created"),
            labels,
        }))
    }

    async fn one(&self, id: &str) -> Result<Option<Seen>, ProviderError> {
        let found = self.all().await?.into_iter().find(|seen| seen.id == id);
        let Some(mut seen) = found else { return Ok(None) };
        if matches!(seen.phase, Phase::Exited { .. } | Phase::Failed) {
            self.explain(&mut seen).await?;
        }
        Ok(Some(seen))
    }

    /// The exit code and the last words of a container that ended.
    async fn explain(&self, seen: &mut Seen) -> Result<(), ProviderError> {
        let path = format!("{API}/containers/{}/json", self.api.segment(&seen.id)?);
        let answer = self.api.send(Call::get(&path)).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(());
        }
        let said: Value = self.api.json(&self.api.good(answer)?)?;
        let state = &said["State"];
        let code = state["ExitCode"].as_i64().and_then(|code| i32::try_from(code).ok());
        let mut words = vec![match code {
            _ if state["OOMKilled"].as_bool() == Some(true) => "out of memory".to_owned(),
            Some(code) => format!("ended with code {code}"),
            None => "ended".to_owned(),
        }];
        words.extend(state["Error"].as_str().filter(|error| !error.is_empty()).map(str::to_owned));
        words.extend(self.tail(&seen.id, DETAIL_LINES).await.unwrap_or_default());
        seen.detail = remote::detail(&words.join(" | "));
        if matches!(seen.phase, Phase::Exited { .. }) {
            seen.phase = Phase::Exited { code };
        }
        Ok(())
    }

    async fn tail(&self, id: &str, lines: usize) -> Result<Vec<String>, ProviderError> {
        let path = format!("{API}/containers/{}/logs", self.api.segment(id)?);
        let count = lines.to_string();
        let query = [("stdout", "true"), ("stderr", "true"), ("tail", count.as_str())];
        let answer = self.api.send(Call { query: &query, ..Call::get(&path) }).await?;
        let answer = self.api.good(answer)?;
        Ok(remote::last_lines(&without_frames(&answer.body), lines))
    }

    async fn make(&self, spec: &Spec) -> Result<Seen, ProviderError> {
        self.have_image(&spec.image).await?;
        let _alone = self.making.lock().await;
        let living = self.living().await?;
        if living.len() >= self.config.pods_max {
            let detail = format!("{} containers run, our limit", living.len());
            return Err(ProviderError::Capacity { provider: self.api.provider.into(), detail });
        }
        let gpus = self.free_gpus(spec, &living)?;
        let body = self.container(spec, &gpus);
        let path = format!("{API}/containers/create");
        let query = [("name", spec.name.as_str())];
        let call = Call { query: &query, body: Some(&body), ..Call::new(Method::POST, &path) };
        let asked_at = clock::now_s();
        let answer = self.api.made(self.api.send(call).await);
        let id = answer.and_then(|answer| {
            let said = self.api.json::<Map<String, Value>>(&answer).map_err(NotMade::Unsure)?;
            let nameless = || NotMade::Unsure(self.api.permanent("a container without Id"));
            said.text("Id").ok_or_else(nameless)
        });
        let id = match id {
            Ok(id) => id,
            Err(NotMade::Refused(error)) => return Err(error),
            Err(NotMade::Unsure(error)) => {
                let all = self.all().await.unwrap_or_default();
                made_all_the_same(all, &spec.name, asked_at).map(|seen| seen.id).ok_or(error)?
            }
        };
        let started = self.start(&id).await;
        let seen = match started {
            Ok(()) => self.one(&id).await,
            Err(error) => Err(error),
        };
        match seen {
            Ok(Some(seen)) => Ok(seen),
            Ok(None) => Err(self.api.transient("the container was removed while it was made")),
            Err(error) => {
                let Err(_) = self.remove(&id).await else { return Err(error) };
                let (provider, detail) = (self.api.provider.into(), error.to_string());
                Err(ProviderError::Orphan { provider, id, detail })
            }
        }
    }

    async fn start(&self, id: &str) -> Result<(), ProviderError> {
        let path = format!("{API}/containers/{}/start", self.api.segment(id)?);
        let answer = self.api.send(Call::new(Method::POST, &path)).await?;
        if answer.status == StatusCode::NOT_MODIFIED {
            return Ok(());
        }
        self.api.good(answer).map(|_| ())
    }

    /// Pulls the image if it is not here: images of one's own need no registry.
    async fn have_image(&self, image: &str) -> Result<(), ProviderError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/@".contains(&byte);
        if image.is_empty() || !image.bytes().all(is_plain) || image.contains("..") {
            return Err(self.api.permanent(format!("`{image}` is no image")));
        }
        let path = format!("{API}/images/{image}/json");
        let here = self.api.send(Call::get(&path)).await?;
        if here.status != StatusCode::NOT_FOUND {
            return self.api.good(here).map(|_| ());
        }
        let (name, tag) = split_image(image);
        let path = format!("{API}/images/create");
        let query = [("fromImage", name), ("tag", tag)];
        let call = Call { query: &query, ..Call::new(Method::POST, &path) };
        let answer = self.api.send_within(call, self.config.pull_max).await?;
        let answer = self.api.good(answer)?;
        match trouble_of_pull(&answer) {
            Some(trouble) => Err(self.api.permanent(format!("{image}: {trouble}"))),
            None => Ok(()),
        }
    }

    /// Labels of our containers that have not ended, so hold their GPUs.
    async fn living(&self) -> Result<Vec<BTreeMap<String, String>>, ProviderError> {
        let all = self.all().await?.into_iter();
        let ended = |phase: &Phase| matches!(phase, Phase::Exited { .. } | Phase::Failed);
        Ok(all.filter(|seen| !ended(&seen.phase)).map(|seen| seen.labels).collect())
    }

    fn free_gpus(
        &self,
        spec: &Spec,
        living: &[BTreeMap<String, String>],
    ) -> Result<Vec<String>, ProviderError> {
        let wanted = spec.gpu_count as usize;
        let none = |detail| ProviderError::Capacity { provider: self.api.provider.into(), detail };
        if let (Some(have), Some(want)) = (&self.config.gpu_type, &spec.gpu_type)
            && have != want
            && wanted > 0
        {
            return Err(none(format!("{want} asked for, this machine has {have}")));
        }
        let taken: BTreeSet<&str> = living
            .iter()
            .filter_map(|labels| labels.get(LABEL_GPUS))
            .flat_map(|gpus| gpus.split(','))
            .collect();
        let free = self.config.gpus.iter().filter(|gpu| !taken.contains(gpu.as_str()));
        let free: Vec<String> = free.take(wanted).cloned().collect();
        if free.len() < wanted {
            let (free, all) = (free.len(), self.config.gpus.len());
            return Err(none(format!("{wanted} GPUs asked for, {free} of {all} are free")));
        }
        Ok(free)
    }

    fn container(&self, spec: &Spec, gpus: &[String]) -> Value {
        let port = format!("{}/tcp", spec.port);
        let mut labels = spec.labels.clone();
        labels.insert(LABEL_MARK.into(), format!("{:.0}", clock::now_s()));
        labels.insert(LABEL_PORT.into(), spec.port.to_string());
        labels.entry(LABEL_INSTANCE.into()).or_default();
        if !gpus.is_empty() {
            labels.insert(LABEL_GPUS.into(), gpus.join(","));
        }
        let mut env = spec.env.clone();
        env.entry("PORT".into()).or_insert_with(|| spec.port.to_string());
        let env = env.iter().map(|(name, value)| format!("{name}={value}"));
        let half = (self.config.log_bytes_max / 2).max(1).to_string();
        let mut host = json!({
            // A free port of this machine, for this machine alone.
            "PortBindings": { &port: [{ "HostIp": "127.0.0.1", "HostPort": "" }] },
            "NetworkMode": self.config.network,
            "RestartPolicy": { "Name": "no" },
            "PidsLimit": self.config.processes,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "LogConfig": { "Type": "json-file", "Config": { "max-size": half, "max-file": "2" } },
        });
        if let Some(bytes) = self.config.memory_bytes {
            host["Memory"] = bytes.into();
            host["MemorySwap"] = bytes.into();
        }
        if let Some(thousandths) = self.config.cpu_thousandths {
            host["NanoCpus"] = thousandths.saturating_mul(1_000_000).into();
        }
        if let Some(cache) = &self.config.model_cache {
            host["Binds"] = json!([format!("{cache}:/cache")]);
        }
        if !gpus.is_empty() {
            host["DeviceRequests"] =
                json!([{ "Driver": "nvidia", "DeviceIDs": gpus, "Capabilities": [["gpu"]] }]);
        }
        json!({
            "Image": spec.image,
            "Env": env.collect::<Vec<_>>(),
            "ExposedPorts": { &port: {} },
            "Labels": labels,
            "HostConfig": host,
        })
    }

    /// Stops it, then removes it with what it wrote.
    async fn remove(&self, id: &str) -> Result<(), ProviderError> {
        // A container of somebody else is none of our business even if its identifier was given.
        if self.all().await?.iter().all(|seen| seen.id != id) {
            return Ok(());
        }
        let id = self.api.segment(id)?;
        let grace = self.config.grace;
        let path = format!("{API}/containers/{id}/stop");
        let seconds = grace.as_secs().to_string();
        let query = [("t", seconds.as_str())];
        let call = Call { query: &query, ..Call::new(Method::POST, &path) };
        // Removing with force kills what did not stop.
        self.api.send_within(call, self.config.timeouts.total + grace).await.ok();
        let path = format!("{API}/containers/{id}");
        let query = [("force", "true"), ("v", "true")];
        let call = Call { query: &query, ..Call::new(Method::DELETE, &path) };
        let answer = self.api.send(call).await?;
        // Somebody else removes it just now.
        if answer.status == StatusCode::CONFLICT {
            return Ok(());
        }
        self.api.gone(&answer)
    }
}

impl Provider for Docker {
    fn name(&self) -> &'static str {
        "docker"
    }

    fn list(&self) -> Pending<'_, Result<Vec<Seen>, ProviderError>> {
        Box::pin(self.all())
    }

    fn get<'a>(&'a self, id: &'a str) -> Pending<'a, Result<Option<Seen>, ProviderError>> {
        Box::pin(self.one(id))
    }

    /// Waits for the image if it has to be pulled.
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
        Box::pin(self.tail(id, lines))
    }
}

fn labels_of(labels: Option<&Value>) -> BTreeMap<String, String> {
    let labels = labels.and_then(Value::as_object).into_iter().flatten();
    let text = |value: &Value| value.as_str().map(|text| remote::clean(text, 256));
    labels.filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect()
}

/// Name, and tag or digest; a colon before the last slash is a registry's port.
fn split_image(image: &str) -> (&str, &str) {
    if let Some((name, digest)) = image.split_once('@') {
        return (name, digest);
    }
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    }
}

/// A pull is answered with 200 before it is known whether it works; what went wrong is a line of the body.
fn trouble_of_pull(answer: &Answer) -> Option<String> {
    let lines = answer.body.split(|byte| *byte == b'\n');
    let mut said = lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let trouble = said.find_map(|line| line["error"].as_str().map(str::to_owned))?;
    remote::detail(&trouble)
}

/// The output of a container without a terminal comes in frames: one byte of which output, three of nothing, four of length.
/// With a terminal it comes as it is, which the first frame tells.
fn without_frames(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((head, tail)) = rest.split_first_chunk::<8>() {
        let [0..=2, 0, 0, 0, length @ ..] = *head else { break };
        let length = (u32::from_be_bytes(length) as usize).min(tail.len());
        plain.extend_from_slice(&tail[..length]);
        rest = &tail[length..];
    }
    plain.extend_from_slice(rest);
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn images() {
        for (image, name, tag) in [
            ("ubuntu", "ubuntu", "latest"),
            ("ubuntu:24.04", "ubuntu", "24.04"),
            ("localhost:5000/a/b", "localhost:5000/a/b", "latest"),
            ("localhost:5000/a/b:c", "localhost:5000/a/b", "c"),
            ("a/b@sha256:0f", "a/b", "sha256:0f"),
        ] {
            assert_eq!(split_image(image), (name, tag));
        }
    }

    #[test]
    fn frames() {
        assert_eq!(without_frames(b"\x01\0\0\0\0\0\0\x02a\n\x02\0\0\0\0\0\0\x01b"), b"a\nb");
        assert_eq!(without_frames(b"plain\ntext"), b"plain\ntext");
        assert_eq!(without_frames(b"\x01\0\0\0\xff\xff\xff\xffcut"), b"cut");
    }

    proptest! {
        #[test]
        fn any_output_is_taken(bytes: Vec<u8>) {
            prop_assert!(without_frames(&bytes).len() <= bytes.len());
        }
    }
}
