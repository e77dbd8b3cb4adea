//! HTTP services for those who judge: [`render`] draws modules, meshes and splats; [`distance`] tells how different two
//! pictures look; [`pod`] makes Three.js modules of batches of pictures.
//!
//! This is an edge: it listens, fetches, and measures time. What it serves is decided in the rooms below.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod distance;
mod door;
mod js;
mod metrics;
pub mod pod;
pub mod render;
mod slots;
