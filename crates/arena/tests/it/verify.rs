//! Competitions of every era are found sound; whatever is changed in one is named with file and line.

mod eras;
mod world;
