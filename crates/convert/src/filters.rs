//! Changes on the way from one file to another. Each takes an asset and gives an asset; they work in the order given.
//!
//! Filters are wanted: a receipt compares what they leave with the file written, and tells on its own what they removed.

mod colour;
mod decimate;
mod floaters;
mod place;
mod select;

pub use colour::Recolour;
pub use floaters::{CELLS_PER_SIDE, LINK_OPACITY};
pub use place::Placement;
pub use select::Region;

use std::fmt;

use asset::{ShDegree, Splats};

use crate::Asset;

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Keeps splats whose centre is inside the region; `false`: outside of it.
    Crop(Region, bool),
    /// Removes splats with a lower opacity, 0 to 1.
    MinOpacity(f64),
    /// Removes splats whose largest standard deviation is smaller, metres.
    MinScale(f64),
    /// Removes splats whose largest standard deviation is larger, metres.
    MaxScale(f64),
    /// Removes splats with a value that is not finite, or a quaternion of length zero.
    DropInvalid,
    /// Removes groups of splats, apart from the rest, that hold less than this share of the asset's opacity.
    RemoveFloaters(f64),
    /// Keeps the bands up to this degree.
    Sh(ShDegree),
    /// Keeps so many splats at most: those with the largest product of opacity and area.
    Decimate(usize),
    /// Turns, scales and moves.
    Place(Placement),
    /// Centres the box of the asset and makes its longest side 1.
    Fit,
    /// Changes colours.
    Recolour(Recolour),
}

/// What a filter did.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Step {
    /// As on the command line.
    pub filter: String,
    /// Splats before; of a scene its triangles are not counted, this is `None`.
    pub splats_before: Option<usize>,
    /// Splats after.
    pub splats_after: Option<usize>,
}

/// Why a filter was not applied.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// It is for splats.
    #[error(
        "{filter} is for splats, and this is a scene of meshes; scenes can be moved, turned, scaled and fitted"
    )]
    Scene {
        /// As on the command line.
        filter: String,
    },
    /// No splat was left.
    #[error("{filter} leaves no splat of {before}")]
    Nothing {
        /// As on the command line.
        filter: String,
        /// Splats before.
        before: usize,
    },
    /// The asset has no box.
    #[error("{filter}: the asset has no extent that could be fitted")]
    NoExtent {
        /// As on the command line.
        filter: String,
    },
}

impl Filter {
    /// Applies the change.
    ///
    /// # Errors
    /// [`FilterError`]: it cannot be applied to a scene, leaves nothing, or has nothing to fit.
    pub fn apply(&self, asset: Asset) -> Result<(Asset, Step), FilterError> {
        let filter = self.to_string();
        let splats = match (self, asset) {
            (Self::Place(placement), Asset::Scene(scene)) => {
                let scene = placement.scene(scene);
                return Ok((Asset::Scene(scene), Step::of_scene(filter)));
            }
            (Self::Fit, Asset::Scene(scene)) => {
                let Some(placement) = place::fit_scene(&scene) else {
                    return Err(FilterError::NoExtent { filter });
                };
                let scene = placement.scene(scene);
                return Ok((Asset::Scene(scene), Step::of_scene(filter)));
            }
            (_, Asset::Scene(_)) => return Err(FilterError::Scene { filter }),
            (_, Asset::Splats(splats)) => splats,
        };
        let before = splats.len();
        let splats = match self {
            Self::Fit => match place::fit_splats(&splats) {
                Some(placement) => placement.splats(splats),
                None => return Err(FilterError::NoExtent { filter }),
            },
            _ => self.apply_to(splats),
        };
        if splats.is_empty() && before > 0 {
            return Err(FilterError::Nothing { filter, before });
        }
        let step = Step { filter, splats_before: Some(before), splats_after: Some(splats.len()) };
        Ok((Asset::Splats(splats), step))
    }

    fn apply_to(&self, splats: Splats) -> Splats {
        let above = |least: f64| move |value: f32| f64::from(value) >= least;
        match self {
            Self::Crop(region, inside) => {
                select::keep(splats, |splat| region.contains(splat.position) == *inside)
            }
            Self::MinOpacity(least) => {
                select::keep(splats, |splat| above(*least)(splat.activate().opacity))
            }
            Self::MinScale(least) => {
                select::keep(splats, |splat| above(*least)(select::largest_scale(splat)))
            }
            Self::MaxScale(most) => {
                select::keep(splats, |splat| f64::from(select::largest_scale(splat)) <= *most)
            }
            Self::DropInvalid => select::keep(splats, select::is_valid),
            Self::RemoveFloaters(share) => floaters::remove(splats, *share),
            Self::Sh(degree) => colour::reduce(splats, *degree),
            Self::Decimate(count) => decimate::pick(splats, *count),
            Self::Place(placement) => placement.splats(splats),
            Self::Fit => splats,
            Self::Recolour(recolour) => recolour.splats(splats),
        }
    }
}

impl Step {
    const fn of_scene(filter: String) -> Self {
        Self { filter, splats_before: None, splats_after: None }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crop(region, inside) => {
                write!(f, "--{}-{region}", if *inside { "crop" } else { "cut" })
            }
            Self::MinOpacity(least) => write!(f, "--min-opacity {least}"),
            Self::MinScale(least) => write!(f, "--min-scale {least}"),
            Self::MaxScale(most) => write!(f, "--max-scale {most}"),
            Self::DropInvalid => f.write_str("--drop-invalid"),
            Self::RemoveFloaters(share) => write!(f, "--remove-floaters {share}"),
            Self::Sh(degree) => write!(f, "--sh {}", degree.get()),
            Self::Decimate(count) => write!(f, "--decimate {count}"),
            Self::Place(placement) => write!(f, "{placement}"),
            Self::Fit => f.write_str("--fit"),
            Self::Recolour(recolour) => write!(f, "{recolour}"),
        }
    }
}
