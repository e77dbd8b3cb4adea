//! Generators behind one trait: a picture and a seed in, the bytes of a model out.
//!
//! This is an edge: generators talk to other machines and start programs. `generate` is the built-in one, as a pure function.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod generator;

pub use generator::{Card, Failure, Generator, Made, Pending, Progress, Request};
