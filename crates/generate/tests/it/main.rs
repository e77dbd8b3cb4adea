//! The generator from outside: what comes out of a picture, whatever the threads, the seed and the wish to stop.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod assets;
mod modules;
mod refusals;
