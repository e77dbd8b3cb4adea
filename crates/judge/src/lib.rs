//! Which of two assets is more faithful to a prompt: the judges of duels, matches, and the rules of a tournament.
//!
//! A [`DuelJudge`] compares two assets by their pictures and says why; what it rests on is its [`Evidence`], from which anybody
//! gets the same verdict again without asking it. Margins are positive where the challenger, `right`, is ahead.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

// The calibration's objects, seen from outside, are tested with too.
#[cfg(test)]
extern crate self as judge;

pub mod audit;
mod duel;
mod evidence;
pub mod matches;
pub mod perceptual;
pub mod recheck;
pub mod single;
pub mod stages;
pub mod statistics;
pub mod tournament;
pub mod vlm;

pub use duel::{
    Budget, Description, Duel, DuelJudge, JudgeError, Notebook, Outage, Parts, Pending, Pictures,
    Shown, Sleep, Verdict,
};
pub use evidence::{Call, Evidence, Outcome};
