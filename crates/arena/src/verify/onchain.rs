//! What a chain that is at hand says of a competition: what the collector wrote down of it, and what validators paid.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use chain::{Account, Block, Chain, ChainError, Neuron, quantise};
use ledger::Round;
use ledger::files::leader::Leaders;
use ledger::files::schedule::Schedule;

use super::Verifier;
use super::books::File;
use super::leader::way;
use super::report::{Check, steps};
use crate::collector::{Observed, observed};
use crate::weights::{self, Decision};

/// Setting weights looks at the head and lands in a later block: so many are in between at most.
const LANDS_WITHIN: u64 = 50;

/// A chain that can be asked.
#[derive(Debug, Clone, Copy)]
pub struct OnChain<'a> {
    /// It.
    pub chain: &'a dyn Chain,
    /// The subnet.
    pub netuid: u16,
    /// Who gets what the leader does not.
    pub owner: Account,
}

/// Wakes a thread that waits for an answer.
#[derive(Debug)]
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for an answer: every call to a chain ends by itself.
fn wait<T>(answer: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut answer = pin!(answer);
    loop {
        match answer.as_mut().poll(&mut context) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => thread::park(),
        }
    }
}

impl Verifier<'_> {
    /// Checks `commitments.json` against the chain. Without one it is taken as it is.
    pub(super) fn check_observed(
        &mut self,
        round: Round,
        schedule: &Schedule,
        file: &File<Observed>,
    ) {
        let Some(on) = self.chain else {
            let what = "block hashes, reveals, owners and locks of commitments.json are taken as they are: only the chain has them";
            return self.log.unchecked(Check::Submissions, what);
        };
        if let Err(error) = self.compare_observed(on, schedule, file) {
            let what = format!("what the chain showed in round {round}: {error}");
            self.log.unchecked(Check::Submissions, what);
        }
    }

    fn compare_observed(
        &mut self,
        on: OnChain<'_>,
        schedule: &Schedule,
        file: &File<Observed>,
    ) -> Result<(), ChainError> {
        let seen = &file.value;
        let spot = file.member(steps!["netuid"]);
        if !self.log.hold(Check::Submissions, seen.netuid == on.netuid, &spot, || {
            format!("{}, but the chain's subnet is {}", seen.netuid, on.netuid)
        }) {
            return Ok(());
        }
        for (member, block) in [("start_hash", seen.start), ("read_hash", seen.read)] {
            let known = wait(on.chain.block(block.number))?;
            let spot = file.member(steps![member]);
            if !self.log.hold(Check::Seed, known == Some(block), &spot, || match known {
                Some(known) => format!(
                    "{}, but block {} of the chain has {}",
                    hex(block),
                    block.number,
                    hex(known)
                ),
                None => format!("the chain has no block {}", block.number),
            }) {
                return Ok(());
            }
        }
        let revealed = wait(on.chain.revealed(seen.read, on.netuid))?;
        let neurons = wait(on.chain.neurons(seen.read, on.netuid))?;
        let expected = observed::entries(&revealed, &neurons, schedule);
        let expected: BTreeMap<_, _> =
            expected.into_iter().map(|known| (known.hotkey, known)).collect();
        let stated: BTreeMap<_, _> = seen.hotkeys.iter().map(|one| (one.hotkey, one)).collect();
        for (at, one) in seen.hotkeys.iter().enumerate() {
            let known = expected.get(&one.hotkey);
            let spot = file.member(steps!["hotkeys", at]);
            self.log.hold(Check::Submissions, known == Some(one), &spot, || match known {
                None => format!("{} revealed nothing in the window", one.hotkey),
                Some(known) if known.coldkey != one.coldkey => {
                    format!("{}, but the chain says {}", one.coldkey, known.coldkey)
                }
                Some(_) => format!("{} revealed something else", one.hotkey),
            });
        }
        for known in expected.values().filter(|known| !stated.contains_key(&known.hotkey)) {
            let problem = format!("{} revealed something, and is not there", known.hotkey);
            self.log.found(Check::Submissions, &file.member(steps!["hotkeys"]), problem);
        }
        for (coldkey, stated) in &seen.locks {
            let known = wait(on.chain.lock(seen.read, *coldkey, on.netuid))?;
            let spot = file.member(steps!["locks", coldkey.to_string().as_str()]);
            self.log.hold(Check::Submissions, known == *stated, &spot, || {
                format!("{stated}, but the chain says {known}")
            });
        }
        Ok(())
    }

    /// What validators had set while each leader counted, against its entry.
    pub(super) fn check_weights(&mut self, file: &File<Leaders>, as_object: bool) {
        let Some(on) = self.chain else {
            let what = "what validators set on the chain: that is not in the files";
            return self.log.unchecked(Check::Leader, what);
        };
        if let Err(error) = self.compare_weights(on, file, as_object) {
            let what = format!("what validators set on the chain: {error}");
            self.log.unchecked(Check::Leader, what);
        }
    }

    fn compare_weights(
        &mut self,
        on: OnChain<'_>,
        file: &File<Leaders>,
        as_object: bool,
    ) -> Result<(), ChainError> {
        let entries = &file.value.entries;
        let head = wait(on.chain.head())?;
        for (at, entry) in entries.iter().enumerate() {
            let next = entries.get(at + 1).map(|next| next.effective_block.saturating_sub(1));
            let until = next.unwrap_or(head.number).min(head.number);
            if until < entry.effective_block {
                continue;
            }
            let Some(block) = wait(on.chain.block(until))? else { continue };
            let neurons = wait(on.chain.neurons(block, on.netuid))?;
            let mut set = 0;
            for validator in neurons.iter().filter(|one| one.validator_permit) {
                let Some(since) = validator.last_update.checked_sub(entry.effective_block) else {
                    continue;
                };
                set += 1;
                let stored = wait(on.chain.weights(block, on.netuid, validator.uid))?;
                let told = on.allowed(&file.value, &neurons, validator.last_update, since);
                let is_last = at + 1 == entries.len() && self.is_finished();
                let owner_alone = is_last.then(|| on.owner_alone(&neurons)).flatten();
                let spot = file.member(way(as_object, at, "weight"));
                let fits = told.iter().chain(&owner_alone).any(|told| is_same(told, &stored));
                self.log.hold(Check::Leader, fits, &spot, || {
                    let told = told.first().map_or_else(String::new, |told| shares(told));
                    format!(
                        "{}, and validator {} had set {} at block {}, where {told} follows",
                        entry.weight,
                        validator.uid,
                        shares(&stored),
                        validator.last_update,
                    )
                });
            }
            if set == 0 {
                let what = "weights while a leader counted: no validator set any";
                self.log.unchecked(Check::Leader, what);
            }
        }
        Ok(())
    }

    fn is_finished(&self) -> bool {
        self.state.as_ref().is_some_and(|state| state.value.stage == ledger::Stage::Finished)
    }
}

impl OnChain<'_> {
    fn uid(&self, neurons: &[Neuron]) -> Option<u16> {
        neurons.iter().find(|neuron| neuron.hotkey == self.owner).map(|neuron| neuron.uid)
    }

    fn owner_alone(&self, neurons: &[Neuron]) -> Option<Vec<(u16, u16)>> {
        quantise(&[(self.uid(neurons)?, 1.0)]).ok()
    }

    /// The weights that follow from `leader.json` for a setting that landed in a block: the head may have been some blocks before,
    /// and just after a change another leader may have been told of.
    fn allowed(
        &self,
        leaders: &Leaders,
        neurons: &[Neuron],
        landed: u64,
        since: u64,
    ) -> Vec<Vec<(u16, u16)>> {
        let Some(owner) = self.uid(neurons) else { return Vec::new() };
        let uid_of = |hotkey: &str| {
            let is_it = |neuron: &&Neuron| neuron.hotkey.to_string() == hotkey;
            neurons.iter().find(is_it).map(|neuron| neuron.uid)
        };
        let before =
            (since < LANDS_WITHIN).then(|| landed - since).and_then(|from| from.checked_sub(1));
        let told = [Some(landed), before].into_iter().flatten().filter_map(|block| {
            let (wait_seconds, block_time) = (0, Duration::from_secs(1)); // No wait: any length of a block.
            let seen = weights::Seen { leaders, block, owner, wait_seconds, block_time };
            match weights::decide(&seen, uid_of) {
                Decision::Set { shares, .. } => quantise(&shares).ok(),
                Decision::Wait { .. } => None,
            }
        });
        told.collect()
    }
}

/// The same weights, in any order; one off by rounding counts, and so does a nothing that is left out.
fn is_same(one: &[(u16, u16)], other: &[(u16, u16)]) -> bool {
    let by_uid = |weights: &[(u16, u16)]| -> BTreeMap<u16, u16> {
        weights.iter().copied().filter(|(_, weight)| *weight > 0).collect()
    };
    let (one, other) = (by_uid(one), by_uid(other));
    one.len() == other.len()
        && one
            .iter()
            .all(|(uid, weight)| other.get(uid).is_some_and(|other| other.abs_diff(*weight) <= 1))
}

fn shares(weights: &[(u16, u16)]) -> String {
    let all: Vec<String> = weights.iter().map(|(uid, weight)| format!("{uid}: {weight}")).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
}

fn hex(block: Block) -> String {
    faster_hex::hex_string(&block.hash)
}
