//! What a 3D asset is, and every file format it comes in.
//!
//! An asset is a set of Gaussian [`Splats`] or a [`Scene`] of meshes. Formats read from `impl Read` and write to `impl Write`: this crate
//! opens no file, and its errors name the field and the limit, never the path (the caller knows it).
//!
//! Convention, the same everywhere: right-handed, +Y up, the asset faces +Z, unit box [-0.5, 0.5]³.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod color;
pub mod compressed_ply;
pub mod format;
pub mod glb;
pub mod gltf_splats;
pub mod ksplat;
pub mod obj;
pub mod ply;
pub mod rules;
pub mod scene;
pub mod sog;
pub mod splat;
pub mod splats;
pub mod spz;
pub mod spz404;
pub mod stats;
pub mod stl;
pub mod usdz;
mod webp;

pub use format::{Format, Holds, ReadError, read_splats};
pub use scene::Scene;
pub use splats::{
    ActiveSplat, RawSplat, ShDegree, Similarity, SplatCount, Splats, SplatsParts, Unstorable,
};
