//! Triangle meshes: surfaces out of fields and splats, decimation, texture atlases, baking; and splats out of surfaces.
//!
//! From a signed field to a textured mesh, each step on its own:
//! ```
//! use mesh::{atlas, bake, decimate, extract};
//!
//! # fn main() -> Result<(), mesh::MeshError> {
//! let ball = |p: [f32; 3]| 0.4 - (p[0] * p[0] + p[1] * p[1] + p[2] * p[2]).sqrt();
//! let surface = extract::surface(ball, [[-0.5; 3], [0.5; 3]], 24)?;
//! let surface = decimate::decimate(&surface, decimate::Goal::triangles(800), &|| false)?;
//! let unwrapped = atlas::unwrap(&surface, &atlas::Options { side_px: 128, ..Default::default() }, &|| false)?;
//! let texture = bake::texture(&unwrapped.mesh, 128, |_point, normal| normal.map(|n| 0.5 + 0.5 * n))?;
//! let scene = unwrapped.mesh.to_scene("ball", Some(texture), mesh::Look::default());
//! # assert!(scene.check().is_ok());
//! # Ok(())
//! # }
//! ```
//!
//! Points are in metres, right-handed, +Y up. Triangles are counter-clockwise seen from outside. Nothing depends on the
//! number of threads. See docs/meshing.md.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod atlas;
pub mod bake;
pub mod decimate;
mod edges;
mod error;
pub mod extract;
mod look;
mod surface;
mod topology;

pub use error::MeshError;
pub use look::{Look, base_colour};
pub use render::scene::Stop;
pub use surface::Mesh;
pub use topology::Topology;
