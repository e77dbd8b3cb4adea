//! `generation_reports.json`: what is said of a miner's image.

use std::collections::BTreeSet;

use ledger::files::outputs::Outputs;
use ledger::files::reports::{GenerationOutcome, GenerationReport, Repeat};
use ledger::json::Json;
use ledger::{Layout, Round};

use crate::notify::notices;
use crate::ports::Notice;

/// There is no image.
pub const NO_IMAGE: &str = "Failed to build a docker image";

/// The reason in a row whose prompt has no picture we could use: not the miner's fault, so not counted.
pub const PROMPT_IMAGE_MISSING: &str = "prompt_image_missing";

/// Our member of a report: why the miner's outputs are not made any more, although the report is no verdict.
pub const STOPPED: &str = "stopped";

/// What a repeat may have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Seconds.
    pub time_s: f64,
    /// Failed prompts.
    pub failures: u32,
}

/// Prompts among `targets` with an output and with a failure so far. Those without a row are neither.
#[must_use]
pub fn count(rows: &Outputs, targets: &BTreeSet<String>) -> (u32, u32) {
    let (mut generated, mut failed) = (0, 0);
    for (_, row) in rows.iter().filter(|(stem, _)| targets.contains(*stem)) {
        match row.failure_reason.as_deref() {
            Some(reason) if reason != PROMPT_IMAGE_MISSING => failed += 1,
            _ => generated += 1,
        }
    }
    (generated, failed)
}

/// Whether every target has a row.
#[must_use]
pub fn is_whole(rows: &Outputs, targets: &BTreeSet<String>) -> bool {
    targets.iter().all(|stem| rows.contains_key(stem))
}

/// A repeat as reports have it; seconds of nothing are unknown.
#[must_use]
pub fn repeat(index: u32, rows: &Outputs, targets: &BTreeSet<String>, seconds: f64) -> Repeat {
    let (generated_prompts, failed_prompts) = count(rows, targets);
    Repeat {
        repeat_index: index,
        generated_prompts,
        failed_prompts,
        generation_time: Some(seconds).filter(|seconds| seconds.is_finite() && *seconds > 0.0),
        layout: Layout::default(),
    }
}

/// What is said of whole repeats: rejected as soon as one of them breaks a limit, completed when all `wanted` are there.
#[must_use]
pub fn verdict(
    before: GenerationReport,
    mut repeats: Vec<Repeat>,
    wanted: u32,
    limits: Limits,
) -> GenerationReport {
    repeats.sort_by_key(|repeat| repeat.repeat_index);
    let reasons: Vec<String> =
        repeats.iter().flat_map(|repeat| complaints(repeat, limits)).collect();
    let is_whole = (1..=wanted).all(|index| repeats.iter().any(|one| one.repeat_index == index));
    let outcome = match (reasons.is_empty(), is_whole) {
        (false, _) => GenerationOutcome::Rejected,
        (true, true) => GenerationOutcome::Completed,
        (true, false) => GenerationOutcome::Pending,
    };
    let mut report = GenerationReport { outcome, repeats, reason: reasons.join("; "), ..before };
    if report.layout.get(STOPPED).is_some() {
        // It goes on.
        report.layout.set(STOPPED, Json::Null);
    }
    report
}

/// What is wrong with a repeat.
fn complaints(repeat: &Repeat, limits: Limits) -> Vec<String> {
    let number = repeat.repeat_index;
    let (time, most) = (repeat.generation_time.unwrap_or(0.0), limits.time_s);
    let slow = (time > most)
        .then(|| format!("Repeat {number}: time ({time:.1}s) exceeds limit ({most:.1}s)"));
    let (failed, most) = (repeat.failed_prompts, limits.failures);
    let bad = (failed > most)
        .then(|| format!("Repeat {number}: {failed} failed prompts exceed tolerance ({most})"));
    slow.into_iter().chain(bad).collect()
}

/// Nothing is known yet.
#[must_use]
pub fn new(hotkey: &str) -> GenerationReport {
    GenerationReport {
        hotkey: hotkey.to_owned(),
        outcome: GenerationOutcome::Pending,
        repeats: Vec::new(),
        reason: String::new(),
        layout: Layout::default(),
    }
}

/// Rejected, with what is known of the repeats.
#[must_use]
pub fn rejected(before: GenerationReport, reason: impl Into<String>) -> GenerationReport {
    GenerationReport { outcome: GenerationOutcome::Rejected, reason: reason.into(), ..before }
}

/// No verdict; nothing more is made for this reason.
#[must_use]
pub fn stopped(mut before: GenerationReport, reason: &str) -> GenerationReport {
    before.layout.set(STOPPED, Json::from(reason));
    before
}

/// Whether nothing more is made of it.
#[must_use]
pub fn is_stopped(report: &GenerationReport) -> bool {
    report.layout.get(STOPPED).and_then(Json::as_str).is_some_and(|reason| !reason.is_empty())
}

/// For people, of a report that is final.
pub(super) fn notice(round: Round, report: &GenerationReport) -> Notice {
    let verdict = match report.outcome {
        GenerationOutcome::Rejected => Err(report.reason.as_str()),
        GenerationOutcome::Completed | GenerationOutcome::Pending => Ok(()),
    };
    notices::generation_report(round, &report.hotkey, verdict)
}
