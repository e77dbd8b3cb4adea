//! Blocks, commitments, metagraph and weights, as a competition sees a chain.
//!
//! A [`Chain`] is the development chain of this crate, or Bittensor's. Reads are of one block, so that what is decided from them
//! can be decided again.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod account;
mod clock;
pub mod dev;
mod hex;
mod keys;
mod shares;
pub mod timelock;

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

pub use account::{Account, AccountError};
pub use clock::{Clock, ManualClock, SystemClock};
pub use keys::{KeyError, Keypair};
pub use shares::{SharesError, quantise};

/// An answer to come.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Seconds between two blocks of Bittensor.
pub const BLOCK_SECONDS: u64 = 12;

/// How many reveals of a hotkey the chain keeps at most.
pub const REVEALS_MAX: usize = 10;

/// A block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Block {
    /// From 0.
    pub number: u64,
    /// Its hash; another one at the same number after a reorganisation.
    pub hash: [u8; 32],
}

/// What a hotkey's commitments said when the chain revealed them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revealed {
    /// Whose.
    pub hotkey: Account,
    /// Raw bytes as the storage has them (a SCALE compact length, then the text), with the block of the reveal; oldest first.
    pub entries: Vec<(Vec<u8>, u64)>,
}

/// A member of a subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neuron {
    /// Its place.
    pub uid: u16,
    /// Who acts.
    pub hotkey: Account,
    /// Who owns.
    pub coldkey: Account,
    /// In rao.
    pub stake: u64,
    /// Whether its weights count.
    pub validator_permit: bool,
    /// The block at which it last set weights.
    pub last_update: u64,
}

/// An extrinsic that the chain took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// BLAKE2b-256 of the extrinsic.
    pub hash: [u8; 32],
    /// The block it was submitted at: it is in a later one.
    pub at: u64,
}

/// Why a chain did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// Network, time-out, a node that restarts: the same question may be answered later. An extrinsic may have been taken.
    #[error("the chain does not answer: {0}")]
    Transient(String),
    /// A block that a reorganisation took away, or too old to ask about.
    #[error("block {0} is not known any more")]
    UnknownBlock(u64),
    /// An extrinsic that was refused; nothing happened.
    #[error("the chain refused: {0}")]
    Refused(String),
    /// An answer that makes no sense.
    #[error("the chain's answer makes no sense: {0}")]
    Malformed(String),
}

/// A chain. Every call ends by itself within two minutes.
pub trait Chain: Send + Sync + fmt::Debug {
    /// The best block.
    ///
    /// # Errors
    ///
    /// [`ChainError`].
    fn head(&self) -> Pending<'_, Result<Block, ChainError>>;

    /// Between two blocks, as the chain means it.
    ///
    /// # Errors
    ///
    /// [`ChainError`].
    fn block_time(&self) -> Pending<'_, Result<Duration, ChainError>> {
        Box::pin(std::future::ready(Ok(Duration::from_secs(BLOCK_SECONDS))))
    }

    /// The newest block that no reorganisation takes away.
    ///
    /// # Errors
    ///
    /// [`ChainError`].
    fn finalized(&self) -> Pending<'_, Result<Block, ChainError>>;

    /// The block of a number, if there is one and it is still known.
    ///
    /// # Errors
    ///
    /// [`ChainError`].
    fn block(&self, number: u64) -> Pending<'_, Result<Option<Block>, ChainError>>;

    /// All revealed commitments of a subnet, as of a block; in no order that means anything.
    ///
    /// # Errors
    ///
    /// [`ChainError`].
    fn revealed(&self, at: Block, netuid: u16) -> Pending<'_, Result<Vec<Revealed>, ChainError>>;

    /// The members of a subnet by `uid`, as of a block.
    ///
    /// # Errors
    ///
    /// [`ChainError`].
    fn neurons(&self, at: Block, netuid: u16) -> Pending<'_, Result<Vec<Neuron>, ChainError>>;

    /// What a coldkey has locked on a subnet, in rao of the subnet's token (1e9 are one), as of a block.
    ///
    /// # Errors
    ///
    /// [`ChainError`].
    fn lock(
        &self,
        at: Block,
        coldkey: Account,
        netuid: u16,
    ) -> Pending<'_, Result<u64, ChainError>>;

    /// The weights that a member has set: places and shares of 65535, as of a block.
    ///
    /// # Errors
    ///
    /// [`ChainError`].
    fn weights(
        &self,
        at: Block,
        netuid: u16,
        uid: u16,
    ) -> Pending<'_, Result<Vec<(u16, u16)>, ChainError>>;

    /// Submits a text that the chain itself reveals once `after_blocks` blocks are over. Nobody can read it before.
    ///
    /// # Errors
    ///
    /// [`ChainError`].
    fn commit<'a>(
        &'a self,
        hotkey: &'a Keypair,
        netuid: u16,
        text: &'a [u8],
        after_blocks: u64,
    ) -> Pending<'a, Result<Receipt, ChainError>>;

    /// Sets weights: places and shares, which are scaled so that the greatest is 65535. Whether they landed is for the caller to
    /// look at, some blocks later.
    ///
    /// # Errors
    ///
    /// [`ChainError`].
    fn set_weights<'a>(
        &'a self,
        hotkey: &'a Keypair,
        netuid: u16,
        weights: &'a [(u16, f64)],
    ) -> Pending<'a, Result<Receipt, ChainError>>;

    /// Waits for a block with a greater number than `after`.
    ///
    /// # Errors
    ///
    /// [`ChainError`].
    fn next_block(&self, after: u64) -> Pending<'_, Result<Block, ChainError>>;
}
