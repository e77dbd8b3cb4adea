//! glTF 2.0 binary files of scenes. Facts: the glTF 2.0 specification of Khronos and its ratified extensions.
//!
//! Kept: hierarchy, geometry, groups as primitives, instances, lines, points, metallic-roughness materials with the
//! `KHR_materials_*` layers, textures as PNG with their samplers and transforms. Wireframes become lines; back-side
//! surfaces are turned inside out; tangents are made where a material needs them; a sheared matrix becomes two nodes;
//! what is hidden is left out. What glTF has no words for is lost, and [`write()`] tells it.

mod build;
mod document;
mod extensions;
mod import;
mod layers;
mod losses;
mod material;
mod mesh;
mod meshopt;
mod node;
pub(crate) mod picture;
mod place;
mod tangent;
pub(crate) mod texture;

use std::io::Write;

use crate::scene::{Scene, SceneError};
use build::Builder;
pub(crate) use document::inside_plain;
pub use document::{
    Accessor, BUFFER_BYTES_MAX, ComponentType, DECODED_FREE_BYTES, DECODED_RATIO_MAX, Document,
    ELEMENTS_MAX, FILE_BYTES_MAX, JSON_VALUES_MAX, MeshPrimitive, Mode, ReadError, Resolve,
};
pub use node::PLAIN_INSTANCES_MAX;

/// Bytes of a file: the container has 32 bits for its length.
pub const BYTES_MAX: usize = u32::MAX as usize;
/// Pixels that the pictures of any file may have together; beyond that, twice as many as those of the scene's textures.
pub const PIXELS_FREE: usize = 1 << 25;

/// Why a scene was not written. Nothing was written then, except where the writer failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GlbError {
    /// The scene does not hold together.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// Longer than [`BYTES_MAX`].
    #[error("glb: at least {found} bytes, our limit is {max}", max = BYTES_MAX)]
    TooLong {
        /// Bytes up to where it was given up.
        found: usize,
    },
    /// More than [`PIXELS_FREE`], and than twice the pixels of the scene's textures.
    #[error("glb: at least {found} pixels of textures, our limit is {max}")]
    TooManyPixels {
        /// Pixels up to where it was given up.
        found: usize,
        /// The limit.
        max: usize,
    },
    /// The writer failed.
    #[error("glb: {0}")]
    Io(#[from] std::io::Error),
}

/// Reads a file as a scene: [`Document::parse`] and [`Document::scene`]. Gives one line for each kind of thing that a scene does
/// not hold.
///
/// # Errors
/// [`ReadError`] names the place and what is wrong there.
pub fn read(file: &[u8], resolve: &mut impl Resolve) -> Result<(Scene, Vec<String>), ReadError> {
    Document::parse(file, resolve)?.scene()
}

/// Writes a scene, once it passed [`Scene::check`]. Gives one line for each kind of thing that the file cannot say.
///
/// # Errors
/// [`GlbError`] if the check fails, the file is too long, or the writer fails.
pub fn write(scene: &Scene, mut writer: impl Write) -> Result<Vec<String>, GlbError> {
    scene.check()?;
    let mut builder = Builder::new(scene);
    node::add(&mut builder);
    let losses = builder.losses.texts(scene);
    let (json, binary) = builder.finish()?;
    let mut json = json.to_string().into_bytes();
    json.resize(json.len().next_multiple_of(4), b' ');
    let chunks = [(b"JSON", json), (b"BIN\0", binary)];
    let chunks: Vec<_> = chunks.into_iter().filter(|(_, chunk)| !chunk.is_empty()).collect();
    let found = chunks.iter().fold(12_usize, |sum, (_, chunk)| sum.saturating_add(8 + chunk.len()));
    if found > BYTES_MAX {
        return Err(GlbError::TooLong { found });
    }
    writer.write_all(b"glTF\x02\0\0\0")?;
    writer.write_all(&(found as u32).to_le_bytes())?;
    for (kind, chunk) in chunks {
        writer.write_all(&(chunk.len() as u32).to_le_bytes())?;
        writer.write_all(kind)?;
        writer.write_all(&chunk)?;
    }
    writer.flush()?;
    Ok(losses)
}
