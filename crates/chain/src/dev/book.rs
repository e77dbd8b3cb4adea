//! What the log comes to: state at any block, by looking at all that ever was.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use blake2::{Blake2b, Digest as _, digest::consts::U32};

use super::call::{Call, Entry};
use super::genesis::Genesis;
use crate::timelock::{self, Beacon, SEALED_MAX};
use crate::{Account, Block, Neuron, REVEALS_MAX, Revealed};

/// Blocks of an epoch: Bittensor's tempo of 360, and one.
const EPOCH_BLOCKS: u64 = 361;

/// Bytes of commitments that a hotkey may write in an epoch.
const SPACE_MAX: usize = 3100;

/// What a commitment counts at least.
const COMMIT_BYTES_MIN: usize = 100;

/// Values with the block from which each counts, oldest first.
#[derive(Debug)]
struct History<T>(Vec<(u64, T)>);

impl<T> Default for History<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> History<T> {
    fn push(&mut self, block: u64, value: T) {
        self.0.push((block, value));
    }

    fn at(&self, block: u64) -> Option<&(u64, T)> {
        self.0[..self.0.partition_point(|(since, _)| *since <= block)].last()
    }

    fn last(&self) -> Option<&(u64, T)> {
        self.0.last()
    }
}

#[derive(Debug)]
struct Seat {
    since: u64,
    hotkey: Account,
    coldkey: Account,
    stake: History<u64>,
    weights: History<Vec<(u16, u16)>>,
}

#[derive(Debug)]
struct Commitment {
    /// The block it is in, and the one it is to be revealed in.
    in_block: u64,
    reveal: u64,
    text: Vec<u8>,
    /// What it says; nothing if it cannot be opened.
    opened: OnceLock<Option<Vec<u8>>>,
}

/// State at all blocks.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) genesis: Genesis,
    pub(super) genesis_hash: [u8; 32],
    beacon: Beacon,
    digests: History<[u8; 32]>,
    nonces: BTreeMap<Account, u64>,
    seats: Vec<Seat>,
    /// Of each hotkey, oldest first.
    commitments: BTreeMap<Account, Vec<Commitment>>,
    locks: BTreeMap<Account, History<u64>>,
}

impl Book {
    pub(super) fn new(genesis: Genesis) -> Self {
        let mut locks: BTreeMap<Account, History<u64>> = BTreeMap::new();
        for lock in &genesis.locks {
            locks.entry(lock.coldkey).or_default().push(0, lock.amount);
        }
        let seats = genesis.members.iter().map(|member| Seat {
            since: 0,
            hotkey: member.hotkey,
            coldkey: member.coldkey,
            stake: History(vec![(0, member.stake)]),
            weights: History::default(),
        });
        Self {
            genesis_hash: genesis.hash(),
            beacon: genesis.beacon(),
            digests: History::default(),
            nonces: BTreeMap::new(),
            seats: seats.collect(),
            commitments: BTreeMap::new(),
            locks,
            genesis,
        }
    }

    /// The next call's nonce.
    pub(super) fn nonce(&self, signer: Account) -> u64 {
        self.nonces.get(&signer).copied().unwrap_or(0)
    }

    /// The block of the last entry.
    pub(super) fn last_block(&self) -> u64 {
        self.digests.last().map_or(0, |(block, _)| *block)
    }

    pub(super) fn beacon(&self) -> &Beacon {
        &self.beacon
    }

    pub(super) fn block(&self, number: u64) -> Block {
        let digest = self.digests.at(number).map_or([0; 32], |(_, digest)| *digest);
        let hash = Blake2b::<U32>::new_with_prefix(b"block")
            .chain_update(self.genesis_hash)
            .chain_update(number.to_le_bytes())
            .chain_update(digest);
        Block { number, hash: hash.finalize().into() }
    }

    /// Why a call would not be taken.
    pub(super) fn refusal(&self, block: u64, signer: Account, call: &Call) -> Option<String> {
        match call {
            Call::Commit { text, reveal } => {
                if self.seat(signer).is_none() {
                    return Some(format!("{signer} is not registered"));
                }
                let longest = if self.genesis.sealed { SEALED_MAX } else { timelock::TEXT_MAX };
                if text.len() > longest {
                    return Some(format!("the text has {} bytes, not up to {longest}", text.len()));
                }
                if *reveal <= block {
                    return Some(format!("block {reveal} is over before the text is in"));
                }
                let left = self.space_left(block, signer);
                let needed = text.len().max(COMMIT_BYTES_MIN);
                (needed > left).then(|| {
                    format!("the text takes {needed} bytes, and {signer} has {left} of {SPACE_MAX} left in this epoch")
                })
            }
            Call::SetWeights { weights } => self.weights_refusal(block, signer, weights),
            Call::Register { hotkey } => {
                if self.seat(*hotkey).is_some() {
                    return Some(format!("{hotkey} is registered already"));
                }
                let full = self.seats.len() >= usize::from(self.genesis.seats);
                full.then(|| format!("all {} seats are taken", self.genesis.seats))
            }
            Call::Stake { hotkey, .. } => match self.seat(*hotkey) {
                None => Some(format!("{hotkey} is not registered")),
                Some((_, seat)) => {
                    (seat.coldkey != signer).then(|| format!("{hotkey} is not owned by {signer}"))
                }
            },
            Call::Lock { .. } => None,
        }
    }

    fn weights_refusal(
        &self,
        block: u64,
        signer: Account,
        weights: &[(u16, u16)],
    ) -> Option<String> {
        let Some((uid, seat)) = self.seat(signer) else {
            return Some(format!("{signer} is not registered"));
        };
        if let Some((last, _)) = seat.weights.last() {
            let next = last.saturating_add(self.genesis.weights_rate_limit);
            if block < next {
                return Some(format!("weights are set too fast: {} blocks left", next - block));
            }
        }
        let stake = seat.stake.last().map_or(0, |(_, stake)| *stake);
        let of_itself = matches!(weights, [(to, _)] if *to == uid);
        let may = stake >= self.genesis.permit_stake || signer == self.genesis.owner || of_itself;
        if !may {
            return Some(format!("{signer} has no permit: its stake is {stake} rao"));
        }
        let least = usize::from(self.genesis.min_allowed_weights).min(self.seats.len());
        if weights.len() < least && !of_itself {
            return Some(format!("{} weights, not {least} or more", weights.len()));
        }
        let mut places: Vec<u16> = weights.iter().map(|(to, _)| *to).collect();
        places.sort_unstable();
        if let Some(unknown) = places.iter().find(|to| usize::from(**to) >= self.seats.len()) {
            return Some(format!("there is no member at place {unknown}"));
        }
        let is_twice = places.windows(2).any(|pair| pair[0] == pair[1]);
        is_twice.then(|| "a place comes twice".to_owned())
    }

    /// Bytes of commitments that a hotkey may still write in the epoch of a block.
    fn space_left(&self, block: u64, signer: Account) -> usize {
        let epoch = |block: u64| (block + u64::from(self.genesis.netuid) + 1) / EPOCH_BLOCKS;
        let now = epoch(block);
        let all = self.commitments.get(&signer).into_iter().flatten().rev();
        let recent = all.take_while(|one| epoch(one.in_block) == now);
        let used: usize = recent.map(|one| one.text.len().max(COMMIT_BYTES_MIN)).sum();
        SPACE_MAX.saturating_sub(used)
    }

    /// Takes an entry in, if it is one of this chain.
    pub(super) fn take(&mut self, entry: Entry) -> Result<(), String> {
        if entry.block == 0 || entry.block < self.last_block() {
            return Err(format!("block {} comes after {}", entry.block, self.last_block()));
        }
        if entry.nonce != self.nonce(entry.signer) {
            return Err(format!("the nonce is {}, not {}", entry.nonce, self.nonce(entry.signer)));
        }
        if !entry.is_signed(&self.genesis_hash) {
            return Err("the signature is not the signer's".to_owned());
        }
        if let Some(refusal) = self.refusal(entry.block, entry.signer, &entry.call) {
            return Err(refusal);
        }
        let before = self.digests.last().map_or([0; 32], |(_, digest)| *digest);
        self.digests.push(entry.block, entry.digest(&self.genesis_hash, &before));
        self.nonces.insert(entry.signer, entry.nonce + 1);
        let block = entry.block;
        match entry.call {
            Call::Commit { text, reveal } => {
                let opened = OnceLock::new();
                let commitment = Commitment { in_block: block, reveal, text, opened };
                self.commitments.entry(entry.signer).or_default().push(commitment);
            }
            Call::SetWeights { weights } => {
                if let Some(seat) = self.seat_mut(entry.signer) {
                    seat.weights.push(block, weights);
                }
            }
            Call::Register { hotkey } => self.seats.push(Seat {
                since: block,
                hotkey,
                coldkey: entry.signer,
                stake: History::default(),
                weights: History::default(),
            }),
            Call::Stake { hotkey, amount } => {
                if let Some(seat) = self.seat_mut(hotkey) {
                    seat.stake.push(block, amount);
                }
            }
            Call::Lock { amount } => {
                self.locks.entry(entry.signer).or_default().push(block, amount);
            }
        }
        Ok(())
    }

    pub(super) fn revealed(&self, at: u64) -> Vec<Revealed> {
        let of_one = |(hotkey, all): (&Account, &Vec<Commitment>)| {
            // Reveals come before the calls of a block, so a later commitment in that block does not undo them.
            let lasted =
                |n: usize| all.get(n + 1).is_none_or(|next| all[n].reveal <= next.in_block);
            let due = all.iter().enumerate().filter(|(n, one)| one.reveal <= at && lasted(*n));
            let mut entries: Vec<(Vec<u8>, u64)> =
                due.filter_map(|(_, one)| Some((self.opened(one)?.clone(), one.reveal))).collect();
            entries.drain(..entries.len().saturating_sub(REVEALS_MAX));
            (!entries.is_empty()).then_some(Revealed { hotkey: *hotkey, entries })
        };
        self.commitments.iter().filter_map(of_one).collect()
    }

    fn opened<'a>(&self, commitment: &'a Commitment) -> Option<&'a Vec<u8>> {
        let open = || {
            if !self.genesis.sealed {
                return Some(commitment.text.clone());
            }
            let pulse = self.beacon.pulse(commitment.reveal);
            timelock::open(&commitment.text, &pulse).ok().filter(|text| !text.is_empty())
        };
        commitment.opened.get_or_init(open).as_ref()
    }

    pub(super) fn neurons(&self, at: u64) -> Vec<Neuron> {
        let there = (0..).zip(&self.seats).filter(|(_, seat)| seat.since <= at);
        let neuron = |(uid, seat): (u16, &Seat)| {
            let stake = seat.stake.at(at).map_or(0, |(_, stake)| *stake);
            Neuron {
                uid,
                hotkey: seat.hotkey,
                coldkey: seat.coldkey,
                stake,
                validator_permit: stake >= self.genesis.permit_stake,
                last_update: seat.weights.at(at).map_or(0, |(block, _)| *block),
            }
        };
        there.map(neuron).collect()
    }

    pub(super) fn lock(&self, at: u64, coldkey: Account) -> u64 {
        let history = self.locks.get(&coldkey);
        history.and_then(|history| history.at(at)).map_or(0, |(_, amount)| *amount)
    }

    pub(super) fn weights(&self, at: u64, uid: u16) -> Vec<(u16, u16)> {
        let seat = self.seats.get(usize::from(uid));
        let weights = seat.and_then(|seat| seat.weights.at(at));
        weights.map(|(_, weights)| weights.clone()).unwrap_or_default()
    }

    fn seat(&self, hotkey: Account) -> Option<(u16, &Seat)> {
        (0..).zip(&self.seats).find(|(_, seat)| seat.hotkey == hotkey)
    }

    fn seat_mut(&mut self, hotkey: Account) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.hotkey == hotkey)
    }
}
