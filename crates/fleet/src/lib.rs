//! Where pods run, and what they do for a round.
//!
//! This is an edge: it talks to those who rent machines out, and starts processes.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod provider;
pub mod session;
