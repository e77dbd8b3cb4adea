//! USDZ out: a package of a text layer (`.usda`) and PNG pictures, for viewers of Apple and others. Facts: the specifications of
//! USDZ and of `UsdPreviewSurface` by `OpenUSD`.
//!
//! A package is a zip file without compression whose files start at multiples of 64 bytes; the first one is the layer. Every surface
//! that is drawn is a mesh in world space. Reading is not supported.

mod layer;
mod package;

use std::io::Write;

use crate::scene::flat::{self, Surface};
use crate::scene::{Scene, SceneError};

/// Triangles of a file that is written.
pub const TRIANGLES_MAX: usize = 1 << 24;

/// Why a scene was not written. Nothing was written then, except where the writer failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The scene does not hold together.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// More than [`TRIANGLES_MAX`].
    #[error("usdz: {found} triangles, our limit is {max}", max = TRIANGLES_MAX)]
    TooMany {
        /// Triangles of the scene, instances counted.
        found: usize,
    },
    /// Longer than the 4 GiB of a zip file.
    #[error("usdz: {found} bytes, a package may have {max}", max = u32::MAX)]
    TooLong {
        /// Bytes up to where it was given up.
        found: usize,
    },
    /// The writer failed.
    #[error("usdz: {0}")]
    Io(#[from] std::io::Error),
}

/// Writes every visible triangle of a scene in world space, with its materials and pictures. Gives one line for each kind of thing
/// that the file cannot say.
///
/// # Errors
/// [`WriteError`] if the scene does not hold together, is too large, or the writer fails.
pub fn write(scene: &Scene, mut writer: impl Write) -> Result<Vec<String>, WriteError> {
    scene.check()?;
    let (surfaces, mut losses) = flat::surfaces(scene)?;
    let found = surfaces.iter().map(Surface::triangle_count).fold(0, usize::saturating_add);
    if found > TRIANGLES_MAX {
        return Err(WriteError::TooMany { found });
    }
    let mut files = layer::files(scene, &surfaces);
    losses.append(&mut files.losses);
    let package = package::pack(&files.list)?;
    writer.write_all(&package)?;
    writer.flush()?;
    Ok(losses)
}
