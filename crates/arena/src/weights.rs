//! What a validator sets: the leader's share for the leader, the rest for the owner, which burns it.

use std::time::Duration;

use ledger::files::leader::Leaders;

/// A neuron of the subnet.
pub type Uid = u16;

/// What the decision follows from.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// `leader.json`.
    pub leaders: &'a Leaders,
    /// The chain's head.
    pub block: u64,
    /// Gets the share that is not the leader's.
    pub owner: Uid,
    /// How near a change of the leader may be for weights to wait for it, in seconds.
    pub wait_seconds: u64,
    /// Between blocks.
    pub block_time: Duration,
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Nothing before this block: another entry counts from it on.
    Wait {
        /// Its `effective_block`.
        until_block: u64,
    },
    /// Set these, the owner's first.
    Set {
        /// Neurons and their shares, which add up to 1.
        shares: Vec<(Uid, f64)>,
        /// Why the owner gets all, if it does.
        why: Why,
    },
}

/// Who gets the leader's share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The leader.
    Leader,
    /// The owner, because `leader.json` is empty.
    NobodyYet,
    /// The owner, because no entry is active yet.
    NotYetActive,
    /// The owner, because the leader is not on the subnet.
    Unregistered,
    /// The owner, because it is the leader.
    OwnerLeads,
}

/// Decides; `uid_of` finds a hotkey on the subnet.
pub fn decide(seen: &Seen<'_>, uid_of: impl Fn(&str) -> Option<Uid>) -> Decision {
    if let Some(until_block) = seen.leaders.latest().map(|latest| latest.effective_block)
        && let Some(blocks) = until_block.checked_sub(seen.block).filter(|&blocks| blocks > 0)
        && u128::from(blocks).saturating_mul(seen.block_time.as_millis())
            <= u128::from(seen.wait_seconds) * 1000
    {
        return Decision::Wait { until_block };
    }
    let all_to_owner = |why| Decision::Set { shares: vec![(seen.owner, 1.0)], why };
    if seen.leaders.latest().is_none() {
        return all_to_owner(Why::NobodyYet);
    }
    let Some(active) = seen.leaders.active_at(seen.block) else {
        return all_to_owner(Why::NotYetActive);
    };
    let Some(leader) = uid_of(&active.hotkey) else { return all_to_owner(Why::Unregistered) };
    if leader == seen.owner {
        return all_to_owner(Why::OwnerLeads);
    }
    // A share outside 0 to 1 can only come from a mistake by hand; the chain has no negative weights.
    let share = active.weight.clamp(0.0, 1.0);
    Decision::Set { shares: vec![(seen.owner, 1.0 - share), (leader, share)], why: Why::Leader }
}
