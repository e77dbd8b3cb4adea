//! Who beats whom: the timeline of a round, and which matches are due.
//!
//! A timeline is never stored: it follows from the matrices, the reports and the audits of its round. Contestants challenge in
//! the order of their reveals. A rejection takes one out, and those behind it face the defender before it.

mod due;

pub use due::{EXPLORATION_DEPTH, Play, due};

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ledger::LEADER;
use ledger::files::audits::{SourceAudit, Verdict, source_audit};
use ledger::files::config::{AuditRule, Config, Crown};
use ledger::files::matrix::Matrix;
use ledger::files::reports::{GenerationOutcome, GenerationReports};

use crate::audit::{SUBMITTED, Standing, short};

/// Characters of a reason from somebody else's file, at most.
pub const REASON_MAX: usize = 64;

/// The rules of a round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rules {
    /// A challenger wins from this margin on.
    pub win_margin: f64,
    /// A regenerated submission passes down to the negative of this.
    pub self_audit_margin: f64,
    /// How often a winner's outputs are made again.
    pub repeats: u32,
    /// What a victory rests on.
    pub crown: Crown,
    /// Which repeats have to reach the margin.
    pub audits: AuditRule,
}

impl Rules {
    /// As the operator chose them.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let options = config.options();
        Self {
            win_margin: config.win_margin,
            self_audit_margin: options.self_audit_margin.unwrap_or(config.win_margin),
            repeats: config.repeats(),
            crown: options.crown,
            audits: options.audit_rule,
        }
    }
}

/// Intervals of matches by defender and challenger, from their reports.
pub type Intervals = BTreeMap<(String, String), [f64; 2]>;

/// What a timeline follows from.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The rules.
    pub rules: Rules,
    /// Who takes part, in the order in which they challenge; see `ledger::files::submissions::in_order`.
    pub order: &'a [&'a str],
    /// `matches_matrix.csv`.
    pub matches: &'a Matrix,
    /// Of matches with reports. Looked at only where a crown rests on them; a match without one was a walkover.
    pub intervals: &'a Intervals,
    /// `audit_matrix.csv`.
    pub audits: &'a Matrix,
    /// `generation_reports.json`.
    pub reports: &'a GenerationReports,
    /// `source_audit.json`.
    pub sources: &'a [SourceAudit],
    /// Who is out for another reason, by hotkey: who owed something at the deadline.
    pub rejected: &'a BTreeMap<String, String>,
}

impl Inputs<'_> {
    /// What people found in a contestant's source.
    #[must_use]
    pub fn source(&self, hotkey: &str) -> Option<Verdict> {
        source_audit(self.sources, hotkey).map(|audit| audit.verdict)
    }

    /// Whether a challenger beats a defender with this margin.
    #[must_use]
    pub fn beats(&self, defender: &str, hotkey: &str, margin: f64) -> bool {
        let above_zero = || {
            let pair = (defender.to_owned(), hotkey.to_owned());
            // A walkover has no interval, and leaves nothing to doubt.
            self.intervals.get(&pair).is_none_or(|interval| interval[0] > 0.0)
        };
        margin >= self.rules.win_margin && (self.rules.crown == Crown::Margin || above_zero())
    }

    /// Why somebody is out whatever its matches say; nothing if nothing speaks against it.
    #[must_use]
    pub fn barred(&self, hotkey: &str) -> Option<String> {
        let cut = |what: &str, reason: &str| match reason.trim() {
            "" => what.to_owned(),
            reason => format!("{what}: {}", clean(reason)),
        };
        if let Some(report) = self.reports.get(hotkey)
            && report.outcome == GenerationOutcome::Rejected
        {
            return Some(cut("generation report", &report.reason));
        }
        if let Some(audit) = source_audit(self.sources, hotkey)
            && audit.verdict == Verdict::Failed
        {
            return Some(cut("source audit", &audit.reason));
        }
        self.rejected.get(hotkey).map(|reason| clean(reason))
    }
}

/// Without control characters, [`REASON_MAX`] characters at most.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(REASON_MAX).collect()
}

/// How somebody who beat the leader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Out.
    Rejected,
    /// Its match against the defender is to be played.
    Pending,
    /// The defender stays.
    Lost,
    /// It is the defender from here on.
    Won,
}

/// One who beat the leader.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Who.
    pub hotkey: String,
    /// How it stands.
    pub status: Status,
    /// Whom it faces: a hotkey, or `leader`.
    pub defender: String,
    /// Against the defender, if they met.
    pub margin: Option<f64>,
    /// Its audits are done and passed, and so are those of everybody it rests on.
    pub verified: bool,
    /// Why it is out; otherwise empty.
    pub reason: String,
}

/// The order of things in a round.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timeline {
    /// Those who beat the leader, in the order in which they challenge.
    pub entries: Vec<Entry>,
    /// Who has still to meet the leader, in order.
    pub unqualified: Vec<String>,
}

impl Timeline {
    /// Who would win if nothing changed any more: a hotkey, or `leader`.
    #[must_use]
    pub fn winner(&self) -> &str {
        let last = self.entries.iter().rev().find(|entry| entry.status == Status::Won);
        last.map_or(LEADER, |entry| &entry.hotkey)
    }

    /// Nothing changes any more: everybody has met the leader, nobody is pending, and everybody who won is verified.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.unqualified.is_empty()
            && self.entries.iter().all(|entry| match entry.status {
                Status::Rejected | Status::Lost => true,
                Status::Pending => false,
                Status::Won => entry.verified,
            })
    }

    /// The next match between defender and challenger, if one is pending.
    #[must_use]
    pub fn next(&self) -> Option<(&str, &str)> {
        let pending = self.entries.iter().find(|entry| entry.status == Status::Pending);
        pending.map(|entry| (entry.defender.as_str(), entry.hotkey.as_str()))
    }

    /// The entry of a hotkey, if it beat the leader.
    #[must_use]
    pub fn entry(&self, hotkey: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.hotkey == hotkey)
    }

    /// For people: a line for the leader, one for each entry, and one for who leads now.
    #[must_use]
    pub fn text(&self) -> String {
        if self.entries.is_empty() {
            return "leader (no qualifiers)".to_owned();
        }
        let mut text = LEADER.to_owned();
        let mut number = 0;
        for entry in &self.entries {
            number += 1;
            let who = short(&entry.hotkey);
            let defender = short(&entry.defender);
            let margin = entry.margin.map_or_else(String::new, percent);
            let outcome = match entry.status {
                Status::Pending => "pending".to_owned(),
                Status::Lost => format!("lost to {defender} ({margin})"),
                Status::Rejected => format!("rejected: {}", entry.reason),
                Status::Won => {
                    let verified = if entry.verified { "verified" } else { "unverified" };
                    format!("won {margin} vs {defender}  [{verified}]")
                }
            };
            // Writing to a string does not fail.
            write!(text, "\n  {number}. {who} {outcome}").ok();
        }
        if self.winner() != LEADER {
            write!(text, "\nCurrent leader: {}", short(self.winner())).ok();
        }
        text
    }
}

/// A margin for people: `+5.47%`.
#[must_use]
pub fn percent(margin: f64) -> String {
    format!("{:+.2}%", margin * 100.0)
}

/// The timeline.
#[must_use]
pub fn derive(inputs: &Inputs<'_>) -> Timeline {
    derive_without(inputs, &BTreeSet::new())
}

/// The timeline as it would be without some.
fn derive_without(inputs: &Inputs<'_>, without: &BTreeSet<&str>) -> Timeline {
    let mut timeline = Timeline::default();
    let mut defender = LEADER;
    let mut defender_verified = true;
    for &hotkey in inputs.order {
        let barred = inputs.barred(hotkey);
        let Some(qualifying) = inputs.matches.get(LEADER, hotkey) else {
            if barred.is_none() && !without.contains(hotkey) {
                timeline.unqualified.push(hotkey.to_owned());
            }
            continue;
        };
        if !inputs.beats(LEADER, hotkey, qualifying) {
            continue;
        }
        let mut entry = Entry {
            hotkey: hotkey.to_owned(),
            status: Status::Pending,
            defender: defender.to_owned(),
            margin: inputs.matches.get(defender, hotkey),
            verified: false,
            reason: String::new(),
        };
        let failed = || failed_audit(inputs, hotkey, defender, defender_verified);
        if without.contains(hotkey) {
            entry.status = Status::Rejected;
        } else if let Some(reason) = barred.or_else(failed) {
            entry.status = Status::Rejected;
            entry.reason = reason;
        } else if let Some(margin) = entry.margin {
            if inputs.beats(defender, hotkey, margin) {
                entry.status = Status::Won;
                entry.verified = defender_verified && is_verified(inputs, hotkey, defender);
                defender = hotkey;
                defender_verified = entry.verified;
            } else {
                entry.status = Status::Lost;
            }
        }
        timeline.entries.push(entry);
    }
    timeline
}

/// The first audit that a contestant failed. Against a defender that may itself fall, failing counts for nothing yet.
fn failed_audit(
    inputs: &Inputs<'_>,
    hotkey: &str,
    defender: &str,
    defender_verified: bool,
) -> Option<String> {
    let failed = |against: &str, least: f64| {
        let standing = Standing::of(inputs, hotkey, against, least);
        let [why, margin] = match standing {
            Standing::Failed { repeat: Some(repeat), margin } => {
                [format!("#{repeat}"), percent(margin)]
            }
            Standing::Failed { repeat: None, margin } => {
                [format!("#1 to #{}", inputs.rules.repeats), percent(margin)]
            }
            Standing::Passed | Standing::Open => return None,
        };
        Some(format!("{} vs generated {why}: {margin}", short(against)))
    };
    failed(SUBMITTED, -inputs.rules.self_audit_margin).or_else(|| {
        if defender_verified { failed(defender, inputs.rules.win_margin) } else { None }
    })
}

/// Whether the audits of a contestant are there and passed.
fn is_verified(inputs: &Inputs<'_>, hotkey: &str, defender: &str) -> bool {
    let passed = |against: &str, least: f64| {
        Standing::of(inputs, hotkey, against, least) == Standing::Passed
    };
    let rules = &inputs.rules;
    inputs.source(hotkey) == Some(Verdict::Passed)
        && passed(SUBMITTED, -rules.self_audit_margin)
        && passed(defender, rules.win_margin)
}

#[cfg(test)]
mod tests;
