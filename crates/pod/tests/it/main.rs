//! The conformance check against services with one fault each.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod check;
