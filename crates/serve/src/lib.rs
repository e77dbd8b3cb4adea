//! HTTP services. So far one: [`render`], which draws modules, meshes and splats for those who judge them.
//!
//! This is an edge: it listens, fetches, and measures time. What it serves is decided in the rooms below.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod address;
mod fetch;
mod js;
mod metrics;
pub mod render;
