//! Batch: `POST /generate` with a list of stems and picture URLs, `GET /status`, `GET /results` with a ZIP; `GET /health`.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Seed;

/// Longest module, in bytes.
pub const MODULE_BYTES_MAX: usize = 1 << 20;

/// Name of the entry of the ZIP that says what failed: an object from stem to reason.
pub const MANIFEST: &str = "_failed.json";

/// Where a pod is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Models are loading.
    WarmingUp,
    /// Warm, and has had no batch yet.
    Ready,
    /// Works on a batch.
    Generating,
    /// The results of the last batch can be fetched.
    Complete,
    /// Asks to be replaced by another pod.
    Replace,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::WarmingUp, Self::Ready, Self::Generating, Self::Complete, Self::Replace];

    /// The word on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WarmingUp => "warming_up",
            Self::Ready => "ready",
            Self::Generating => "generating",
            Self::Complete => "complete",
            Self::Replace => "replace",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Answer of `GET /status?replacements_remaining=N`. What is nothing is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Where the pod is.
    pub status: State,
    /// While generating: prompts that are done or given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<u64>,
    /// While generating: prompts of the batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Diagnostics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Map<String, Value>>,
}

/// Body of `POST /generate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// What to generate.
    pub prompts: Vec<Prompt>,
    /// Seed of the round.
    pub seed: Seed,
    /// Which batch this is. Ours, the contract has none: the same identity again is the same batch, another identity is
    /// another batch even of the same stems. Without it the set of stems decides, as in the original.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_id: Option<String>,
}

/// One prompt of a [`Batch`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// Name of the result without ending: lower-case letters and digits, see [`is_stem`].
    pub stem: String,
    /// Where its picture is.
    pub image_url: String,
}

/// Body of 200 to `POST /generate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Prompts of the batch.
    pub accepted: u64,
    /// The identity asked for, by services that keep to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_id: Option<String>,
}

/// Body of 409 to `POST /generate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// [`Refused::DETAIL`].
    pub detail: String,
    /// Why not.
    pub current_status: State,
}

impl Refused {
    /// The one text.
    pub const DETAIL: &str = "Cannot accept batch";
}

/// Whether a text may be a stem: `^[a-z0-9]+$`.
#[must_use]
pub fn is_stem(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// What an orchestrator takes of a pod's results; a breach is a failed download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// `MAX_BATCH_ZIP_BYTES`.
    pub zip_bytes: usize,
    /// `MAX_BATCH_FILES`: entries of the ZIP.
    pub entries: usize,
    /// `MAX_JS_BYTES`: one module, unpacked.
    pub module_bytes: usize,
    /// `MAX_FAILED_MANIFEST_BYTES`: [`MANIFEST`], unpacked.
    pub manifest_bytes: usize,
    /// Payload of `replace` as JSON.
    pub payload_bytes: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            zip_bytes: 64 << 20,
            entries: 100,
            module_bytes: MODULE_BYTES_MAX,
            manifest_bytes: 16 << 10,
            payload_bytes: 4096,
        }
    }
}
