//! What goes in and out of a session: observations, effects, answers.

use std::collections::BTreeMap;

use pod::wire::batch::{Batch, State, Status};
use serde::{Deserialize, Serialize};

use super::Millis;
use crate::provider::Seen;

/// What was observed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observation {
    /// The session begins.
    Began,
    /// The process that ran it is another one now; what it had asked for may have happened or not.
    Restarted,
    /// Time has passed.
    Tick,
    /// Whoever ordered the session wants it no more.
    Stop {
        /// Why.
        reason: String,
    },
    /// A call has ended.
    Answer {
        /// Its number.
        call: u64,
        /// How.
        answer: Answer,
    },
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Begin this and observe its answer.
    Do {
        /// Number of the call.
        call: u64,
        /// What.
        effect: Effect,
    },
    /// Drop a call that is on its way; its answer no longer counts.
    Cancel {
        /// Number of the call.
        call: u64,
    },
}

/// What can be done. Each names all it needs, and may be done twice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Ask a provider for a pod. Done twice it makes two, so after a crash [`Effect::Find`] comes first.
    Deploy {
        /// Who.
        provider: String,
        /// Which pod of the session, from 0.
        pod: usize,
        /// What to call it.
        name: String,
    },
    /// Look through all pods of a provider for the session's.
    Find {
        /// Who.
        provider: String,
        /// This name only; all names of the session when nothing.
        name: Option<String>,
    },
    /// Ask a provider for one pod.
    Look {
        /// Who.
        provider: String,
        /// Which.
        id: String,
    },
    /// Ask a pod whether it accepts connections.
    Health {
        /// Whose pod.
        provider: String,
        /// Where.
        url: String,
    },
    /// Ask a pod how it is.
    Status {
        /// Whose pod.
        provider: String,
        /// Where.
        url: String,
        /// Told to the pod.
        replacements_remaining: u32,
    },
    /// Hand a batch over.
    Submit {
        /// Whose pod.
        provider: String,
        /// Where.
        url: String,
        /// What.
        batch: Batch,
    },
    /// Fetch the results of a batch and keep the modules of these stems.
    Fetch {
        /// Whose pod.
        provider: String,
        /// Where.
        url: String,
        /// Which repeat, from 1.
        repeat: u32,
        /// Which stems.
        stems: Vec<String>,
    },
    /// Get the last lines a pod printed.
    Logs {
        /// Who.
        provider: String,
        /// Which.
        id: String,
    },
    /// Ask a provider to delete a pod.
    Delete {
        /// Who.
        provider: String,
        /// Which.
        id: String,
    },
}

/// How a call ended: the variant of the same name as the effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// To [`Effect::Deploy`].
    Deploy(Result<Seen, DeployFault>),
    /// To [`Effect::Find`].
    Find(Result<Found, String>),
    /// To [`Effect::Look`].
    Look(Result<Option<Seen>, String>),
    /// To [`Effect::Health`].
    Health(Result<(), String>),
    /// To [`Effect::Status`].
    Status(Result<Status, String>),
    /// To [`Effect::Submit`].
    Submit(Result<Taken, SubmitFault>),
    /// To [`Effect::Fetch`].
    Fetch(Result<Fetched, FetchFault>),
    /// To [`Effect::Logs`]; empty when there are none to be had.
    Logs(Vec<String>),
    /// To [`Effect::Delete`].
    Delete(Result<(), String>),
}

/// Pods of the session that a provider has.
pub type Found = Vec<Seen>;

/// Why there is no pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeployFault {
    /// Perhaps later, perhaps elsewhere.
    Later {
        /// What was said.
        detail: String,
        /// When to come back, where said.
        after: Option<Millis>,
        /// The request may have got through all the same.
        is_unclear: bool,
    },
    /// Not with this provider.
    Never {
        /// What was said.
        detail: String,
    },
    /// Half-way, and this is left.
    Orphan {
        /// What the provider calls it.
        id: String,
        /// What was said.
        detail: String,
    },
}

/// A batch that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Prompts, as the pod says.
    pub accepted: Option<u64>,
    /// Whether the pod answered with the identity of the batch.
    pub keeps_identity: bool,
}

/// Why a batch was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubmitFault {
    /// 409.
    Refused {
        /// Where the pod is, when it says so.
        state: Option<State>,
    },
    /// Anything else, after all attempts.
    Failed {
        /// What.
        detail: String,
    },
}

/// Results that were fetched and kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetched {
    /// One row for each stem asked for.
    pub rows: BTreeMap<String, Row>,
    /// Stems in the results that nobody asked for.
    pub others: u64,
    /// Of the ZIP, hexadecimal.
    pub archive_sha256: String,
    /// Of the ZIP.
    pub archive_bytes: u64,
    /// What was noticed and is no failure.
    pub notes: Vec<String>,
}

/// What became of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Row {
    /// There is a module, and it was kept.
    Made {
        /// Hexadecimal.
        sha256: String,
        /// Its length.
        bytes: u64,
    },
    /// There is none.
    Failed {
        /// The pod's words, cut and cleaned, or that it is missing.
        reason: String,
    },
}

impl Row {
    /// Whether there is none.
    #[must_use]
    pub const fn is_failed(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }
}

/// Why there are no results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FetchFault {
    /// What the pod sent is no good, or it sent nothing.
    Pod {
        /// What.
        detail: String,
    },
    /// The results are fine, but could not be kept here.
    Ours {
        /// Why.
        detail: String,
    },
}
