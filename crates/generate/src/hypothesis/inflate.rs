//! The silhouette as a cushion: height² solves Poisson's equation, so a stick is round, a plate-wide part is rounder
//! than deep, and nothing is deeper than it is wide.

use super::{Hypothesis, Relief, beyond_outline};
use crate::distance;
use crate::map::Map;
use crate::options::ShapeKind;
use crate::poisson;
use crate::silhouette::Silhouette;

/// Right-hand side of Δ(height²) = −c that makes the cross-section of a long strip a circle.
const C_STRIP: f32 = 2.0;

/// Squared depth of things over that of the union of balls: most are a little deeper than they are wide from the front.
pub(crate) const FULLNESS: f32 = 1.35;

/// Squared half depth in object units², 0 outside: round sticks, and discs a little flatter than balls.
pub(crate) fn cushion(silhouette: &Silhouette) -> Map {
    let scale = 1.0 / (silhouette.extent_px * silhouette.extent_px);
    let smooth = poisson::solve(&silhouette.alpha).map(|u| C_STRIP * u * scale);
    let balls = distance::balls(&silhouette.distance).map(|u| u * scale);
    // Balls of neighbouring branches meet in creases: soften them, but not where the outline is near.
    let soft = balls.blur(0.02 * silhouette.extent_px);
    Map::from_fn(smooth.width, smooth.height, |x, y| {
        let depth = silhouette.distance.get(x, y) / (0.08 * silhouette.extent_px);
        let ball = balls.get(x, y);
        let ball = ball + (soft.get(x, y) - ball) * depth.clamp(0.0, 1.0);
        // Thin parts stay round: the smooth cushion knows them best.
        let thick =
            (silhouette.thickness.get(x, y) / (0.06 * silhouette.extent_px)).clamp(0.0, 1.0);
        let thin = smooth.get(x, y);
        thin + (ball * FULLNESS - thin) * thick
    })
}

/// The whole silhouette inflated.
pub(crate) fn inflated(silhouette: &Silhouette, cushion: &Map) -> Hypothesis {
    let height2 = beyond_outline(&silhouette.distance, silhouette.extent_px, cushion);
    // The rim of a cushion is seen where the line of sight touches it: an eighth of its radius before the middle for
    // a ball that fills the picture (outline and rim apart: the plane on which both are one), less for others.
    let half_depth = cushion.values.iter().copied().fold(0.0, f32::max).sqrt();
    Hypothesis {
        shape: ShapeKind::Inflated,
        relief: Relief::symmetric(&height2, 0.1 * half_depth),
        body: None,
        footprint: None,
    }
}
