//! Who leads after a round, and with which weight.

use ledger::LEADER;
use ledger::files::config::Config;
use ledger::files::leader::LeaderEntry;
use ledger::files::winner::Winner;

/// How a round ended.
#[derive(Debug, Clone, Copy)]
pub enum Ending<'a> {
    /// There is a `winner.json`.
    Won(&'a Winner),
    /// Nobody submitted anything, so the leader defended. The original has no `winner.json` then, and stops.
    NoSubmissions,
}

/// What follows for `leader.json`.
#[derive(Debug, Clone, PartialEq)]
pub enum Transition {
    /// Nothing: the leader defended and its weight is at the floor, or below it.
    Unchanged,
    /// The leader defended and its weight decays: this entry is added.
    Decayed(LeaderEntry),
    /// Another leads: this entry is added.
    Changed(LeaderEntry),
}

impl Transition {
    /// The entry to add.
    #[must_use]
    pub fn entry(&self) -> Option<&LeaderEntry> {
        match self {
            Self::Unchanged => None,
            Self::Decayed(entry) | Self::Changed(entry) => Some(entry),
        }
    }
}

/// What `leader.json` gets after a round: `latest` is its last entry, `effective_block` the block at which the next round
/// starts, or would start.
///
/// A winner with the leader's repository and commit is the leader, whatever its hotkey.
#[must_use]
pub fn transition(
    latest: &LeaderEntry,
    ending: Ending<'_>,
    config: &Config,
    effective_block: u64,
) -> Transition {
    if let Ending::Won(winner) = ending {
        let same = latest.repo.as_ref() == Some(&winner.repo)
            && latest.commit.as_ref() == Some(&winner.commit);
        if winner.winner_hotkey != LEADER && !same {
            return Transition::Changed(LeaderEntry {
                hotkey: winner.winner_hotkey.clone(),
                repo: Some(winner.repo.clone()),
                commit: Some(winner.commit.clone()),
                docker: Some(winner.docker_image.clone()),
                weight: 1.0,
                effective_block,
                layout: ledger::Layout::default(),
            });
        }
    }
    if latest.weight <= config.weight_floor {
        return Transition::Unchanged;
    }
    let decayed = (latest.weight - config.weight_decay).max(config.weight_floor);
    let weight = ten_decimals(decayed);
    Transition::Decayed(LeaderEntry { weight, effective_block, ..latest.clone() })
}

/// To the nearest number of ten decimals, of its exact value: 0.8 - 0.2 is 0.6.
fn ten_decimals(value: f64) -> f64 {
    format!("{value:.10}").parse().unwrap_or(value)
}
