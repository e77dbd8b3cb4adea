//! The rules of a competition: pure functions of what was seen.
//!
//! Nothing here reads a clock, a file or the network, so every decision can be made again from the public files of a
//! competition. Where the original's arithmetic is part of its files (which prompts a seed picks, which block a round starts
//! at), it is matched bit by bit.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod leader;
pub mod random;
pub mod schedule;
pub mod selection;
pub mod weights;
