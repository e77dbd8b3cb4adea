//! A competition: its rules, and those who keep them going.
//!
//! Rules are pure functions of what was seen: nothing in them reads a clock, a file or the network, so every decision can be made
//! again from the public files of a competition. Where the original's arithmetic is part of its files (which prompts a seed
//! picks, which block a round starts at), it is matched bit by bit.
//!
//! An [`owner::Owner`] works on a stage: it reads the state's files at one commit, lets the rules decide, and does it through
//! [`ports`].

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod auditor;
pub mod builds;
pub mod collector;
pub mod control;
mod drawing;
pub mod judging;
pub mod leader;
mod lines;
pub mod notify;
pub mod orchestrator;
mod outbox;
pub mod owner;
mod patience;
pub mod ports;
pub mod random;
pub mod rounds;
pub mod schedule;
pub mod selection;
pub mod service;
pub mod setter;
pub mod verify;
pub mod web;
pub mod weights;
pub mod works;
