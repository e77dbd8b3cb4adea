//! Those who run containers, behind one trait.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use pod::wire::Usd;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// An answer to come.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Runs containers: a company with GPUs, an engine on this machine, this machine itself.
pub trait Provider: Send + Sync + fmt::Debug {
    /// Its name in configurations and state files: `local`, `docker`, `targon`, `verda`, `runpod`.
    fn name(&self) -> &str;

    /// Every pod of the account that is not gone, from every page of the list; others' too.
    ///
    /// # Errors
    ///
    /// [`ProviderError`].
    fn list(&self) -> Pending<'_, Result<Vec<Seen>, ProviderError>>;

    /// One pod; nothing when the provider does not know it (any more).
    ///
    /// # Errors
    ///
    /// [`ProviderError`].
    fn get<'a>(&'a self, id: &'a str) -> Pending<'a, Result<Option<Seen>, ProviderError>>;

    /// Asks for a pod and does not wait for it. What a failure half-way leaves behind is deleted, or named in the error.
    ///
    /// # Errors
    ///
    /// [`ProviderError`].
    fn deploy<'a>(&'a self, spec: &'a Spec) -> Pending<'a, Result<Seen, ProviderError>>;

    /// Asks for a pod to be deleted, once. Fine if it is gone already. Whether it is gone is for the caller to look.
    ///
    /// # Errors
    ///
    /// [`ProviderError`].
    fn delete<'a>(&'a self, id: &'a str) -> Pending<'a, Result<(), ProviderError>>;

    /// The last lines a pod printed; empty where a provider does not say.
    ///
    /// # Errors
    ///
    /// [`ProviderError`].
    fn logs<'a>(
        &'a self,
        id: &'a str,
        lines: usize,
    ) -> Pending<'a, Result<Vec<String>, ProviderError>>;

    /// What requests to its pods must carry as `Authorization: Bearer`.
    fn bearer(&self) -> Option<&SecretString> {
        None
    }
}

/// A pod to be made.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Its name, see `names`.
    pub name: String,
    /// Image of the container; for `local` a command line after `process:`.
    pub image: String,
    /// `H200`, `RTX6000Pro` …; nothing for pods that need none.
    pub gpu_type: Option<String>,
    /// How many of them.
    pub gpu_count: u32,
    /// Port the service listens on inside.
    pub port: u16,
    /// Requests the platform may send at the same time.
    pub concurrency: u32,
    /// Environment. Never a secret of the operator's: containers are the miners'.
    pub env: BTreeMap<String, String>,
    /// Who made it and for what, where providers keep labels.
    pub labels: BTreeMap<String, String>,
}

/// A pod as a provider tells of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// What the provider calls it; unique.
    pub id: String,
    /// What we called it; perhaps not unique.
    pub name: String,
    /// Where its service answers, without a slash at the end; nothing as long as that is not known.
    pub url: Option<String>,
    /// How it is.
    pub phase: Phase,
    /// Why, in the provider's words, cut.
    pub detail: Option<String>,
    /// Price of an hour, where known.
    pub price_per_hour: Option<Usd>,
    /// Seconds since 1970, where known.
    pub created_at: Option<f64>,
    /// Labels given at [`Provider::deploy`], where the provider keeps them.
    pub labels: BTreeMap<String, String>,
}

/// How a pod is, whatever the provider's word for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Scheduled, pulling, starting.
    Starting,
    /// Runs.
    Running,
    /// Ended, or ends again and again.
    Exited {
        /// Exit code, where known.
        code: Option<i32>,
    },
    /// The provider gave up.
    Failed,
    /// On its way out.
    Deleting,
    /// A word we do not know, as it was.
    Unknown(String),
}

/// Why a provider did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// Key missing or refused.
    #[error("{provider}: not let in: {detail}")]
    Auth {
        /// Who.
        provider: String,
        /// At most 200 characters of what came back.
        detail: String,
    },
    /// No such machine free, or over quota: perhaps elsewhere, perhaps later.
    #[error("{provider}: no capacity: {detail}")]
    Capacity {
        /// Who.
        provider: String,
        /// At most 200 characters of what came back.
        detail: String,
    },
    /// Asked too often.
    #[error("{provider}: asked too often")]
    RateLimited {
        /// Who.
        provider: String,
        /// When to come back, where said.
        after: Option<Duration>,
    },
    /// Network, time-out, 5xx: the same request may succeed.
    #[error("{provider}: {detail}")]
    Transient {
        /// Who.
        provider: String,
        /// At most 200 characters.
        detail: String,
    },
    /// The request is wrong or the answer makes no sense: no use to repeat it.
    #[error("{provider}: {detail}")]
    Permanent {
        /// Who.
        provider: String,
        /// At most 200 characters.
        detail: String,
    },
    /// A deployment failed half-way and what it left could not be deleted: whoever gets this keeps the identifier and tries on.
    #[error("{provider}: {detail}; {id} is left behind")]
    Orphan {
        /// Who.
        provider: String,
        /// What is left.
        id: String,
        /// At most 200 characters.
        detail: String,
    },
}

impl ProviderError {
    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Capacity { .. } | Self::RateLimited { .. } | Self::Transient { .. })
    }
}
