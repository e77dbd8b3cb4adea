//! What a session says of a miner, in the words of the competition's files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Millis, Outcome, Session};

/// An entry of `generation_reports.json`, without the hotkey.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The verdict.
    pub outcome: Verdict,
    /// Whole repeats; of a rejected one, those that were begun, too.
    pub repeats: Vec<RepeatReport>,
    /// Why it is rejected.
    pub reason: Option<String>,
}

/// What is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Repeats are missing, and all is fine so far.
    Pending,
    /// All is fine.
    Completed,
    /// A limit is broken.
    Rejected,
}

/// One repeat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RepeatReport {
    /// From 1.
    pub repeat_index: u32,
    /// Prompts with a module.
    pub generated_prompts: usize,
    /// The others.
    pub failed_prompts: usize,
    /// Seconds; nothing when nothing was generated.
    pub generation_time: Option<f64>,
}

/// An entry of `pod_stats.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PodStats {
    /// Name of the pod.
    pub pod_id: String,
    /// From 1.
    pub repeat_index: u32,
    /// Who ran it.
    pub provider: String,
    /// Seconds of each batch that ended well.
    pub batch_times: Vec<f64>,
    /// Their sum.
    pub total_generation_time: f64,
    /// See [`super::PodEnd::word`]; nothing while it works.
    pub termination_reason: Option<String>,
    /// What it said when it asked to be replaced.
    pub payload: Option<Map<String, Value>>,
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a session are far below 2^53")]
fn seconds(time: Millis) -> f64 {
    time as f64 / 1000.0
}

impl Session {
    /// What can be said of the miner now: nothing before the first whole repeat, and nothing at the end when the session was
    /// stopped or could not be held, unless everything was made.
    #[must_use]
    pub fn report(&self) -> Option<Report> {
        let is_silent =
            matches!(self.outcome, Some(Outcome::Stopped { .. } | Outcome::Unavailable { .. }));
        match self.outcome {
            Some(Outcome::NeverReady) => Some(Report {
                outcome: Verdict::Rejected,
                repeats: Vec::new(),
                reason: Some("Failed to deploy a docker image".to_owned()),
            }),
            // What was not made counts as failed.
            Some(Outcome::BudgetSpent) => Some(self.judged(|_| true, true)),
            Some(Outcome::Lost) => Some(self.judged(|index| self.is_begun(index), false)),
            Some(Outcome::Finished) => Some(self.judged(|_| true, false)),
            None | Some(Outcome::Stopped { .. } | Outcome::Unavailable { .. }) => {
                if !self.is_whole(0) {
                    return None;
                }
                let report = self.judged(|index| self.is_whole(index), false);
                if report.outcome == Verdict::Rejected {
                    return Some(report);
                }
                let is_all = (0..self.repeats.len()).all(|index| self.is_whole(index));
                let outcome = if is_all { Verdict::Completed } else { Verdict::Pending };
                (is_all || !is_silent).then_some(Report { outcome, ..report })
            }
        }
    }

    fn is_whole(&self, index: usize) -> bool {
        self.repeats.get(index).is_some_and(|repeat| repeat.rows.len() >= self.plan.prompts.len())
    }

    fn is_begun(&self, index: usize) -> bool {
        self.repeats.get(index).is_some_and(|repeat| !repeat.batches.is_empty())
    }

    fn judged(&self, is_told: impl Fn(usize) -> bool, missing_fails: bool) -> Report {
        let limits = &self.plan.limits;
        let mut repeats = Vec::new();
        let mut reasons = Vec::new();
        for (index, repeat) in self.repeats.iter().enumerate() {
            let number = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
            if !is_told(index) {
                continue;
            }
            let generated = repeat.rows.values().filter(|row| !row.is_failed()).count();
            let asked = if missing_fails { self.plan.prompts.len() } else { repeat.rows.len() };
            let failed = asked - generated;
            repeats.push(RepeatReport {
                repeat_index: number,
                generated_prompts: generated,
                failed_prompts: failed,
                generation_time: (repeat.spent > 0).then(|| seconds(repeat.spent)),
            });
            if let Some(limit) = limits.generation.filter(|limit| repeat.spent > *limit) {
                let (time, limit) = (seconds(repeat.spent), seconds(limit));
                reasons.push(format!(
                    "Repeat {number}: time ({time:.1}s) exceeds limit ({limit:.1}s)"
                ));
            }
            if let Some(most) = limits.failures.filter(|most| failed > *most as usize) {
                reasons.push(format!(
                    "Repeat {number}: {failed} failed prompts exceed tolerance ({most})"
                ));
            }
        }
        let is_fine = reasons.is_empty();
        Report {
            outcome: if is_fine { Verdict::Completed } else { Verdict::Rejected },
            repeats,
            reason: (!is_fine).then(|| reasons.join("; ")),
        }
    }

    /// Statistics of pods by `POD-rREPEAT`, for the repeats that each pod had a batch of.
    #[must_use]
    pub fn pod_stats(&self) -> BTreeMap<String, PodStats> {
        let mut stats = BTreeMap::new();
        for (index, pod) in self.pods.iter().enumerate() {
            let has_batch =
                |at: &usize| self.repeats[*at].batches.iter().any(|batch| batch.pod == index);
            let repeats: Vec<usize> = (0..self.repeats.len()).filter(has_batch).collect();
            for at in &repeats {
                let is_last = Some(at) == repeats.last();
                let repeat_index = u32::try_from(*at).unwrap_or(u32::MAX).saturating_add(1);
                let batches = self.repeats[*at].batches.iter();
                let done =
                    batches.filter(|batch| batch.pod == index && batch.archive_sha256.is_some());
                let batch_times: Vec<f64> =
                    done.filter_map(|batch| batch.took).map(seconds).collect();
                // The repeats before the last one it had were whole when it went on.
                let reason = if is_last {
                    pod.end.as_ref().map(|end| end.word().to_owned())
                } else {
                    Some("completed".to_owned())
                };
                let entry = PodStats {
                    pod_id: pod.name.clone(),
                    repeat_index,
                    provider: pod.provider.clone(),
                    total_generation_time: batch_times.iter().sum(),
                    batch_times,
                    termination_reason: reason,
                    payload: if is_last { pod.payload.clone() } else { None },
                };
                stats.insert(format!("{}-r{repeat_index}", pod.name), entry);
            }
        }
        stats
    }
}
