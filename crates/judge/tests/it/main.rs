//! Judges of duels from outside: scripted models, a stub endpoint with planted faults, and evidence.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod budget;
mod endpoint;
mod evidence;
mod literal;
mod script;
mod silence;
mod single;
mod stages;
mod stub;
