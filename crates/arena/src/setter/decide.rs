//! Whether weights are to be set now, and which: pure.

use std::collections::BTreeMap;
use std::time::Duration;

use chain::{Account, Neuron, quantise};
use ledger::files::leader::Leaders;

use super::Settings;
use crate::weights::{self, Decision};

/// Milliseconds of a day.
const DAY_MS: u128 = 86_400_000;

/// What the decision follows from.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// `leader.json`.
    pub leaders: &'a Leaders,
    /// For how many days after its block the last leader is still paid, once the competition is over.
    pub ended: Option<i64>,
    /// The chain's head.
    pub block: u64,
    /// Between blocks.
    pub block_time: Duration,
    /// The members, as of that block.
    pub neurons: &'a [Neuron],
    /// When this validator last set weights; 0 for never.
    pub last_update: u64,
    /// What it set then.
    pub stored: &'a [(u16, u16)],
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Nothing, for so long: another leader comes soon, or the chain has these weights and they are fresh.
    Wait {
        /// How long.
        seconds: u64,
    },
    /// Set weights.
    Set(Goal),
}

/// Weights to be set.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    /// Places and shares.
    pub shares: Vec<(u16, f64)>,
    /// As the chain will have them.
    pub weights: Vec<(u16, u16)>,
}

impl Goal {
    /// Whether the chain has them: in any order, and one off by rounding counts.
    #[must_use]
    pub fn is_met_by(&self, stored: &[(u16, u16)]) -> bool {
        let stored: BTreeMap<u16, u16> = stored.iter().copied().collect();
        stored.len() == self.weights.len()
            && self.weights.iter().all(|(uid, weight)| {
                stored.get(uid).is_some_and(|stored| stored.abs_diff(*weight) <= 1)
            })
    }
}

/// Decides.
///
/// # Errors
///
/// In words, when shares cannot be weights.
pub fn decide(seen: &Seen<'_>, settings: &Settings) -> Result<Step, String> {
    let uid_of = |hotkey: &str| {
        let account: Account = hotkey.parse().ok()?;
        seen.neurons.iter().find(|neuron| neuron.hotkey == account).map(|neuron| neuron.uid)
    };
    let rules = weights::Seen {
        leaders: seen.leaders,
        block: seen.block,
        owner: settings.owner_uid,
        wait_seconds: settings.leader_wait_s,
        block_time: seen.block_time,
    };
    let shares = match weights::decide(&rules, uid_of) {
        Decision::Wait { until_block } => {
            return Ok(Step::Wait {
                seconds: seconds(until_block.saturating_sub(seen.block), seen.block_time),
            });
        }
        Decision::Set { .. } if is_over(seen) => vec![(settings.owner_uid, 1.0)],
        Decision::Set { shares, .. } => shares,
    };
    let weights = quantise(&shares).map_err(|error| error.to_string())?;
    let goal = Goal { shares, weights };
    let age = seconds(seen.block.saturating_sub(seen.last_update), seen.block_time);
    let left = settings.interval_s.saturating_sub(age);
    if seen.last_update > 0 && left > 0 && goal.is_met_by(seen.stored) {
        return Ok(Step::Wait { seconds: left });
    }
    Ok(Step::Set(goal))
}

/// Whether the last leader has had its round's worth after the end of the competition.
fn is_over(seen: &Seen<'_>) -> bool {
    let latest = seen.leaders.latest();
    let (Some(days), Some(latest)) = (seen.ended, latest) else { return false };
    let after = seen.block.saturating_sub(latest.effective_block);
    let passed = u128::from(after).saturating_mul(seen.block_time.as_millis());
    seen.block >= latest.effective_block
        && passed >= u128::try_from(days).unwrap_or(0).saturating_mul(DAY_MS)
}

/// Seconds that blocks take, whole ones.
fn seconds(blocks: u64, block_time: Duration) -> u64 {
    let ms = u128::from(blocks).saturating_mul(block_time.as_millis());
    u64::try_from(ms / 1000).unwrap_or(u64::MAX)
}
