//! HTTP services. For those who judge: [`render`] draws modules, meshes and splats; [`distance`] tells how different two
//! pictures look; [`blobs`] hands out files of a store. For those who make: [`generator`] puts a generator behind the contracts of miners, [`pod`] behind that of
//! batches.
//!
//! This is an edge: it listens, fetches, and measures time. What it serves is decided in the rooms below.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod blobs;
pub mod distance;
mod door;
pub mod generator;
mod js;
mod listen;
mod metrics;
pub mod pod;
mod priority;
pub mod render;
mod slots;

pub use priority::give_way;
