//! Generators behind one trait: a picture and a seed in, the bytes of a model out.
//!
//! A [`Catalogue`] holds those of a configuration, by name. What it gives out is [`Guarded`]: it queues, ends in time, tries
//! again what may pass, and lets nobody see a model before it is upright and keeps to the rules of its competition. What is
//! inside: the built-in generator ([`Builtin`]), a local program ([`Command`]).
//!
//! This is an edge: generators talk to other machines and start programs. `generate` is the built-in one, as a pure function.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod axes;
mod builtin;
mod catalogue;
pub mod check;
mod command;
mod generator;
mod guarded;
mod orient;
mod picture;
mod retry;
mod text;

pub use axes::{Axes, AxesError};
pub use builtin::Builtin;
pub use catalogue::{Catalogue, ConfigError};
pub use command::{Command, Program, TemplateError};
pub use generator::{Card, Failure, Generator, Made, Pending, Progress, Request};
pub use guarded::{Bounds, Guarded};
pub use retry::Pauses;
