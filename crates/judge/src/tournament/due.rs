//! Which matches are due: against the leader, audits, along the timeline, and ahead of need.

use std::collections::BTreeSet;

use ledger::LEADER;
use ledger::files::audits::AuditRequest;

use super::{Inputs, Status, Timeline, derive_without};
use crate::audit::{self, AuditMatch};

/// So many rejections at once are prepared for while there is nothing else to do.
pub const EXPLORATION_DEPTH: usize = 2;

/// A match that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Play {
    /// Everybody meets the leader first.
    Qualification {
        /// Who.
        hotkey: String,
    },
    /// Regenerated outputs.
    Audit(AuditMatch),
    /// A challenger meets the defender.
    Timeline {
        /// Who defends.
        defender: String,
        /// Who challenges.
        hotkey: String,
    },
    /// A match that is needed only if somebody is rejected.
    Ahead {
        /// Who would defend.
        defender: String,
        /// Who would challenge.
        hotkey: String,
    },
}

impl Play {
    /// The left and the right side in the matrix.
    #[must_use]
    pub fn sides(&self) -> (String, &str) {
        match self {
            Self::Qualification { hotkey } => (LEADER.to_owned(), hotkey),
            Self::Audit(audit) => (audit.left(), &audit.hotkey),
            Self::Timeline { defender, hotkey } | Self::Ahead { defender, hotkey } => {
                (defender.clone(), hotkey)
            }
        }
    }
}

/// All matches that are due, the most urgent first: against the leader; then audits, matches of the timeline, and matches ahead of
/// need. Those behind the first are for when it cannot be played yet.
///
/// Ahead of need are the matches that follow if one of those who may still be rejected is, then if two are, up to `depth`.
#[must_use]
pub fn due(
    inputs: &Inputs<'_>,
    timeline: &Timeline,
    requests: &[AuditRequest],
    depth: usize,
) -> Vec<Play> {
    let mut due: Vec<Play> = Vec::new();
    due.extend(timeline.unqualified.iter().cloned().map(|hotkey| Play::Qualification { hotkey }));
    due.extend(audit::due(inputs, timeline, requests).into_iter().map(Play::Audit));
    if !timeline.unqualified.is_empty() {
        return due;
    }
    let mut known = BTreeSet::new();
    for (defender, hotkey) in pending(timeline) {
        known.insert((defender.to_owned(), hotkey.to_owned()));
        due.push(Play::Timeline { defender: defender.to_owned(), hotkey: hotkey.to_owned() });
    }
    if !timeline.is_final() {
        ahead(inputs, timeline, depth, &mut known, &mut due);
    }
    due
}

fn pending(timeline: &Timeline) -> impl Iterator<Item = (&str, &str)> {
    let pending = timeline.entries.iter().filter(|entry| entry.status == Status::Pending);
    pending.map(|entry| (entry.defender.as_str(), entry.hotkey.as_str()))
}

fn ahead(
    inputs: &Inputs<'_>,
    timeline: &Timeline,
    depth: usize,
    known: &mut BTreeSet<(String, String)>,
    due: &mut Vec<Play>,
) {
    let mut worlds: Vec<(BTreeSet<&str>, Timeline)> = vec![(BTreeSet::new(), timeline.clone())];
    let mut seen: BTreeSet<BTreeSet<&str>> = BTreeSet::new();
    for _ in 0..depth {
        let mut next = Vec::new();
        for (without, world) in &worlds {
            for &hotkey in inputs.order {
                let may_fall = world
                    .entry(hotkey)
                    .is_some_and(|entry| entry.status == Status::Won && !entry.verified);
                let mut without = without.clone();
                if !may_fall || !without.insert(hotkey) || !seen.insert(without.clone()) {
                    continue;
                }
                let world = derive_without(inputs, &without);
                for (defender, hotkey) in pending(&world) {
                    let (defender, hotkey) = (defender.to_owned(), hotkey.to_owned());
                    if known.insert((defender.clone(), hotkey.clone())) {
                        due.push(Play::Ahead { defender, hotkey });
                    }
                }
                next.push((without, world));
            }
        }
        worlds = next;
    }
}
