//! Asset and view to picture: the reference renderer, on the CPU.
//!
//! The same asset and view give the same bytes on every run, thread count and x86-64 machine: no C library maths
//! (clippy refuses it), no fused multiply-add, no order that depends on threads.
#![warn(missing_docs)]

pub mod adam;
pub mod camera;
pub mod classic;
mod exp;
pub mod frame;
pub mod grad;
pub mod grid;
pub mod png;
pub mod scene;
pub mod shade;
mod simd;
pub mod splats;
pub mod view;

pub use camera::{Camera, Lens, LensError};
pub use frame::{Background, Frame};
pub use view::{NamedView, View};

#[cfg(test)]
#[path = "../tests/it/scenes.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "the scenes of the integration tests; not all are used here"
)]
mod scenes;
