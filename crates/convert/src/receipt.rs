//! What a conversion cost, as a document: see `docs/convert.md` for every field.
//!
//! [`measure()`] compares an asset with what is read back from the file it was written to: attribute by attribute where
//! the two can be laid side by side, by pictures from eight sides always. [`Receipt`] adds what the caller knows: files,
//! hashes, filters, times.

mod attributes;
mod frame;
mod orientation;
mod pictures;
mod scenes;
mod text;

pub use attributes::AttributeError;
pub use orientation::{Orientation, Verdict};
pub use pictures::{Pictures, SIZE_PX, ViewCost};

use asset::stats::SceneStats;
use asset::{Format, Holds};
use render::scene::{Stop, Stopped};
use serde::Serialize;

use crate::Asset;
use crate::filters::Step;
use crate::hash::Digested;
use attributes::Pairing;
use frame::Canvas;
pub(crate) use frame::middle;

/// Version of the schema. Fields may be added without a new one; none changes its meaning or goes.
pub const VERSION: u32 = 1;

/// Up to so many splats a conversion is measured unless told otherwise.
pub const MEASURED_SPLATS_MAX: usize = 1 << 18;

/// What a conversion cost.
#[derive(Debug, Clone, Serialize)]
pub struct Receipt {
    /// Always `crucible-receipt`.
    pub schema: &'static str,
    /// [`VERSION`].
    pub version: u32,
    /// Version of the program.
    pub crucible: String,
    /// The file read.
    pub input: Side,
    /// What was done on the way, in order. What it changed is wanted and counts as no cost.
    pub filters: Vec<Step>,
    /// The file written.
    pub output: Side,
    /// Output bytes by input bytes.
    pub size_ratio: f64,
    /// What the input file has and the output file has not, one line each; values that are only rounded are not listed.
    pub dropped: Vec<String>,
    /// `None` when it was not asked for.
    pub measured: Option<Measured>,
    /// Seconds.
    pub times_s: Times,
}

/// One of the two files.
#[derive(Debug, Clone, Serialize)]
pub struct Side {
    /// As the user named it.
    pub file: String,
    /// What it is.
    pub format: Format,
    /// For people.
    pub format_name: &'static str,
    /// Splats or a scene.
    pub holds: Holds,
    /// Length and hash.
    #[serde(flatten)]
    pub digested: Digested,
    /// What is in it.
    #[serde(flatten)]
    pub content: Content,
}

/// Counts of an asset.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Content {
    /// Of splats.
    Splats {
        /// Number of splats.
        splats: usize,
        /// Degree of the spherical harmonics.
        sh_degree: u8,
    },
    /// Of a scene.
    Scene {
        /// What it is made of.
        scene: SceneStats,
    },
}

impl Content {
    /// Counts.
    #[must_use]
    pub fn of(asset: &Asset) -> Self {
        match asset {
            Asset::Splats(splats) => {
                Self::Splats { splats: splats.len(), sh_degree: splats.sh_degree().get() }
            }
            Asset::Scene(scene) => Self::Scene { scene: SceneStats::of(scene) },
        }
    }
}

/// Seconds that each step took.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Times {
    pub read: f64,
    pub filter: f64,
    pub write: f64,
    pub measure: f64,
    pub total: f64,
}

/// The asset beside what is read back from its file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// Every value came back bit by bit (in the file's order, where it has one of its own).
    pub is_identical: bool,
    /// Errors of each attribute; empty when [`Self::not_compared`] says why.
    pub attributes: Vec<AttributeError>,
    /// Why attributes were not laid side by side.
    pub not_compared: Option<String>,
    /// Pictures of both.
    pub pictures: Pictures,
    /// Whether it still stands as it stood.
    pub orientation: Orientation,
}

/// Compares `before` with `after`, which was read back from the file. `order[i]` is the splat of `before` that splat `i`
/// of `after` was; `None`: the same one. `stop` is asked now and then.
///
/// Identical assets are not drawn. Otherwise 8 + 6 pictures of each are.
///
/// # Errors
/// [`Stopped`] soon after `stop` says so.
pub fn measure(
    before: &Asset,
    after: &Asset,
    order: Option<&[u32]>,
    stop: Stop<'_>,
) -> Result<Measured, Stopped> {
    let (mut attributes, mut not_compared, mut is_identical) = (Vec::new(), None, false);
    match (before, after) {
        (Asset::Splats(before), Asset::Splats(after)) => {
            match Pairing::new(before.len(), after.len(), order) {
                Ok(pairing) => {
                    is_identical = attributes::are_identical(before, after, &pairing);
                    attributes = attributes::errors(before, after, &pairing);
                }
                Err(why) => not_compared = Some(why),
            }
        }
        (Asset::Scene(before), Asset::Scene(after)) => {
            is_identical = before == after;
            match scenes::errors(before, after) {
                Ok(errors) => attributes = errors,
                Err(why) => not_compared = Some(why),
            }
        }
        _ => not_compared = Some("one is splats, the other a scene of meshes".into()),
    }
    if is_identical {
        let (pictures, orientation) = (Pictures::identical(), Orientation::identical());
        return Ok(Measured { is_identical, attributes, not_compared, pictures, orientation });
    }
    let framing = frame::Framing::of(before);
    let [before, after] = [before, after].map(|asset| Canvas::new(asset, framing, stop));
    let (before, after) = (before?, after?);
    let pictures = pictures::compare(&before, &after, stop)?;
    let orientation = orientation::check(&before, &after, stop)?;
    Ok(Measured { is_identical, attributes, not_compared, pictures, orientation })
}
