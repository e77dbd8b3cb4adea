//! Three.js modules: what a submitted module may contain, what it builds, and which limits that breaks.
//!
//! [`analyse`] takes a source text and gives every [`Failure`] of the parse and static stages, in source order, without
//! running anything; rules, codes and choices are in `docs/module-rules.md`. [`engine`] runs one module in a fresh
//! interpreter, under fuel and a heap limit, and measures what it built. Nothing here opens a file, reads a clock or the
//! environment, or prints, so all of it works inside an operating-system cage, which is where [`engine`] belongs.
#![warn(missing_docs)]

mod analyse;
pub mod engine;
mod failure;
mod guard;
pub mod lists;
mod nesting;
mod place;
mod production;
mod walk;

pub use analyse::{
    AnalyseError, Analysis, FAILURES_MAX, ModuleExport, SOURCE_BYTES_MAX, analyse, decode,
};
pub use failure::{Failure, Rule, Stage};
pub use nesting::NESTING_MAX;
pub use walk::LITERAL_BYTES_MAX;
