//! The providers an operator uses, by name: a configuration, keys from the environment, everything checked before anything
//! starts.

mod config;

use std::path::PathBuf;
use std::sync::Arc;

pub use self::config::{
    CapsConfig, Config, DockerConfig, LocalConfig, RunPodConfig, Sku, TargonConfig, VerdaConfig,
};
use crate::cost::Caps;
use crate::names::Instance;
use crate::provider::{Provider, ProviderError, Seen};
use crate::sweep::{Insistence, Scope, Swept, sweep};

/// Every provider there is.
pub const NAMES: [&str; 5] = ["local", "docker", "targon", "verda", "runpod"];

/// A look into the environment.
pub type EnvLookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Where this program is and keeps things: what a configuration cannot know.
#[derive(Debug, Clone)]
pub struct Place {
    /// Folder of state, if the configuration names none.
    pub state_dir: PathBuf,
    /// The program that runs [`crate::local::keeper::main`] when asked to.
    pub keeper: PathBuf,
}

/// What is wrong with a configuration: all of it, not only the first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct ConfigError(pub Vec<String>);

/// Providers in the order in which they are tried.
#[derive(Debug, Clone)]
pub struct Fleet {
    providers: Vec<Arc<dyn Provider>>,
    /// Whose pods these are.
    pub instance: Instance,
    /// How much they may cost.
    pub caps: Caps,
}

impl Fleet {
    /// From a configuration in TOML (an empty one will do) and the environment, which has the last word; see
    /// `docs/providers.md`.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names every field and variable that is missing or wrong, and never a value of a key.
    pub fn read(text: &str, place: &Place, env: EnvLookup<'_>) -> Result<Self, ConfigError> {
        Self::from_config(&Config::parse(text)?, place, env)
    }

    /// As [`Fleet::read`], of a configuration that was read already.
    ///
    /// # Errors
    ///
    /// As [`Fleet::read`].
    pub fn from_config(
        config: &Config,
        place: &Place,
        env: EnvLookup<'_>,
    ) -> Result<Self, ConfigError> {
        config.build(place, env)
    }

    /// Of providers made elsewhere.
    #[must_use]
    pub fn new(providers: Vec<Arc<dyn Provider>>, instance: Instance, caps: Caps) -> Self {
        Self { providers, instance, caps }
    }

    /// Their names, in order.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.providers.iter().map(|provider| provider.name()).collect()
    }

    /// One by its name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Provider>> {
        self.providers.iter().find(|provider| provider.name() == name)
    }

    /// All, in order.
    #[must_use]
    pub fn providers(&self) -> &[Arc<dyn Provider>] {
        &self.providers
    }

    /// Whose turn it is: each pod of a miner begins with the next provider, and each attempt goes on to the next.
    #[must_use]
    pub fn pick(&self, pod_index: u32, attempt: u32) -> Option<&Arc<dyn Provider>> {
        let turn = u64::from(pod_index) + u64::from(attempt);
        let place = turn.checked_rem(self.providers.len() as u64)?;
        self.providers.get(usize::try_from(place).ok()?)
    }

    /// What each provider has, or why it does not say; in order.
    pub async fn list(&self) -> Vec<(String, Result<Vec<Seen>, ProviderError>)> {
        let mut all = Vec::new();
        for provider in &self.providers {
            all.push((provider.name().to_owned(), provider.list().await));
        }
        all
    }

    /// Deletes pods in scope on every provider; see [`sweep`].
    pub async fn sweep(&self, scope: &Scope, dry_run: bool, insistence: &Insistence) -> Swept {
        sweep(&self.providers, scope, dry_run, insistence).await
    }
}
