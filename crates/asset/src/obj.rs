//! Wavefront OBJ with its material library MTL. Facts: the format of Advanced Visualizer 3 as exporters of today write it, and the
//! keys for metallic-roughness materials that Blender and others take (`Pr`, `Pm`, `Ps`, `norm`).
//!
//! Positions are taken as stored. Colours of materials and vertices are sRGB in the file and linear in a scene. Texture
//! coordinates count from the lower left corner of a picture, so pictures are marked [`crate::scene::Texture::flip_y`].

mod index;
mod mtl;
mod polygon;
mod read;
mod write;

pub use read::{ReadError, read};
pub use write::{Files, TRIANGLES_MAX, WriteError, write};
