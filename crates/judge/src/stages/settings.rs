//! Settings of the multi-stage judge: all of them are part of its evidence.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::recheck::RecheckError;
use crate::vlm::Model;

/// Settings of the multi-stage judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Who is asked.
    pub model: Model,
    /// Whether the faults of both models are asked for in words, for people: one call of ten; no verdict rests on it.
    pub explain: bool,
    /// Where draws end.
    pub thresholds: Thresholds,
}

impl Default for Settings {
    fn default() -> Self {
        Self { model: Model::default(), explain: true, thresholds: Thresholds::default() }
    }
}

impl Settings {
    pub(super) fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_else(|_| unreachable!("text and numbers"))
    }

    pub(super) fn of_json(json: &Value) -> Result<Self, RecheckError> {
        serde_json::from_value(json.clone())
            .map_err(|error| RecheckError::Settings(crate::vlm::clean(&error.to_string())))
    }
}

/// Where draws end. Penalties are from 0 to 10, differences are those of means over both orders.
///
/// The numbers are the original judge's, but for those whose line says so; it tuned them to questions of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// Front: a difference up to this is a draw.
    pub front_draw: f64,
    /// Front: where both are as bad as this on average …
    pub front_both_bad: f64,
    /// … a difference up to this is a draw.
    pub front_both_bad_draw: f64,
    /// Front: from so many views with a better side …
    pub front_split_views: usize,
    /// … the better side's views less the other's, by both, must be this at least. 0.65 asks for all of three or four.
    pub front_split_share: f64,
    /// Front: views whose two orders agree, at least. Ours: the original let one of four decide.
    pub front_views: usize,
    /// Second stage: a difference of penalties that is a vote.
    pub vote: f64,
    /// Second stage: a difference of best views that decides where nobody votes against it.
    pub strong: f64,
    /// Second stage: a difference of checklist points that is a vote.
    pub checklist_vote: i64,
    /// Second stage: a difference of checklist points that decides where nobody votes against it.
    pub checklist_strong: i64,
    /// Second stage: points for the main object. Ours: less than a vote, where the original's 3 were more than one.
    pub checklist_object: i64,
    /// Gray rescue: share of the foreground that is pale, for one of both models.
    pub gray_pale: f64,
    /// Gray rescue: share of the foreground that is without colour, for the same model.
    pub gray_colourless: f64,
    /// Gray rescue: a difference that decides.
    pub gray_decides: f64,
    /// Side guard: sides of four from which a model is a trick.
    pub guard_sides: usize,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            front_draw: 0.7,
            front_both_bad: 8.0,
            front_both_bad_draw: 1.5,
            front_split_views: 3,
            front_split_share: 0.65,
            front_views: 2,
            vote: 1.0,
            strong: 2.0,
            checklist_vote: 2,
            checklist_strong: 6,
            checklist_object: 1,
            gray_pale: 0.10,
            gray_colourless: 0.60,
            gray_decides: 2.0,
            guard_sides: 3,
        }
    }
}
