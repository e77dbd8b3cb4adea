//! Has the leader's and the audited miners' images make a round's outputs: an owner for the stages `miner_generation`,
//! `downloading` and `duels`.
//!
//! What is to be done follows from the files at one commit: [`decide`], [`track`] and [`reports`] are functions of them. What is
//! made goes to the store first, then as a row into `generated_{r}.json`; rows, reports and statistics go through the journalled
//! batcher, so what was acknowledged to [`Works`](crate::ports::Works) survives a crash of this process.
//!
//! A row is written once and whole: asset and pictures are in the store by then. What fails for reasons of ours (store, prompt
//! server, renderer) is no row; it is brought again.

mod decide;
mod desk;
mod end;
mod merge;
pub mod reports;
mod seen;
mod sight;
mod sink;
mod track;
mod turn;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chain::Pending;
use ledger::Stage;
use serde::Deserialize;

pub use decide::{Decision, Job, Rules, decide};
pub use seen::Seen;
pub use track::{all_final, tag, track};

use crate::outbox::Outbox;
use crate::owner::{Owner, Turn, TurnError};
use crate::ports::Ports;

/// Stages with work for the orchestrator.
pub const STAGES: [Stage; 3] = [Stage::MinerGeneration, Stage::Downloading, Stage::Duels];

/// Different things that people are told of one process.
const TOLD_MAX: usize = 1000;

/// Settings; times in seconds.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Between two looks at builds that are under way.
    pub check_build_interval_s: u64,
    /// From the first look at a submission to its build being given up; for a sixth of it, builds were looked at on end then.
    pub build_timeout_s: u64,
    /// Between two looks for audit requests and verdicts.
    pub check_audit_interval_s: u64,
    /// Orders at once, the leader's included. How many pods they may have together is a setting of the works.
    pub max_concurrent_miners: usize,
    /// Between the starts of two orders.
    pub stagger_s: f64,
    /// A repeat that took longer is rejected.
    pub total_generation_time_limit_s: f64,
    /// A repeat with more failed prompts is rejected.
    pub max_mismatched_prompts: u32,
    /// Between two commits of rows; reports are committed at once.
    pub write_interval_s: u64,
    /// After an order that could not be carried out for reasons of ours; doubled with each further time, up to half an hour.
    pub retry_s: u64,
    /// Assets drawn and stored at the same time.
    pub storing_max: usize,
    /// For one prompt's picture.
    pub prompt_timeout_s: u64,
    /// Of one prompt's picture.
    pub prompt_bytes_max: usize,
    /// Beginning of keys in the store.
    pub storage_root_folder: String,
}

impl Default for Settings {
    /// The original's, but audits are looked for every 30 s instead of every 120: a disqualified miner's pods cost until then.
    fn default() -> Self {
        Self {
            check_build_interval_s: 120,
            build_timeout_s: 10_800,
            check_audit_interval_s: 30,
            max_concurrent_miners: 4,
            stagger_s: 5.0,
            total_generation_time_limit_s: 7200.0,
            max_mismatched_prompts: 12,
            write_interval_s: 600,
            retry_s: 60,
            storing_max: 8,
            prompt_timeout_s: 120,
            prompt_bytes_max: 32 << 20,
            storage_root_folder: "rounds".to_owned(),
        }
    }
}

impl Settings {
    fn rules(&self) -> Rules {
        Rules {
            limits: reports::Limits {
                time_s: self.total_generation_time_limit_s,
                failures: self.max_mismatched_prompts,
            },
        }
    }

    fn stagger(&self) -> Duration {
        Duration::try_from_secs_f64(self.stagger_s).unwrap_or_default()
    }
}

/// Has images make outputs.
#[derive(Debug)]
pub struct Orchestrator {
    settings: Settings,
    told: Told,
    outbox: Outbox,
    sight: sight::Sight,
}

/// What people were told of one process, so as not to tell it every turn.
#[derive(Debug, Default)]
struct Told(Mutex<BTreeSet<String>>);

impl Told {
    /// Whether it is to be told.
    fn is_new(&self, text: String) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.len() < TOLD_MAX && told.insert(text)
    }
}

impl Orchestrator {
    /// By settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let (told, sight) = (Told::default(), sight::Sight::default());
        Self { settings, told, outbox: Outbox::new("orchestrator"), sight }
    }
}

impl Owner for Orchestrator {
    fn name(&self) -> &'static str {
        "orchestrator"
    }

    /// As long as orders are under way the turn goes on; it looks at the state again meanwhile.
    fn turn<'a>(&'a mut self, ports: &'a Ports) -> Pending<'a, Result<Turn, TurnError>> {
        Box::pin(turn::turn(&self.settings, ports, &self.outbox, &self.told, &mut self.sight))
    }
}
