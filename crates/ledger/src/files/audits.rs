//! `require_audit.json`, `generation_audits.json` and `source_audit.json` of a round.

use crate::error::FieldError;
use crate::field::{Field, words};
use crate::file::{ByName, JsonFile};
use crate::json::Json;
use crate::record::{Reader, record};

record! {
    /// Asks for a miner's outputs to be made again.
    pub struct AuditRequest {
        /// Whose.
        pub hotkey: String = [required],
        /// Whom it beat: a hotkey or `leader`. Not in the mesh era.
        pub latest_defender: Option<String> = [if there],
        /// Prompts its victory hung on. Mesh era only.
        pub critical_prompts: Option<Vec<String>> = [if there],
    }
}

/// In the order of the first request of each hotkey.
pub type AuditRequests = Vec<AuditRequest>;

impl JsonFile for AuditRequests {}

words! {
    /// What an audit found.
    pub enum Verdict {
        /// All is well.
        Passed = "passed",
        /// Disqualified.
        Failed = "failed",
    }
}

record! {
    /// What people found in a miner's source.
    pub struct SourceAudit {
        /// Whose.
        pub hotkey: String = [required],
        /// What they found.
        pub verdict: Verdict = [required],
        /// Why.
        pub reason: String = [or String::new()],
    }
}

/// Of a hotkey that stands there twice the last one counts.
pub type SourceAudits = Vec<SourceAudit>;

impl JsonFile for SourceAudits {}

/// The source audit that counts for a hotkey.
#[must_use]
pub fn source_audit<'a>(audits: &'a [SourceAudit], hotkey: &str) -> Option<&'a SourceAudit> {
    audits.iter().rev().find(|audit| audit.hotkey == hotkey)
}

record! {
    /// What duels between submitted and regenerated outputs found.
    pub struct DuelAudit {
        /// Whose.
        pub hotkey: String = [required],
        /// What they found.
        pub verdict: Verdict = [required],
        /// Why.
        pub reason: String = [or String::new()],
    }
}

words! {
    /// What the mesh era's comparison of pictures found.
    pub enum MeshAuditOutcome {
        /// Under way.
        Pending = "pending",
        /// All is well.
        Passed = "passed",
        /// Disqualified.
        Rejected = "rejected",
    }
}

record! {
    /// The mesh era's comparison of pictures of submitted and regenerated outputs.
    pub struct MeshAudit {
        /// Whose.
        pub hotkey: String = [required],
        /// What it found.
        pub outcome: MeshAuditOutcome = [required],
        /// Prompts compared.
        pub checked_prompts: u32 = [or 0],
        /// Mismatches among those that are not critical.
        pub failed_prompts: u32 = [or 0],
        /// Mismatches among critical ones.
        pub failed_critical: u32 = [or 0],
        /// Seconds: the median without the six fastest and slowest.
        pub generation_time: Option<f64> = [or None],
        /// Why.
        pub reason: String = [or String::new()],
    }
}

/// Two files of one name.
#[derive(Debug, Clone, PartialEq)]
pub enum GenerationAudit {
    /// Has a `verdict`.
    Duels(DuelAudit),
    /// Has an `outcome`.
    Mesh(MeshAudit),
}

impl GenerationAudit {
    /// What it found, if it is done.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        match self {
            Self::Duels(audit) => Some(audit.verdict),
            Self::Mesh(audit) => match audit.outcome {
                MeshAuditOutcome::Pending => None,
                MeshAuditOutcome::Passed => Some(Verdict::Passed),
                MeshAuditOutcome::Rejected => Some(Verdict::Failed),
            },
        }
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Duels(audit) => &audit.reason,
            Self::Mesh(audit) => &audit.reason,
        }
    }
}

impl Field for GenerationAudit {
    fn read(json: &Json) -> Result<Self, FieldError> {
        let reader = Reader::new(json)?;
        if reader.has("outcome") && !reader.has("verdict") {
            MeshAudit::read(json).map(Self::Mesh)
        } else {
            DuelAudit::read(json).map(Self::Duels)
        }
    }

    fn plain(&self) -> Json {
        match self {
            Self::Duels(audit) => audit.plain(),
            Self::Mesh(audit) => audit.plain(),
        }
    }
}

/// By hotkey.
pub type GenerationAudits = ByName<GenerationAudit>;

impl JsonFile for GenerationAudits {}
