//! The generator from outside: what comes out of a picture, whatever the threads, the seed and the wish to stop.

mod assets;
mod refusals;
