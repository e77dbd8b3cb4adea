//! The whole arena in one process, on simulated time, with faults at every effect.
//!
//! An [`executor::Executor`] runs everything on one thread and advances time only when nobody has anything to do. Behind every
//! port of the arena stands a part of the [`world::World`]: a chain, a repository, blobs, miners' servers, a judge. Each call
//! of a port is an effect with a name, such as `judge/advance#3`; a [`fault::Plan`] says at which effects something goes wrong,
//! and how. All randomness comes from a seed, so a run is a pure function of seed and plan: a failing one replays byte for
//! byte, and its plan can be made smaller.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod check;
pub mod executor;
pub mod fault;
pub mod owners;
mod properties;
pub mod run;
pub mod sabotage;
mod scenario;
pub mod trace;
mod verified;
pub mod world;

pub use scenario::{Game, Referee, Size};
