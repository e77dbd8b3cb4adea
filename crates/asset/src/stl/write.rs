//! Binary STL of every triangle that is drawn, in world space.

use std::io::Write;

use super::TRIANGLES_MAX;
use crate::scene::flat::{self, Surface};
use crate::scene::{Scene, SceneError};

/// Why a scene was not written. Nothing was written then, except where the writer failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The scene does not hold together.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// More than [`TRIANGLES_MAX`].
    #[error("stl: {found} triangles, our limit is {max}", max = TRIANGLES_MAX)]
    TooMany {
        /// Triangles of the scene, instances counted.
        found: usize,
    },
    /// The writer failed.
    #[error("stl: {0}")]
    Io(#[from] std::io::Error),
}

/// Writes every visible triangle of a scene, with its nodes' and instances' places applied. Gives one line for each kind of thing
/// that the file cannot say.
///
/// # Errors
/// [`WriteError`] if the scene does not hold together, has too many triangles, or the writer fails.
pub fn write(scene: &Scene, mut writer: impl Write) -> Result<Vec<String>, WriteError> {
    scene.check()?;
    let (surfaces, mut losses) = flat::surfaces(scene)?;
    let counts = surfaces.iter().map(Surface::triangle_count);
    let found = counts.fold(0, usize::saturating_add);
    if found > TRIANGLES_MAX {
        return Err(WriteError::TooMany { found });
    }
    let mut header = [b' '; 80];
    header[..15].copy_from_slice(b"Crucible binary");
    let mut triangles = Vec::new();
    let mut count = 0_u32;
    for surface in &surfaces {
        for corners in surface.triangles() {
            let [a, b, c] = corners.map(|vertex| surface.position(vertex));
            if ![a, b, c].iter().all(|corner| corner.is_finite()) {
                continue;
            }
            let normal = (b - a).cross(c - a).normalize_or_zero();
            for value in [normal, a, b, c].iter().flat_map(|part| part.to_array()) {
                triangles.extend((value as f32).to_le_bytes());
            }
            triangles.extend([0, 0]);
            count += 1;
        }
    }
    if (count as usize) < found {
        losses.push(format!("triangles with a corner that is nowhere: {}", found - count as usize));
    }
    losses.extend(lost(scene));
    writer.write_all(&header)?;
    writer.write_all(&count.to_le_bytes())?;
    writer.write_all(&triangles)?;
    writer.flush()?;
    Ok(losses)
}

/// What no STL file holds.
fn lost(scene: &Scene) -> impl Iterator<Item = String> {
    let smooth = scene.geometries.iter().filter(|geometry| geometry.normal.is_some()).count();
    let lists = [
        ("materials", scene.materials.len()),
        ("textures", scene.textures.len()),
        ("normals of vertices, of geometries", smooth),
    ];
    let lists = lists.into_iter().filter(|(_, count)| *count > 0);
    lists.map(|(what, count)| format!("{what}: {count}"))
}
