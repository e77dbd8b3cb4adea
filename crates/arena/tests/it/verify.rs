//! Competitions of every era are found sound; whatever is changed in one is named with file and line.

mod drawn;
mod eras;
mod every;
mod git;
mod hostile;
mod large;
mod mended;
mod odd;
mod onchain;
mod ours;
mod rules;
mod servers;
mod variations;
mod world;
