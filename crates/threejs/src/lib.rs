//! Three.js modules: what a submitted module may contain, decided without running it.
//!
//! [`analyse`] takes a source text and gives every [`Failure`] of the parse and static stages, in source order. Nothing
//! here runs the module, opens a file or prints. Rules, codes and choices: `docs/module-rules.md`.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod analyse;
mod failure;
pub mod lists;
mod nesting;
mod place;
mod walk;

pub use analyse::{Analysis, FAILURES_MAX, ModuleExport, SOURCE_BYTES_MAX, analyse, decode};
pub use failure::{Failure, Rule, Stage};
pub use nesting::NESTING_MAX;
pub use walk::LITERAL_BYTES_MAX;
