//! Where pods run, and what they do for a round.
//!
//! This is an edge: it talks to those who rent machines out, and starts processes.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod clock;
pub mod cost;
pub mod docker;
mod http;
pub mod local;
pub mod names;
pub mod provider;
pub mod providers;
mod remote;
pub mod runpod;
pub mod session;
pub mod sweep;
pub mod targon;
pub mod verda;

pub use http::Timeouts;
