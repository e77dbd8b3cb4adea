//! Runs an untrusted Three.js module in a process of its own that may ask the system for nothing.
//!
//! [`Pool::check`] analyses a module, runs it in a caged process and gives a [`Report`]. Three kinds of process:
//!
//! * the **host**, which called [`Pool::new`], and takes every byte from a cage as hostile;
//! * the **zygote**, one per pool: this program again, with an empty environment, entered through [`guest::enter`]. It
//!   compiles Three.js, prepares an interpreter, and then only forks. It never sees a byte of a module;
//! * its **children**, one per module: a copy of the prepared interpreter which locks itself down before it reads the
//!   module, answers once, and ends. Nothing outlives a module, even when the module takes its process over.
//!
//! What each layer stops, and what is left, is in `docs/sandbox.md`. Linux only.
#![warn(missing_docs)]

mod child;
mod clock;
mod config;
mod error;
mod gate;
pub mod guest;
mod pool;
mod protocol;
mod report;
mod verdict;
mod wire;
mod zygote;

pub use config::Config;
pub use error::CageError;
pub use pool::Pool;
pub use report::{Fuel, Report};
