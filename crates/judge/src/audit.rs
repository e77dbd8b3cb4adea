//! What a regenerated submission has to hold up to: which duels are due, who is asked for, what is published.
//!
//! In each repeat of its regenerated outputs, or on average over them, a contestant that won must not fall clearly short of what it
//! submitted, and must beat the defender that the submission beat.

use ledger::LEADER;
use ledger::files::audits::{
    AuditRequest, AuditRequests, DuelAudit, GenerationAudit, GenerationAudits, Verdict,
};
use ledger::files::config::{AuditRule, Options};
use ledger::files::reports::GenerationOutcome;
use ledger::{Layout, hotkey10};

use crate::tournament::{Inputs, Status, Timeline};

/// The left side of the matches between what a contestant submitted and what its image made.
pub const SUBMITTED: &str = "submitted";

/// A match of regenerated outputs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditMatch {
    /// Whose outputs were made again.
    pub hotkey: String,
    /// From 1.
    pub repeat: u32,
    /// What they are compared with: [`SUBMITTED`], a hotkey, or `leader`.
    pub against: String,
}

impl AuditMatch {
    /// The left side in the matrix: `submitted_1`.
    #[must_use]
    pub fn left(&self) -> String {
        left(&self.against, self.repeat)
    }
}

/// The left side of an audit in the matrix.
#[must_use]
pub fn left(against: &str, repeat: u32) -> String {
    format!("{against}_{repeat}")
}

/// Whether a match may end before its last prompt. Under the pooled rule margins of repeats are averaged, and the margin of a match
/// that ended early is cut off there: such audits are judged to their end.
#[must_use]
pub fn may_stop(options: &Options, is_audit: bool) -> bool {
    options.sequential_stopping && !(is_audit && options.audit_rule == AuditRule::Pooled)
}

/// How the repeats of a contestant stand against somebody.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Standing {
    /// They reach the margin.
    Passed,
    /// They do not, whatever comes.
    Failed {
        /// Which of them; nothing if all of them together.
        repeat: Option<u32>,
        /// Its margin, or the mean, with 1 for those to come.
        margin: f64,
    },
    /// More repeats have to be judged.
    Open,
}

/// Means of margins are sums of fractions; this is less than any difference between two of them.
const ROUNDING: f64 = 1e-9;

impl Standing {
    /// Of a contestant's repeats against `against`, where `least` has to be reached.
    #[must_use]
    pub fn of(inputs: &Inputs<'_>, hotkey: &str, against: &str, least: f64) -> Self {
        let repeats = inputs.rules.repeats;
        let margin = |repeat| inputs.audits.get(&left(against, repeat), hotkey);
        let missing = (1..=repeats).filter(|&repeat| margin(repeat).is_none()).count();
        let failed = match inputs.rules.audits {
            AuditRule::Each => (1..=repeats).find_map(|repeat| {
                let margin = margin(repeat).filter(|margin| *margin < least)?;
                Some(Self::Failed { repeat: Some(repeat), margin })
            }),
            AuditRule::Pooled => {
                let sum: f64 = (1..=repeats).map(|repeat| margin(repeat).unwrap_or(1.0)).sum();
                let mean = sum / f64::from(repeats.max(1));
                let fails = repeats > 0 && mean < least - ROUNDING;
                fails.then_some(Self::Failed { repeat: None, margin: mean })
            }
        };
        failed.unwrap_or(if missing == 0 { Self::Passed } else { Self::Open })
    }
}

/// Matches of audits that are due, the first one first: by request, by repeat, first against what was submitted.
///
/// Not due are matches whose outcome changes nothing: of those who are out or were asked for against somebody else, and further
/// ones against a defender that one repeat failed to beat.
#[must_use]
pub fn due(inputs: &Inputs<'_>, timeline: &Timeline, requests: &[AuditRequest]) -> Vec<AuditMatch> {
    let mut due = Vec::new();
    for request in requests {
        let Some(entry) = timeline.entry(&request.hotkey) else { continue };
        let against = request.latest_defender.as_deref();
        if entry.status != Status::Won || against != Some(entry.defender.as_str()) {
            continue;
        }
        let Some(report) = inputs.reports.get(&entry.hotkey) else { continue };
        if report.outcome == GenerationOutcome::Rejected {
            continue;
        }
        let margin =
            |against: &str, repeat| inputs.audits.get(&left(against, repeat), &entry.hotkey);
        let standing =
            Standing::of(inputs, &entry.hotkey, &entry.defender, inputs.rules.win_margin);
        let failed = matches!(standing, Standing::Failed { .. });
        let mut repeats: Vec<u32> =
            report.repeats.iter().map(|repeat| repeat.repeat_index).collect();
        repeats.sort_unstable();
        repeats.dedup();
        for repeat in repeats.into_iter().filter(|r| (1..=inputs.rules.repeats).contains(r)) {
            let mut want = |against: &str| {
                if margin(against, repeat).is_none() {
                    let (hotkey, against) = (entry.hotkey.clone(), against.to_owned());
                    due.push(AuditMatch { hotkey, repeat, against });
                }
            };
            want(SUBMITTED);
            if !failed {
                want(&entry.defender);
            }
        }
    }
    due
}

/// The requests for audits: those there are, and one for everybody who won, against whom it won. A request keeps its place when
/// its defender changes; none is taken away.
#[must_use]
pub fn requests(timeline: &Timeline, current: &[AuditRequest]) -> AuditRequests {
    let mut requests = current.to_vec();
    for entry in timeline.entries.iter().filter(|entry| entry.status == Status::Won) {
        let defender = Some(entry.defender.clone());
        // Of a doubled request the last one counts.
        match requests.iter_mut().rev().find(|request| request.hotkey == entry.hotkey) {
            Some(request) => request.latest_defender = defender,
            None => requests.push(AuditRequest {
                hotkey: entry.hotkey.clone(),
                latest_defender: defender,
                critical_prompts: None,
                layout: Layout::default(),
            }),
        }
    }
    requests
}

/// The verdicts to publish, for those who were asked for: `failed` while out, with the reason, `passed` while verified. A verdict
/// that does not hold any more, because a defender fell, is withdrawn, so that the contestant's image is run again. Rows that are
/// not ours stay.
#[must_use]
pub fn verdicts(
    timeline: &Timeline,
    requests: &[AuditRequest],
    current: &GenerationAudits,
) -> GenerationAudits {
    let mut verdicts = current.clone();
    for request in requests {
        let hotkey = &request.hotkey;
        let holds = timeline.entry(hotkey).and_then(|entry| match entry.status {
            Status::Rejected => Some((Verdict::Failed, entry.reason.as_str())),
            Status::Won if entry.verified => Some((Verdict::Passed, "")),
            Status::Won | Status::Lost | Status::Pending => None,
        });
        match (holds, verdicts.get_mut(hotkey)) {
            (Some((verdict, reason)), Some(GenerationAudit::Duels(row))) => {
                row.verdict = verdict;
                row.reason = reason.to_owned();
            }
            (Some((verdict, reason)), None) => {
                let row = DuelAudit {
                    hotkey: hotkey.clone(),
                    verdict,
                    reason: reason.to_owned(),
                    layout: Layout::default(),
                };
                verdicts.insert(hotkey.clone(), GenerationAudit::Duels(row));
            }
            (None, Some(GenerationAudit::Duels(_))) => {
                verdicts.shift_remove(hotkey);
            }
            (None, None) | (_, Some(GenerationAudit::Mesh(_))) => {}
        }
    }
    verdicts
}

/// What somebody who won still owes before it can be verified: a complete report, people's audit of its source. Matches that we
/// owe are not listed.
#[must_use]
pub fn owed(inputs: &Inputs<'_>, hotkey: &str) -> Option<&'static str> {
    let report = inputs.reports.get(hotkey);
    let all_there = report.is_some_and(|report| {
        let has = |index| report.repeats.iter().any(|repeat| repeat.repeat_index == index);
        (1..=inputs.rules.repeats).all(has)
    });
    if !all_there {
        return Some("no complete generation report");
    }
    inputs.source(hotkey).is_none().then_some("no source audit")
}

/// Both margins of each repeat, if all of them are there.
#[must_use]
pub fn margins(inputs: &Inputs<'_>, hotkey: &str, defender: &str) -> Option<Vec<[f64; 2]>> {
    let margin = |against: &str, repeat| inputs.audits.get(&left(against, repeat), hotkey);
    let both = |repeat| Some([margin(SUBMITTED, repeat)?, margin(defender, repeat)?]);
    (1..=inputs.rules.repeats).map(both).collect()
}

/// Names that stand in messages: ten characters of a hotkey.
pub(crate) fn short(name: &str) -> &str {
    if name == LEADER { LEADER } else { hotkey10(name) }
}
