//! A verdict again, from its evidence.

use ledger::files::duels::DuelWinner;
use ledger::json::Json;

use crate::{Description, Evidence, perceptual, single, stages};

/// Why evidence gives no verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecheckError {
    /// There is no such judge here.
    #[error("no judge {name} of version {version} is known here")]
    UnknownJudge {
        /// What the evidence calls it.
        name: String,
        /// Of its questions and rules.
        version: u32,
    },
    /// The judge's settings cannot be read.
    #[error("settings of the judge: {0}")]
    Settings(String),
    /// The rules ask for something that is not there: a call or a figure, by its label.
    #[error("the evidence lacks {0}")]
    Lacks(String),
    /// Something that the rules never ask for, or in another place, by its label.
    #[error("the evidence has {0}, which the rules do not ask for there")]
    Surplus(String),
    /// A call whose request is not the question that the rules ask.
    #[error("the request of {0} is not what the rules ask")]
    Request(String),
    /// A figure that cannot be.
    #[error("figure {name}: {message}")]
    Figure {
        /// Which.
        name: String,
        /// What is wrong with it.
        message: String,
    },
    /// By the rules, such evidence ends without a verdict.
    #[error("no verdict follows from it: {0}")]
    NoVerdict(String),
}

impl RecheckError {
    /// That there is no such judge here.
    pub(crate) fn unknown(judge: &Description) -> Self {
        Self::UnknownJudge { name: crate::vlm::clean(&judge.name), version: judge.version }
    }
}

/// Works a verdict out again: who won, and the detail for the report of the match. It asks nobody and reads nothing.
///
/// # Errors
///
/// [`RecheckError`].
pub fn recheck(evidence: &Evidence) -> Result<(DuelWinner, Json), RecheckError> {
    match evidence.judge.name.as_str() {
        stages::NAME => stages::decide(evidence),
        single::NAME => single::decide(evidence),
        perceptual::NAME => perceptual::decide(evidence),
        _ => Err(RecheckError::unknown(&evidence.judge)),
    }
}
