//! The simulator, tested with owners that are small, and wrong on purpose; and the arena's own owners.

mod real;
mod simulator;
mod toy;
