//! What is due, of what is seen: pure.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexSet;
use ledger::files::audits::{Verdict, source_audit};
use ledger::files::reports::{GenerationOutcome, GenerationReport};
use ledger::{LEADER, MinerFile, Place, Round};

use super::reports::{self, Limits, NO_IMAGE};
use super::seen::Seen;
use crate::ports::Order;

/// What reports are judged by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rules {
    /// Of a repeat.
    pub limits: Limits,
}

/// An order, and of which prompts rows are wanted.
#[derive(Debug, Clone)]
pub struct Job {
    /// What is to be made.
    pub order: Order,
    /// Stems of its prompts.
    pub targets: BTreeSet<String>,
}

/// What is due.
#[derive(Debug, Clone, Default)]
pub struct Decision {
    /// To be made, in this order.
    pub jobs: Vec<Job>,
    /// To be said without making anything.
    pub reports: Vec<GenerationReport>,
    /// Disqualified: to be stopped, by hotkey, with the reason.
    pub out: BTreeMap<String, &'static str>,
    /// Disqualified, and perhaps begun by an earlier process: to be carried out with a stop that is set, so that no pod is left.
    pub to_end: Vec<Job>,
    /// What cannot be done, for people.
    pub complaints: Vec<String>,
}

/// What is due.
#[must_use]
pub fn decide(seen: &Seen, rules: &Rules) -> Decision {
    let mut due = Decision::default();
    leader(seen, &mut due);
    let requested: IndexSet<&str> =
        seen.requests.iter().map(|request| request.hotkey.as_str()).collect();
    for hotkey in requested.into_iter().filter(|hotkey| *hotkey != LEADER) {
        miner(seen, rules, hotkey, &mut due);
    }
    due
}

/// The baseline: all prompts once, without a verdict.
fn leader(seen: &Seen, due: &mut Decision) {
    let targets: BTreeSet<String> = seen.prompts.iter().map(|(stem, _)| stem.clone()).collect();
    if targets.is_empty() || reports::is_whole(&seen.baseline, &targets) {
        return;
    }
    match seen.leader.as_ref().and_then(|leader| leader.docker.clone()) {
        Some(image) if !image.is_empty() => due.jobs.push(job(seen, LEADER, image, &targets, 1)),
        _ => due.complaints.push("leader.json: the last entry has no docker image".to_owned()),
    }
}

fn miner(seen: &Seen, rules: &Rules, hotkey: &str, due: &mut Decision) {
    let report = seen.reports.get(hotkey);
    if report.is_some_and(|report| report.outcome != GenerationOutcome::Pending) {
        return;
    }
    let before = report.cloned().unwrap_or_else(|| reports::new(hotkey));
    let out = disqualified(seen, hotkey);
    if let Some(reason) = out {
        due.out.insert(hotkey.to_owned(), reason);
        if report.is_some_and(reports::is_stopped) {
            return;
        }
    }
    let is_known = seen.submissions.contains_key(hotkey);
    let build = seen.builds.get(hotkey).filter(|_| is_known);
    let Some(image) = build.and_then(|build| build.runnable()) else {
        let is_final = build.is_some_and(|build| build.status.is_final());
        if out.is_none() && (is_final || !is_known) {
            due.reports.push(reports::rejected(before, NO_IMAGE));
        }
        return;
    };
    let Some(targets) = targets(seen, hotkey) else {
        let place = Place::Miner(seen.round, hotkey.to_owned(), MinerFile::Submitted);
        due.complaints.push(format!("{place}: the file is missing; restore it"));
        return;
    };
    let wanted = seen.repeats();
    if targets.is_empty() {
        if out.is_none() {
            due.reports.push(reports::rejected(before, "Nothing was submitted to be made again"));
        }
        return;
    }
    if out.is_some() {
        due.to_end.push(job(seen, hotkey, image.to_owned(), &targets, wanted));
        return;
    }
    // What an earlier process knew and could not say any more.
    let judged = reports::verdict(before.clone(), before.repeats.clone(), wanted, rules.limits);
    if judged.outcome == GenerationOutcome::Pending {
        due.jobs.push(job(seen, hotkey, image.to_owned(), &targets, wanted));
    } else {
        due.reports.push(judged);
    }
}

/// Why a miner's outputs need not be made.
fn disqualified(seen: &Seen, hotkey: &str) -> Option<&'static str> {
    if source_audit(&seen.source_audits, hotkey).map(|audit| audit.verdict) == Some(Verdict::Failed)
    {
        return Some("source audit failed");
    }
    let verdict = seen.generation_audits.get(hotkey).and_then(|audit| audit.verdict());
    (verdict == Some(Verdict::Failed)).then_some("verification audit failed")
}

/// Prompts of which the miner submitted an asset; nothing if it is not known.
fn targets(seen: &Seen, hotkey: &str) -> Option<BTreeSet<String>> {
    let submitted = seen.submitted.get(hotkey)?;
    let is_there = |stem: &&String| submitted.get(*stem).is_some_and(|row| row.asset.is_some());
    Some(seen.prompts.iter().map(|(stem, _)| stem).filter(is_there).cloned().collect())
}

fn job(seen: &Seen, who: &str, image: String, targets: &BTreeSet<String>, repeats: u32) -> Job {
    let prompts = seen.prompts.iter().filter(|(stem, _)| targets.contains(stem)).cloned();
    let order = Order {
        round: Round(seen.round.0),
        hotkey: who.to_owned(),
        image,
        kind: seen.kind(),
        prompts: prompts.collect(),
        seed: seen.seed,
        repeats,
    };
    Job { order, targets: targets.clone() }
}
