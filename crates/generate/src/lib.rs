//! Prompt to asset: the built-in generator.
#![warn(missing_docs)]

pub mod truth;
