//! The state of a session: what is known, what is under way, what is on record.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use pod::wire::Usd;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Before, Command, Effect, Millis, Plan, PlanError, Row};

/// A session: see [`Session::step`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub(super) plan: Plan,
    /// The latest time observed; never goes back.
    pub(super) now: Millis,
    /// Time that counts for nobody: the process was down, or neither provider nor pod could be reached.
    pub(super) lost: Millis,
    /// Since when an outage lasts.
    pub(super) outage: Option<Millis>,
    pub(super) stage: Stage,
    pub(super) pods: Vec<Pod>,
    pub(super) repeats: Vec<Repeat>,
    pub(super) graves: Vec<Grave>,
    pub(super) sweeps: Vec<Sweep>,
    pub(super) orphans: Vec<Orphan>,
    /// What was asked for and has not ended.
    pub(super) calls: BTreeMap<u64, Effect>,
    pub(super) next_call: u64,
    /// Batches handed over, or to be.
    pub(super) batches: u32,
    pub(super) replacements_used: u32,
    pub(super) first_failures: u32,
    pub(super) infrastructure_faults: u32,
    pub(super) acquisitions: u32,
    /// Providers that never will.
    pub(super) ruled_out: BTreeSet<String>,
    pub(super) outcome: Option<Outcome>,
    #[serde(skip)]
    pub(super) commands: Vec<Command>,
}

/// Where the session is. Lengths of time and deadlines in here are in working time: [`Session::work`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// Not begun.
    New,
    /// Before a deployment; wall clock.
    Waiting { until: Millis },
    /// A deployment is under way, or it is looked for.
    Deploying {
        /// When to look again, wall clock.
        find_at: Option<Millis>,
        /// Whether nothing found means to ask anew.
        asks_anew: bool,
        /// Pause told by the provider.
        after: Option<Millis>,
    },
    /// The pod has no address yet.
    Starting,
    /// The pod has an address.
    Warming {
        since: Millis,
        /// Whether it accepts connections.
        is_up: bool,
    },
    /// A batch is on its way.
    Working(Current),
    /// The outcome is known; pods are deleted.
    WindingDown,
    /// Nothing is left to do.
    Over,
}

/// The batch on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Current {
    /// Index of the repeat.
    pub(super) repeat: usize,
    pub(super) stems: Vec<String>,
    /// Working time.
    pub(super) began: Millis,
    pub(super) step: Step,
    /// Refusals that time alone does not mend.
    pub(super) refusals: u32,
    /// Handed over again, because the pod forgot it.
    pub(super) forgotten: u32,
    /// Results that were another batch's.
    pub(super) stale: u32,
    /// Results that could not be kept here.
    pub(super) is_store_down: bool,
}

/// What a batch waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// To be taken; an attempt is under way.
    Submit,
    /// To be taken; the pod cannot now.
    Refused,
    /// To be made.
    Poll,
    /// Its results.
    Fetch,
}

/// A pod of the session; times are of the wall clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// Who runs it.
    pub provider: String,
    /// What the provider calls it.
    pub id: Option<String>,
    /// Where it answers.
    pub url: Option<String>,
    /// Price of an hour.
    pub price_per_hour: Option<Usd>,
    /// Asked for.
    pub requested_at: Millis,
    /// The provider has it.
    pub deployed_at: Option<Millis>,
    /// It had an address.
    pub visible_at: Option<Millis>,
    /// It was ready.
    pub ready_at: Option<Millis>,
    /// It was given up.
    pub ended_at: Option<Millis>,
    /// The provider no longer has it.
    pub gone_at: Option<Millis>,
    /// Why it was given up.
    pub end: Option<PodEnd>,
    /// What it said when it asked to be replaced.
    pub payload: Option<Map<String, Value>>,
    /// The last lines it printed, when the fault was its own.
    pub logs: Vec<String>,
    /// Whether it answers with the identity of batches; nothing before the first batch.
    pub keeps_identity: Option<bool>,
    /// Stems of the last batch it took.
    pub(super) last_stems: Option<BTreeSet<String>>,
    pub(super) watch: Watch,
}

/// How the active pod is being watched; times are of the wall clock unless told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Watch {
    /// When the pod was asked for, in working time.
    pub(super) since: Millis,
    pub(super) next_look: Millis,
    pub(super) next_poll: Millis,
    /// The provider did not answer last time.
    pub(super) look_failed: bool,
    /// The pod did not answer last time.
    pub(super) service_failed: bool,
    /// Looks at the pod in a row without an answer, outages left out.
    pub(super) missed: u32,
    /// Looks at the provider in a row that did not find it.
    pub(super) unseen: u32,
    /// The provider said that it runs since the pod answered last.
    pub(super) runs: bool,
    /// It had the results of a batch that is not ours when it came to us.
    #[serde(default)]
    pub(super) had_results: bool,
}

/// Whose fault an end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// The image's: a replacement is used.
    Miner,
    /// Of those who rent out machines.
    Infrastructure,
    /// Nobody's.
    Nobody,
}

/// Why a pod was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PodEnd {
    /// It did all there was to do.
    Completed,
    /// It asked to be replaced.
    Requested,
    /// It runs, but did not answer.
    Unreachable,
    /// A batch took too long.
    BatchTimeLimit,
    /// It did not take a batch, or forgot it.
    SubmissionFailed {
        /// Why.
        detail: String,
    },
    /// Its results are no good.
    DownloadFailed {
        /// Why.
        detail: String,
    },
    /// It ended by itself.
    Exited {
        /// Exit code, where known.
        code: Option<i32>,
    },
    /// It was not ready in time.
    WarmUpTime,
    /// There was none.
    NotDeployed {
        /// Why.
        detail: String,
    },
    /// It never had an address.
    NotVisible,
    /// The provider gave up.
    ProviderFailed {
        /// Its words.
        detail: String,
    },
    /// The provider no longer has it, or took it away.
    Gone,
    /// It would have given the results of the batch before once more.
    Fresh,
    /// The session's outcome was clear.
    Decided,
    /// The session was stopped.
    Stopped,
}

/// For people: the word of [`PodEnd::word`], and what is known besides.
impl fmt::Display for PodEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Self::SubmissionFailed { detail }
            | Self::DownloadFailed { detail }
            | Self::NotDeployed { detail }
            | Self::ProviderFailed { detail } => write!(f, ": {detail}"),
            Self::Exited { code: Some(code) } => write!(f, ": exit code {code}"),
            _ => Ok(()),
        }
    }
}

impl PodEnd {
    /// Whose fault it is.
    #[must_use]
    pub const fn whose(&self) -> Whose {
        match self {
            Self::Requested
            | Self::Unreachable
            | Self::BatchTimeLimit
            | Self::SubmissionFailed { .. }
            | Self::DownloadFailed { .. }
            | Self::Exited { .. }
            | Self::WarmUpTime => Whose::Miner,
            Self::NotVisible | Self::ProviderFailed { .. } | Self::Gone => Whose::Infrastructure,
            Self::Completed
            | Self::NotDeployed { .. }
            | Self::Fresh
            | Self::Decided
            | Self::Stopped => Whose::Nobody,
        }
    }

    /// The word in statistics; `completed`, `requested`, `unreachable`, `batch_time_limit`, `submission_failed` and
    /// `download_failed` are those of the first orchestrator.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Requested => "requested",
            Self::Unreachable => "unreachable",
            Self::BatchTimeLimit => "batch_time_limit",
            Self::SubmissionFailed { .. } => "submission_failed",
            Self::DownloadFailed { .. } => "download_failed",
            Self::Exited { .. } => "exited",
            Self::WarmUpTime => "warm_up_timeout",
            Self::NotDeployed { .. } => "not_deployed",
            Self::NotVisible => "not_visible",
            Self::ProviderFailed { .. } => "provider_failed",
            Self::Gone => "gone",
            Self::Fresh => "fresh",
            Self::Decided => "decided",
            Self::Stopped => "stopped",
        }
    }
}

/// One making of everything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Repeat {
    /// What became of the prompts so far.
    pub rows: BTreeMap<String, Row>,
    /// Batches, those that failed too.
    pub batches: Vec<BatchRecord>,
    /// Time that counts, without what runs now.
    pub spent: Millis,
    /// Since when the clock runs, in working time.
    pub(super) running: Option<Millis>,
}

/// A batch; times are of the wall clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchRecord {
    /// Its identity.
    pub id: String,
    /// Index of the pod.
    pub pod: usize,
    /// How many prompts.
    pub prompts: usize,
    /// Before it was handed over.
    pub submitted_at: Millis,
    /// It was taken.
    pub accepted_at: Option<Millis>,
    /// The pod said that it is complete.
    pub complete_at: Option<Millis>,
    /// The results were kept, or it failed.
    pub ended_at: Option<Millis>,
    /// From handing over to the end, without outages.
    pub took: Option<Millis>,
    /// SHA-256 of the ZIP; nothing when it failed.
    pub archive_sha256: Option<String>,
    /// What was noticed and is no failure.
    pub notes: Vec<String>,
}

/// A pod to be deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Grave {
    pub(super) pod: Option<usize>,
    pub(super) provider: String,
    pub(super) id: String,
    pub(super) step: Burial,
    pub(super) attempts: u32,
    /// Wall clock.
    pub(super) next: Millis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Burial {
    Logs,
    Delete,
    Verify,
}

/// A last look for pods nobody remembers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sweep {
    pub(super) provider: String,
    pub(super) attempts: u32,
    /// Wall clock.
    pub(super) next: Millis,
    pub(super) is_done: bool,
}

/// A pod that could not be deleted, or a provider that could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orphan {
    /// Who.
    pub provider: String,
    /// Which; nothing when the provider would not say what it has.
    pub id: Option<String>,
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every prompt has a row in every repeat.
    Finished,
    /// A limit is broken for certain, so the rest was not made.
    Lost,
    /// The replacements are used up.
    BudgetSpent,
    /// No pod was ever ready, by fault of the image.
    NeverReady,
    /// Somebody stopped it. Says nothing about the image.
    Stopped {
        /// Why.
        reason: String,
    },
    /// Machines, network or disk did not allow it. Says nothing about the image.
    Unavailable {
        /// Why.
        reason: String,
    },
}

impl Session {
    /// A session that has not begun: [`Observation::Began`](super::Observation::Began) begins it.
    ///
    /// # Errors
    ///
    /// [`PlanError`].
    pub fn new(plan: Plan) -> Result<Self, PlanError> {
        plan.check()?;
        let mut repeats: Vec<Repeat> = (0..plan.repeats).map(|_| Repeat::default()).collect();
        for (repeat, (rows, spent)) in repeats.iter_mut().zip(&plan.before.repeats) {
            repeat.rows.clone_from(rows);
            repeat.spent = *spent;
        }
        let replacements_used = plan.before.replacements;
        Ok(Self {
            plan,
            now: 0,
            lost: 0,
            outage: None,
            stage: Stage::New,
            pods: Vec::new(),
            repeats,
            graves: Vec::new(),
            sweeps: Vec::new(),
            orphans: Vec::new(),
            calls: BTreeMap::new(),
            next_call: 0,
            batches: 0,
            replacements_used,
            first_failures: 0,
            infrastructure_faults: 0,
            acquisitions: 0,
            ruled_out: BTreeSet::new(),
            outcome: None,
            commands: Vec::new(),
        })
    }

    /// What it is to do.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What another session of the same plan need not do again.
    #[must_use]
    pub fn done(&self) -> Before {
        let repeats = self.repeats.iter().map(|repeat| (repeat.rows.clone(), repeat.spent));
        Before { repeats: repeats.collect(), replacements: self.replacements_used }
    }

    /// What it does now, in a few words.
    #[must_use]
    pub fn doing(&self) -> String {
        let name = self.pods.last().map_or("", |pod| &pod.name);
        match &self.stage {
            Stage::New => "not begun".to_owned(),
            Stage::Waiting { .. } => "waits before it asks for a pod".to_owned(),
            Stage::Deploying { .. } => format!("{name}: asked for"),
            Stage::Starting => format!("{name}: starts"),
            Stage::Warming { is_up: false, .. } => format!("{name}: has an address"),
            Stage::Warming { is_up: true, .. } => format!("{name}: warms up"),
            Stage::Working(current) => {
                let batch = self.repeats[current.repeat].batches.last();
                let batch = batch.map_or("", |batch| &batch.id);
                let prompts = current.stems.len();
                match current.step {
                    Step::Submit => format!("{name}: is handed {batch}, {prompts} prompts"),
                    Step::Refused => format!("{name}: does not take {batch} yet"),
                    Step::Poll => format!("{name}: works on {batch}"),
                    Step::Fetch => format!("{name}: gives the results of {batch}"),
                }
            }
            Stage::WindingDown => "deletes what is left".to_owned(),
            Stage::Over => "over".to_owned(),
        }
    }

    /// Whether it has begun.
    #[must_use]
    pub const fn has_begun(&self) -> bool {
        !matches!(self.stage, Stage::New)
    }

    /// Whether nothing is left to do: the outcome is known, and every pod is gone or among [`Session::orphans`].
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    /// How it ended, as soon as that is clear; pods may still have to be deleted.
    #[must_use]
    pub const fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Every pod, in the order of asking.
    #[must_use]
    pub fn pods(&self) -> &[Pod] {
        &self.pods
    }

    /// Every repeat.
    #[must_use]
    pub fn repeats(&self) -> &[Repeat] {
        &self.repeats
    }

    /// What could not be cleaned up.
    #[must_use]
    pub fn orphans(&self) -> &[Orphan] {
        &self.orphans
    }

    /// Replacements used so far.
    #[must_use]
    pub const fn replacements_used(&self) -> u32 {
        self.replacements_used
    }

    /// Time that counted for nobody.
    #[must_use]
    pub const fn lost(&self) -> Millis {
        self.lost
    }

    /// The latest time observed.
    #[must_use]
    pub const fn now(&self) -> Millis {
        self.now
    }

    /// What was asked for and has not ended, by number.
    #[must_use]
    pub const fn calls(&self) -> &BTreeMap<u64, Effect> {
        &self.calls
    }

    /// What all pods cost until now, by the prices told.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a session are far below 2^53")]
    pub fn cost(&self) -> Usd {
        let each = self.pods.iter().filter_map(|pod| {
            let lived = pod.gone_at.unwrap_or(self.now).saturating_sub(pod.deployed_at?);
            Some(pod.price_per_hour?.per_hour_for(lived as f64 / 1000.0))
        });
        each.sum()
    }

    /// Working time: the wall clock without what was lost.
    pub(super) fn work(&self) -> Millis {
        self.outage.unwrap_or(self.now).saturating_sub(self.lost)
    }

    /// Index of the pod in use.
    pub(super) const fn active(&self) -> Option<usize> {
        match self.stage {
            Stage::Deploying { .. }
            | Stage::Starting
            | Stage::Warming { .. }
            | Stage::Working(_) => self.pods.len().checked_sub(1),
            _ => None,
        }
    }

    /// Told to pods.
    pub(super) const fn replacements_remaining(&self) -> u32 {
        self.plan.limits.replacements.saturating_sub(self.replacements_used)
    }
}
