//! Where pods run, and what they do for a round.
//!
//! This is an edge: it talks to those who rent machines out, and starts processes.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod clock;
pub mod local;
pub mod names;
pub mod provider;
mod remote;
