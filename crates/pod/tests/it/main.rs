//! The clients against services that misbehave, the reader of archives, and the conformance check against services with one
//! fault each.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod archives;
mod batches;
mod check;
mod fake;
mod singles;
