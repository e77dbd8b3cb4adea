//! Ground truth: small painted solids of our own, several classes, to measure generators on without any download.
//!
//! An [`sdf`] vocabulary makes [`Solid`]s, and [`sample`] makes splats of their surfaces. Everything is a function of
//! a seed. The pictures that the project ships are rendered from the same solids.

pub mod boxy;
pub mod dice;
pub mod flat;
pub mod organic;
pub mod paint;
pub mod revolved;
pub mod sdf;
pub mod solid;
pub mod thin;

pub use dice::Dice;
pub use paint::Paint;
pub use solid::{Near, Solid};
