//! The configuration of a fleet as people write it, and what becomes of it. Keys are not part of it: they come from the
//! environment.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pod::wire::Usd;
use secrecy::SecretString;
use serde::Deserialize;

use super::{ConfigError, EnvLookup, Fleet, NAMES, Place};
use crate::cost::Caps;
use crate::http::Timeouts;
use crate::names::Instance;
use crate::provider::{Provider, ProviderError};
use crate::{docker, local, runpod, targon, verda};

/// Longest time that can be configured.
const TIME_MAX_S: f64 = 86_400.0;

/// Everything that can be said about providers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whose pods these are; `CRUCIBLE_INSTANCE` overrides it. `dev` if neither is given.
    pub instance: Option<String>,
    /// Names, in the order in which they are tried; `GPU_PROVIDERS` (with commas) overrides it. `local` if neither is given.
    pub providers: Vec<String>,
    /// Folder of state.
    pub state_dir: Option<PathBuf>,
    /// Processes on this machine.
    pub local: LocalConfig,
    /// An engine on this machine.
    pub docker: DockerConfig,
    /// Targon.
    pub targon: TargonConfig,
    /// Verda.
    pub verda: VerdaConfig,
    /// `RunPod`.
    pub runpod: RunPodConfig,
    /// How much may be spent.
    pub caps: CapsConfig,
}

/// See [`local::Config`].
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LocalConfig {
    /// Pods live on when the program that made them ends.
    pub keep: bool,
    /// Image → command line.
    pub programs: BTreeMap<String, String>,
    /// Where pods start.
    pub working_dir: Option<PathBuf>,
    /// Environment of every pod.
    pub env: BTreeMap<String, String>,
    /// GPUs to give out.
    pub gpus: Vec<String>,
    /// What they are.
    pub gpu_type: Option<String>,
    /// Pods at the same time.
    pub pods_max: Option<usize>,
    /// Seconds between the request to stop and the kill.
    pub grace_s: Option<f64>,
    /// What is kept of a pod's output.
    pub log_bytes_max: Option<u64>,
    /// Dollars.
    pub price_per_hour: Option<f64>,
    /// What the system lets a pod have.
    pub limits: local::Limits,
}

/// See [`docker::Config`].
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DockerConfig {
    /// `/var/run/docker.sock` if not given; `DOCKER_HOST` overrides it when it begins with `unix://`.
    pub socket: Option<PathBuf>,
    /// Seconds for one call.
    pub timeout_s: Option<f64>,
    /// Seconds to pull an image.
    pub pull_s: Option<f64>,
    /// Seconds between the request to stop and the kill.
    pub grace_s: Option<f64>,
    /// GPUs to give out.
    pub gpus: Vec<String>,
    /// What they are.
    pub gpu_type: Option<String>,
    /// Containers at the same time.
    pub pods_max: Option<usize>,
    /// Bytes of memory of a container.
    pub memory_bytes: Option<u64>,
    /// Processors of a container.
    pub cpus: Option<f64>,
    /// Processes of a container.
    pub processes: Option<u32>,
    /// Folder or volume that containers see as `/cache`.
    pub model_cache: Option<String>,
    /// Network of the containers.
    pub network: Option<String>,
    /// What is kept of a container's output.
    pub log_bytes_max: Option<u64>,
    /// Dollars.
    pub price_per_hour: Option<f64>,
}

/// See [`targon::Config`].
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TargonConfig {
    /// Where it answers.
    pub base: Option<String>,
    /// Seconds for one call.
    pub timeout_s: Option<f64>,
    /// Kind of workload.
    pub workload_type: Option<String>,
    /// Machines besides those known, or instead of them.
    pub skus: Vec<Sku>,
}

/// A machine of Targon's.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sku {
    /// Type of its GPUs.
    pub gpu: String,
    /// How many.
    pub count: u32,
    /// What Targon calls it.
    pub name: String,
}

/// See [`verda::Config`].
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VerdaConfig {
    /// Where it answers.
    pub base: Option<String>,
    /// Seconds for one call.
    pub timeout_s: Option<f64>,
    /// Machines that may be taken away.
    pub spot: bool,
}

/// See [`runpod::Config`].
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RunPodConfig {
    /// Where it answers.
    pub base: Option<String>,
    /// Seconds for one call.
    pub timeout_s: Option<f64>,
    /// Our name of a GPU → theirs, besides those known.
    pub gpus: BTreeMap<String, String>,
    /// Disk of a container.
    pub disk_gb: Option<u32>,
}

/// Dollars; see [`Caps`].
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CapsConfig {
    /// For one pod.
    pub pod: Option<f64>,
    /// For one miner in one round.
    pub miner: Option<f64>,
    /// For one round.
    pub round: Option<f64>,
    /// What a pod is counted at whose price is not known.
    pub assumed_price_per_hour: Option<f64>,
}

/// Collects what is wrong on the way.
struct Reader<'a> {
    env: EnvLookup<'a>,
    wrong: Vec<String>,
}

impl Reader<'_> {
    fn var(&self, name: &str) -> Option<String> {
        (self.env)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn key(&mut self, provider: &str, name: &str) -> SecretString {
        self.var(name).map(SecretString::from).unwrap_or_else(|| {
            self.wrong.push(format!("{provider}: the environment has no {name}"));
            SecretString::default()
        })
    }

    fn time(&mut self, name: &str, seconds: Option<f64>, default: Duration) -> Duration {
        let Some(seconds) = seconds else { return default };
        if !(0.001..=TIME_MAX_S).contains(&seconds) {
            self.wrong.push(format!("{name}: {seconds} is not within 0.001 and {TIME_MAX_S}"));
            return default;
        }
        Duration::from_secs_f64(seconds)
    }

    fn timeouts(&mut self, name: &str, seconds: Option<f64>, default: Timeouts) -> Timeouts {
        let total = self.time(name, seconds, default.total);
        Timeouts { total, connect: default.connect.min(total) }
    }

    fn money(&mut self, name: &str, dollars: Option<f64>) -> Option<Usd> {
        let dollars = dollars?;
        if !(0.0..=1e9).contains(&dollars) {
            self.wrong.push(format!("{name}: {dollars} is no amount of dollars"));
            return None;
        }
        Some(Usd::from_dollars(dollars))
    }

    fn keep<P: Provider + 'static>(
        &mut self,
        made: Result<P, ProviderError>,
    ) -> Option<Arc<dyn Provider>> {
        match made {
            Ok(provider) => Some(Arc::new(provider)),
            Err(error) => {
                self.wrong.push(error.to_string());
                None
            }
        }
    }
}

impl Config {
    /// Of TOML.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the line.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| {
                text.get(..span.start).unwrap_or_default().matches('\n').count() + 1
            });
            ConfigError(vec![format!("line {line}: {}", error.message())])
        })
    }

    pub(super) fn build(&self, place: &Place, env: EnvLookup<'_>) -> Result<Fleet, ConfigError> {
        let mut reader = Reader { env, wrong: Vec::new() };
        let instance = reader.var("CRUCIBLE_INSTANCE").or_else(|| self.instance.clone());
        let instance = instance.unwrap_or_else(|| "dev".into()).parse::<Instance>();
        if let Err(error) = instance {
            reader.wrong.push(format!("instance: {error}"));
        }
        let mut providers = Vec::new();
        for name in self.names(&mut reader) {
            let made = match name.as_str() {
                "local" => self.local(place, &mut reader),
                "docker" => self.docker(&mut reader),
                "targon" => self.targon(&mut reader),
                "verda" => self.verda(&mut reader),
                "runpod" => self.runpod(&mut reader),
                other => {
                    let known = NAMES.join(", ");
                    reader.wrong.push(format!("providers: `{other}` is none of {known}"));
                    None
                }
            };
            providers.extend(made);
        }
        let caps = Caps {
            pod: reader.money("caps.pod", self.caps.pod),
            account: reader.money("caps.miner", self.caps.miner),
            round: reader.money("caps.round", self.caps.round),
            assumed_price_per_hour: reader
                .money("caps.assumed_price_per_hour", self.caps.assumed_price_per_hour),
        };
        match instance {
            Ok(instance) if reader.wrong.is_empty() => Ok(Fleet::new(providers, instance, caps)),
            _ => Err(ConfigError(reader.wrong)),
        }
    }

    /// In order, each once.
    fn names(&self, reader: &mut Reader<'_>) -> Vec<String> {
        let listed = match reader.var("GPU_PROVIDERS") {
            Some(list) => list.split(',').map(|name| name.trim().to_ascii_lowercase()).collect(),
            None => self.providers.clone(),
        };
        let mut names: Vec<String> = Vec::new();
        for name in listed.into_iter().filter(|name| !name.is_empty()) {
            if names.contains(&name) {
                reader.wrong.push(format!("providers: `{name}` is there twice"));
            } else {
                names.push(name);
            }
        }
        if names.is_empty() { vec!["local".into()] } else { names }
    }

    fn local(&self, place: &Place, reader: &mut Reader<'_>) -> Option<Arc<dyn Provider>> {
        let said = &self.local;
        let dir = self.state_dir.as_ref().unwrap_or(&place.state_dir).join("local");
        let default = local::Config::new(dir, place.keeper.clone(), reader.env);
        let mut env = default.env.clone();
        env.extend(said.env.clone());
        let config = local::Config {
            keep: said.keep,
            programs: said.programs.clone(),
            working_dir: said.working_dir.clone().unwrap_or(default.working_dir),
            env,
            gpus: said.gpus.clone(),
            gpu_type: said.gpu_type.clone(),
            pods_max: said.pods_max.unwrap_or(default.pods_max),
            limits: said.limits,
            grace: reader.time("local.grace_s", said.grace_s, default.grace),
            log_bytes_max: said.log_bytes_max.unwrap_or(default.log_bytes_max),
            price_per_hour: reader.money("local.price_per_hour", said.price_per_hour),
            dir: default.dir,
            keeper: default.keeper,
        };
        let made = local::Local::open(config);
        reader.keep(made)
    }

    fn docker(&self, reader: &mut Reader<'_>) -> Option<Arc<dyn Provider>> {
        let said = &self.docker;
        let host = reader.var("DOCKER_HOST");
        let host = host.and_then(|host| Some(PathBuf::from(host.strip_prefix("unix://")?)));
        let socket = host.or_else(|| said.socket.clone());
        let default = docker::Config::new(socket.unwrap_or_else(|| "/var/run/docker.sock".into()));
        let thousandths = said.cpus.map(|cpus| {
            if !(0.01..=4096.0).contains(&cpus) {
                reader.wrong.push(format!("docker.cpus: {cpus} is not within 0.01 and 4096"));
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "saturates; refused above"
            )]
            let thousandths = (cpus * 1000.0) as u64;
            thousandths
        });
        let config = docker::Config {
            timeouts: reader.timeouts("docker.timeout_s", said.timeout_s, default.timeouts),
            pull_max: reader.time("docker.pull_s", said.pull_s, default.pull_max),
            grace: reader.time("docker.grace_s", said.grace_s, default.grace),
            gpus: said.gpus.clone(),
            gpu_type: said.gpu_type.clone(),
            pods_max: said.pods_max.unwrap_or(default.pods_max),
            memory_bytes: said.memory_bytes,
            cpu_thousandths: thousandths,
            processes: said.processes.unwrap_or(default.processes),
            model_cache: said.model_cache.clone(),
            network: said.network.clone().unwrap_or(default.network),
            log_bytes_max: said.log_bytes_max.unwrap_or(default.log_bytes_max),
            price_per_hour: reader.money("docker.price_per_hour", said.price_per_hour),
            socket: default.socket,
        };
        let made = docker::Docker::new(config);
        reader.keep(made)
    }

    fn targon(&self, reader: &mut Reader<'_>) -> Option<Arc<dyn Provider>> {
        let said = &self.targon;
        let default = targon::Config::new(reader.key("targon", "TARGON_API_KEY"));
        // Those that are said come first, so that they are found instead of those known.
        let own = said.skus.iter().map(|sku| (sku.gpu.clone(), sku.count, sku.name.clone()));
        let config = targon::Config {
            base: said.base.clone().unwrap_or(default.base),
            timeouts: reader.timeouts("targon.timeout_s", said.timeout_s, default.timeouts),
            workload_type: said.workload_type.clone().unwrap_or(default.workload_type),
            skus: own.chain(default.skus).collect(),
            key: default.key,
        };
        let made = targon::Targon::new(config);
        reader.keep(made)
    }

    fn verda(&self, reader: &mut Reader<'_>) -> Option<Arc<dyn Provider>> {
        let said = &self.verda;
        let default = verda::Config::new(
            reader.key("verda", "VERDA_CLIENT_ID"),
            reader.key("verda", "VERDA_CLIENT_SECRET"),
            reader.key("verda", "VERDA_GENERATION_TOKEN"),
        );
        let config = verda::Config {
            base: said.base.clone().unwrap_or_else(|| default.base.clone()),
            timeouts: reader.timeouts("verda.timeout_s", said.timeout_s, default.timeouts),
            spot: said.spot,
            ..default
        };
        let made = verda::Verda::new(config);
        reader.keep(made)
    }

    fn runpod(&self, reader: &mut Reader<'_>) -> Option<Arc<dyn Provider>> {
        let said = &self.runpod;
        let default = runpod::Config::new(reader.key("runpod", "RUNPOD_PROVIDER_API_KEY"));
        let mut gpus = default.gpus.clone();
        gpus.extend(said.gpus.clone());
        let port = reader.var("GENERATION_PORT").map(|port| port.parse::<u16>());
        if let Some(Err(_)) = port {
            reader.wrong.push("GENERATION_PORT is no port".into());
        }
        let config = runpod::Config {
            base: said.base.clone().unwrap_or_else(|| default.base.clone()),
            timeouts: reader.timeouts("runpod.timeout_s", said.timeout_s, default.timeouts),
            gpus,
            disk_gb: said.disk_gb.unwrap_or(default.disk_gb),
            port: port.and_then(Result::ok).unwrap_or(default.port),
            ..default
        };
        let made = runpod::RunPod::new(config);
        reader.keep(made)
    }
}
