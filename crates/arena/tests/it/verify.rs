//! Competitions of every era are found sound; whatever is changed in one is named with file and line.

mod drawn;
mod eras;
mod every;
mod hostile;
mod onchain;
mod ours;
mod servers;
mod variations;
mod world;
