//! The chain: blocks by the clock, reveals as the scenario has them, and forks that pass.

use std::sync::Arc;
use std::time::Duration;

use ::chain::{
    Account, BLOCK_SECONDS, Block, Chain, ChainError, Keypair, Neuron, Pending, REVEALS_MAX,
    Receipt, Revealed,
};

use super::process::Failed;
use super::{Process, World, mix};
use crate::executor::lock;
use crate::fault::Op;
use crate::scenario::VALIDATOR;

/// The newest block that no fork takes away is so many behind the head.
pub(crate) const FINAL_AFTER: u64 = 8;

/// Blocks between two settings of weights by the same neuron.
const WEIGHTS_EVERY: u64 = 100;

/// How long a fork is the best chain.
const FORK_SECONDS: u32 = 300;

/// What the chain was told.
#[derive(Debug, Default)]
pub(crate) struct Records {
    /// Blocks and weights of the validator, oldest first.
    weights: Vec<(u64, Vec<(u16, u16)>)>,
    fork: Option<Fork>,
    forks: u64,
}

#[derive(Debug, Clone, Copy)]
struct Fork {
    /// Its first block.
    from: u64,
    until: Duration,
    number: u64,
}

/// The chain, as a process reaches it.
#[derive(Debug)]
pub(crate) struct Node(pub(crate) Arc<Process>);

fn failed(_: Failed) -> ChainError {
    ChainError::Transient("simulated: no answer".to_owned())
}

impl World {
    /// The number of the newest block.
    pub(crate) fn head(&self) -> u64 {
        self.executor.now().as_secs() / BLOCK_SECONDS
    }

    fn fork_now(&self) -> Option<Fork> {
        lock(&self.chain).fork.filter(|fork| self.executor.now() < fork.until)
    }

    /// Replaces the newest blocks by others for some minutes.
    pub(super) fn fork(&self, depth: u32) {
        let head = self.head();
        let mut records = lock(&self.chain);
        records.forks += 1;
        let from = (head + 1).saturating_sub(u64::from(depth).min(FINAL_AFTER - 1));
        let until = self.executor.now() + Duration::from_secs(FORK_SECONDS.into());
        records.fork = Some(Fork { from, until, number: records.forks });
        drop(records);
        self.unquiet(FORK_SECONDS);
        self.note("the chain forks");
    }

    /// The block of a number, of the fork if that has it.
    ///
    /// Hashes of a hundred blocks around the planned start of a round are alike in what decides its seed, so that a plan a block
    /// off does not change what the round is about.
    pub(crate) fn block(&self, number: u64) -> Block {
        let fork = self.fork_now().filter(|fork| number >= fork.from).map_or(0, |fork| fork.number);
        let mut hash = [0; 32];
        let parts = [self.scenario.seed, fork, (number + 50) / 100];
        for (n, chunk) in hash.chunks_mut(8).enumerate() {
            chunk.copy_from_slice(&mix(&[&parts[..], &[n as u64]].concat()).to_le_bytes());
        }
        Block { number, hash }
    }

    /// The newest block that stays: of a fork none does, however long it is the best chain.
    fn finalized(&self) -> Block {
        let settled = self.head().saturating_sub(FINAL_AFTER);
        let before = self.fork_now().map_or(settled, |fork| fork.from.saturating_sub(1));
        self.block(settled.min(before))
    }

    /// Refuses blocks that a fork took away.
    fn known(&self, at: Block) -> Result<(), ChainError> {
        if at.number <= self.head() && self.block(at.number) == at {
            Ok(())
        } else {
            Err(ChainError::UnknownBlock(at.number))
        }
    }

    fn revealed(&self, at: Block) -> Result<Vec<Revealed>, ChainError> {
        self.known(at)?;
        let fork = self.fork_now().filter(|fork| at.number >= fork.from);
        let mut all: Vec<Revealed> = Vec::new();
        for reveal in &self.scenario.reveals {
            if reveal.block > at.number {
                continue;
            }
            // On a fork, the newest commitments are missing.
            if fork.is_some_and(|fork| reveal.block >= fork.from) {
                continue;
            }
            let entry = (reveal.bytes.clone(), reveal.block);
            match all.iter_mut().find(|one| one.hotkey == reveal.hotkey) {
                Some(one) => {
                    one.entries.push(entry);
                    if one.entries.len() > REVEALS_MAX {
                        one.entries.remove(0);
                    }
                }
                None => all.push(Revealed { hotkey: reveal.hotkey, entries: vec![entry] }),
            }
        }
        Ok(all)
    }

    fn neurons(&self, at: Block) -> Result<Vec<Neuron>, ChainError> {
        self.known(at)?;
        let last = lock(&self.chain)
            .weights
            .iter()
            .rev()
            .find(|(block, _)| *block <= at.number)
            .map(|(block, _)| *block);
        let neurons = self.scenario.neurons.iter().map(|neuron| Neuron {
            last_update: if neuron.uid == VALIDATOR { last.unwrap_or(0) } else { 0 },
            ..neuron.clone()
        });
        Ok(neurons.collect())
    }

    fn set_weights(&self, weights: &[(u16, f64)]) -> Result<Receipt, ChainError> {
        let head = self.head();
        let mut records = lock(&self.chain);
        if records.weights.last().is_some_and(|(block, _)| head < block + WEIGHTS_EVERY) {
            return Err(ChainError::Refused("SettingWeightsTooFast".to_owned()));
        }
        let most = weights.iter().fold(0.0_f64, |most, (_, share)| most.max(*share));
        if !weights.iter().all(|(_, share)| share.is_finite() && *share >= 0.0) || most <= 0.0 {
            return Err(ChainError::Refused("no weights".to_owned()));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 65535")]
        let scaled = |share: f64| (share / most * 65535.0).round() as u16;
        let set = weights.iter().map(|&(uid, share)| (uid, scaled(share))).collect();
        records.weights.push((head + 1, set));
        Ok(Receipt { hash: [0; 32], at: head })
    }

    /// What the validator last set.
    pub(crate) fn last_weights(&self) -> Option<(u64, Vec<(u16, u16)>)> {
        lock(&self.chain).weights.last().cloned()
    }
}

impl Node {
    fn ask<'a, T: Send + 'static>(
        &'a self,
        what: &'static str,
        act: impl Fn(&World) -> Result<T, ChainError> + Send + 'static,
    ) -> Pending<'a, Result<T, ChainError>> {
        Box::pin(async move { self.0.effect(Op::Ask, what, act).await.map_err(failed)? })
    }
}

impl Chain for Node {
    fn head(&self) -> Pending<'_, Result<Block, ChainError>> {
        self.ask("head", |world| Ok(world.block(world.head())))
    }

    fn finalized(&self) -> Pending<'_, Result<Block, ChainError>> {
        self.ask("finalized", |world| Ok(world.finalized()))
    }

    fn block(&self, number: u64) -> Pending<'_, Result<Option<Block>, ChainError>> {
        let block = move |world: &World| (number <= world.head()).then(|| world.block(number));
        self.ask("block", move |world| Ok(block(world)))
    }

    fn revealed(&self, at: Block, _: u16) -> Pending<'_, Result<Vec<Revealed>, ChainError>> {
        self.ask("revealed", move |world| world.revealed(at))
    }

    fn neurons(&self, at: Block, _: u16) -> Pending<'_, Result<Vec<Neuron>, ChainError>> {
        self.ask("neurons", move |world| world.neurons(at))
    }

    fn lock(&self, at: Block, coldkey: Account, _: u16) -> Pending<'_, Result<u64, ChainError>> {
        self.ask("lock", move |world| {
            world.known(at)?;
            Ok(world.scenario.locks.get(&coldkey.0).copied().unwrap_or(0))
        })
    }

    fn weights(
        &self,
        at: Block,
        _: u16,
        uid: u16,
    ) -> Pending<'_, Result<Vec<(u16, u16)>, ChainError>> {
        self.ask("weights", move |world| {
            world.known(at)?;
            let records = lock(&world.chain);
            let set = records.weights.iter().rev().find(|(block, _)| *block <= at.number);
            Ok(set.filter(|_| uid == VALIDATOR).map(|(_, set)| set.clone()).unwrap_or_default())
        })
    }

    fn commit<'a>(
        &'a self,
        _: &'a Keypair,
        _: u16,
        _: &'a [u8],
        _: u64,
    ) -> Pending<'a, Result<Receipt, ChainError>> {
        // Miners' commitments are part of the scenario; nobody of the arena makes any.
        Box::pin(async { Err(ChainError::Refused("only miners commit".to_owned())) })
    }

    fn set_weights<'a>(
        &'a self,
        _: &'a Keypair,
        _: u16,
        weights: &'a [(u16, f64)],
    ) -> Pending<'a, Result<Receipt, ChainError>> {
        let weights = weights.to_vec();
        Box::pin(async move {
            let set = self.0.effect(Op::Sign, "weights", move |world| world.set_weights(&weights));
            set.await.map_err(failed)?
        })
    }

    fn next_block(&self, after: u64) -> Pending<'_, Result<Block, ChainError>> {
        Box::pin(async move {
            let due = Duration::from_secs((after + 1).saturating_mul(BLOCK_SECONDS));
            let wait = due.saturating_sub(self.0.world.executor.now());
            // A node that is far behind gives up.
            self.0.world.executor.sleep(wait.min(Duration::from_secs(120))).await;
            let block = |world: &World| Ok(world.block(world.head()));
            let block = self.ask("next block", block).await?;
            let late = || ChainError::Transient("no block for two minutes".to_owned());
            if block.number > after { Ok(block) } else { Err(late()) }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::World;
    use crate::fault::{Plan, Weather};
    use crate::scenario::{Game, Scenario, Size};

    #[test]
    fn what_is_final_stays_through_forks() {
        let scenario = Scenario::new(1, Size::SMALL, Game::of(1));
        let world = World::new(scenario, &Plan::default(), Weather::Fair, false, Arc::new(|_| ()));
        let mut all = Vec::new();
        for second in (60..3000).step_by(60) {
            world.executor.run(Duration::from_secs(second), || false);
            let sleep = world.executor.sleep(Duration::from_secs(60));
            world.executor.spawn(sleep);
            if second % 720 == 0 {
                world.fork(6);
            }
            all.push(world.finalized());
        }
        world.executor.run(Duration::from_secs(9000), || false);
        assert!(all.is_sorted_by_key(|block| block.number), "{all:?}");
        assert!(all.last().is_some_and(|last| last.number > 200), "{all:?}");
        assert!(all.iter().all(|block| world.block(block.number) == *block), "{all:?}");
    }
}
