//! What a session is to do, and its limits.

use std::collections::{BTreeMap, BTreeSet};

use pod::wire::batch::{Prompt, is_stem};
use pod::wire::{PORT, Seed, Usd};
use serde::{Deserialize, Serialize};

use super::Row;
use crate::names::PodName;

/// Milliseconds: of the wall clock since 1970, or a length of time.
pub type Millis = u64;

/// What a session is to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Names the session; its batches are called `ID/r1/b0` … Lower-case letters, digits and single hyphens, at most 60. Another
    /// session that may meet the same pods has another one.
    pub id: String,
    /// Name of its first pod, a [`PodName`] with index 0; the others count on. No other session that may be alive has the same.
    pub first_pod: String,
    /// What runs on the pods.
    pub container: Container,
    /// Names of providers; each pod goes to the next.
    pub providers: Vec<String>,
    /// What to make; the order is kept.
    pub prompts: Vec<Prompt>,
    /// Seed of the round.
    pub seed: Seed,
    /// How often everything is made.
    pub repeats: u32,
    /// Limits.
    pub limits: Limits,
    /// The pod runs already and belongs to somebody else: it may be at the end of an earlier batch, and another one cannot be had.
    #[serde(default)]
    pub is_attached: bool,
    /// What an earlier session of the same plan got done before it was stopped.
    #[serde(default)]
    pub before: Before,
}

/// What was done and used before a session: see [`Session::done`](super::Session::done).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// Of each repeat: rows, and time that counts.
    pub repeats: Vec<(BTreeMap<String, Row>, Millis)>,
    /// Replacements used.
    pub replacements: u32,
}

/// What runs on the pods, see [`crate::provider::Spec`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// Image; for processes the command line after `process:`.
    pub image: String,
    /// Which GPU.
    #[serde(default)]
    pub gpu_type: Option<String>,
    /// How many of them.
    #[serde(default)]
    pub gpu_count: u32,
    /// Port of the service.
    pub port: u16,
    /// Environment; no secrets.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Labels, besides those of the name.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

impl Container {
    /// Of an image, without GPUs.
    #[must_use]
    pub fn new(image: impl Into<String>) -> Self {
        Self {
            image: image.into(),
            gpu_type: None,
            gpu_count: 0,
            port: PORT,
            env: BTreeMap::new(),
            labels: BTreeMap::new(),
        }
    }
}

/// Which time counts against [`Limits::generation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// From the first batch of a repeat that is handed over to the last results, replacements of pods included: the published rule.
    Wall,
    /// The sum of all batches, each from handing over to results or failure; those that failed too.
    Batches,
    /// The sum of the batches that ended well, as the first orchestrator counted.
    FinishedBatches,
}

/// Limits of a session; the default has the numbers of the batch competition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Prompts in a batch.
    pub batch_size: usize,
    /// Until a pod that was asked for has an address.
    pub visible: Millis,
    /// From then until it is ready.
    pub warm_up: Millis,
    /// Between two looks at the provider, and at a pod that warms up.
    pub look: Millis,
    /// Between two looks at a pod that works.
    pub poll: Millis,
    /// Looks in a row without an answer that make a pod unreachable.
    pub unreachable: u32,
    /// One batch.
    pub batch: Option<Millis>,
    /// One repeat.
    pub generation: Option<Millis>,
    /// What counts as time of a repeat.
    pub clock: Clock,
    /// Pods that may fail before the first one was ready.
    pub first_attempts: u32,
    /// Pods after the first that was ready.
    pub replacements: u32,
    /// Failed prompts of a repeat that are forgiven; more lose. Nothing: nobody counts.
    pub failures: Option<u32>,
    /// Deployments asked for in vain, all in all.
    pub acquisitions: u32,
    /// After a deployment in vain; up to a quarter more, by a fixed draw.
    pub acquisition_pause: Millis,
    /// Pods that may fail without fault of the miner.
    pub infrastructure: u32,
    /// How long neither provider nor pod may answer, or results may not be kept.
    pub outage: Millis,
    /// Attempts to delete a pod, with pauses from 1 s doubling to 64 s.
    pub deletions: u32,
    /// What the pods may cost, by the prices that providers tell.
    pub cost: Option<Usd>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            batch_size: 32,
            visible: 1_800_000,
            warm_up: 12_600_000,
            look: 30_000,
            poll: 10_000,
            unreachable: 18,
            batch: Some(3_600_000),
            generation: Some(7_200_000),
            clock: Clock::Batches,
            first_attempts: 2,
            replacements: 3,
            failures: Some(12),
            acquisitions: 720,
            acquisition_pause: 120_000,
            infrastructure: 8,
            outage: 3_600_000,
            deletions: 30,
            cost: None,
        }
    }
}

impl Limits {
    /// Of the leader's baseline: nothing is judged, so neither failures nor the time of a repeat end it.
    #[must_use]
    pub fn baseline() -> Self {
        Self { generation: None, failures: None, ..Self::default() }
    }
}

/// Why a plan is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// See [`Plan::id`].
    #[error("session {0:?}: 1 to 60 lower-case letters, digits and single hyphens between")]
    Id(String),
    /// See [`Plan::first_pod`].
    #[error("first pod {0:?}: not a name of a pod with index 0")]
    FirstPod(String),
    /// No provider.
    #[error("no provider")]
    NoProvider,
    /// Nothing to make.
    #[error("no prompts, or not once")]
    Nothing,
    /// Not `[a-z0-9]+`.
    #[error("stem {0:?}: lower-case letters and digits only")]
    Stem(String),
    /// Twice.
    #[error("stem {0}: twice")]
    Twice(String),
    /// The archive of a batch has 100 entries at most, one of them for failures.
    #[error("{0} prompts in a batch: 1 to 99")]
    BatchSize(usize),
    /// Rows of prompts or repeats that the plan does not have.
    #[error("what was done before is of another plan")]
    Before,
    /// A pause of nothing would ask without end.
    #[error("pauses of 0 ms between looks")]
    Pause,
}

impl Plan {
    /// # Errors
    ///
    /// [`PlanError`].
    pub fn check(&self) -> Result<(), PlanError> {
        let is_word = |word: &str| !word.is_empty() && is_stem(word);
        if self.id.len() > 60 || !self.id.split('-').all(is_word) {
            return Err(PlanError::Id(self.id.chars().take(80).collect()));
        }
        if self.first_name().is_none_or(|name| name.index != 0) {
            return Err(PlanError::FirstPod(self.first_pod.chars().take(80).collect()));
        }
        if self.providers.is_empty() {
            return Err(PlanError::NoProvider);
        }
        if self.prompts.is_empty() || self.repeats == 0 {
            return Err(PlanError::Nothing);
        }
        let mut stems = BTreeSet::new();
        for Prompt { stem, .. } in &self.prompts {
            if !is_stem(stem) {
                return Err(PlanError::Stem(stem.chars().take(80).collect()));
            }
            if !stems.insert(stem) {
                return Err(PlanError::Twice(stem.clone()));
            }
        }
        let is_known = |stem: &String| stems.contains(stem);
        let rows = self.before.repeats.iter().flat_map(|(rows, _)| rows.keys());
        if self.before.repeats.len() > self.repeats as usize || !rows.into_iter().all(is_known) {
            return Err(PlanError::Before);
        }
        if !(1..=99).contains(&self.limits.batch_size) {
            return Err(PlanError::BatchSize(self.limits.batch_size));
        }
        if self.limits.look == 0 || self.limits.poll == 0 {
            return Err(PlanError::Pause);
        }
        Ok(())
    }

    fn first_name(&self) -> Option<PodName> {
        self.first_pod.parse().ok()
    }

    /// Name of a pod of the session, from 0.
    #[must_use]
    pub fn pod_name(&self, number: usize) -> String {
        let index = u32::try_from(number).unwrap_or(u32::MAX);
        let name = self.first_name().map(|first| PodName { index, ..first }.to_string());
        name.unwrap_or_default()
    }

    /// Whether a pod of this name is one of the session's.
    #[must_use]
    pub fn is_pod_name(&self, name: &str) -> bool {
        let name: Option<PodName> = name.parse().ok();
        let is_same = |(name, first): (PodName, PodName)| {
            name.purpose == first.purpose && name.instance == first.instance
        };
        name.zip(self.first_name()).is_some_and(is_same)
    }
}
