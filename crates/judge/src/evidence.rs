//! What verdicts rest on: hashes of inputs, every answer of a model, every figure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Description, Duel};

/// What a verdict rests on. With it, the verdict is a pure function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Which judge.
    pub judge: Description,
    /// Which duel.
    pub duel: Duel,
    /// SHA-256, in hex, of what was read, by URL.
    pub inputs: BTreeMap<String, String>,
    /// Calls of a model, in the order of the judge's plan, not of time; empty for judges without one.
    pub calls: Vec<Call>,
    /// Figures of a judge without a model.
    pub figures: serde_json::Value,
}

/// One question to a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Which question: `s1_prompt_match/front_left/ab` …
    pub label: String,
    /// From 0; malformed answers are asked for again.
    pub attempt: u32,
    /// Of the body of the request, in hex. A picture that was sent inside stands in it as `sha256:` and its hash.
    pub request_sha256: String,
    /// What came back.
    pub outcome: Outcome,
    /// From request to answer.
    pub latency_ms: u64,
}

impl Call {
    /// Bytes of what came back.
    pub(crate) fn text_bytes(&self) -> usize {
        let (Outcome::Answer(text) | Outcome::Refused(text)) = &self.outcome;
        text.len()
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The model's text, raw.
    Answer(String),
    /// The endpoint said no, for good: a status and at most 200 characters.
    Refused(String),
}
