//! From splats to meshes and back, where the format to be written holds the other kind.

use asset::Holds;
pub use mesh::{MeshError, from_splats, to_splats};
use render::scene::Stop;

use crate::Asset;
use crate::filters::Step;

/// How the other kind of asset is made.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Making {
    /// Splats out of a scene.
    pub splats: to_splats::Options,
    /// A scene out of splats.
    pub scene: from_splats::Options,
}

/// The same thing as the other kind of asset.
///
/// # Errors
/// [`MeshError`]: an option is outside its range, the asset has nothing to be made of, or `stop` said so.
pub fn make(asset: &Asset, making: &Making, stop: Stop<'_>) -> Result<Asset, MeshError> {
    Ok(match asset {
        Asset::Scene(scene) => Asset::Splats(to_splats::to_splats(scene, &making.splats, stop)?),
        Asset::Splats(splats) => {
            Asset::Scene(from_splats::from_splats(splats, &making.scene, stop)?)
        }
    })
}

/// A line for the list of what was done on the way. Unlike a filter's its cost is measured.
#[must_use]
pub fn step(before: &Asset, after: &Asset) -> Step {
    let count = |asset: &Asset| match asset {
        Asset::Splats(splats) => Some(splats.len()),
        Asset::Scene(_) => None,
    };
    let filter = match after.holds() {
        Holds::Splats => "splats made of the mesh",
        Holds::Scene => "mesh made of the splats",
    };
    let (splats_before, splats_after) = (count(before), count(after));
    Step { filter: filter.to_owned(), splats_before, splats_after }
}
