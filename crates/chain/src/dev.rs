//! The development chain: all that a competition needs of a chain, in a folder that several processes share, or in memory.
//!
//! A genesis file says who is there. A log has every extrinsic, signed, one a line, and is only ever added to. Blocks are not
//! kept: which block it is follows from the clock, and what is in it from the log, so a month may pass between two reads.
//!
//! What is sealed for a block is opened by the chain's own beacon, which has a round for each block. What differs from
//! Bittensor's chain: see docs/chain.md.

mod book;
mod call;
mod clock;
mod genesis;
mod log;
mod node;

pub use call::Call;
pub use clock::DevClock;
pub use genesis::{Genesis, GenesisError, Lock, Member};
pub use node::{DevChain, SetUpError};
