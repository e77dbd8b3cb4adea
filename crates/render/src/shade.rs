//! Shading of Three.js materials: what a fragment's colour is, with no scene, no raster and no camera.
//!
//! Everything is a pure function of plain `f32` values; the rasteriser brings normals, derivatives and samples, and
//! gets linear light ([`standard::shade`], [`physical::shade`], [`unlit`]), which [`colour`] turns into bytes.
//! Facts: three r183 as measured on its WebGL renderer. Any finite input gives a finite answer.
#![allow(clippy::manual_clamp, reason = "`max` first takes NaN to 0, `clamp` would keep it")]

pub mod alpha;
pub mod anisotropy;
pub mod clearcoat;
pub mod colour;
pub mod dfg;
mod driver;
pub mod environment;
pub mod fragments;
pub(crate) mod half;
pub mod iridescence;
pub mod lanes;
pub mod light;
mod lobe;
pub mod normal;
pub mod physical;
pub mod sheen;
pub mod standard;
pub mod texture;
pub mod transmission;
pub mod unlit;

pub use environment::Environment;
pub use fragments::Fragments;
pub use light::{Light, Lighting};
pub use physical::Layers;
pub use standard::{Specular, Surface};
