//! The silhouette as a cushion: height² solves Poisson's equation, so a stick is round, a plate-wide part is rounder
//! than deep, and nothing is deeper than it is wide.

use super::{Hypothesis, Relief, beyond_outline};
use crate::map::Map;
use crate::options::ShapeKind;
use crate::poisson;
use crate::silhouette::Silhouette;

/// Right-hand side of Δ(height²) = −c that makes the cross-section of a long strip a circle.
const C_STRIP: f32 = 2.0;

/// Squared half depth in object units², 0 outside: round sticks, and discs √½ as deep as wide.
pub(crate) fn cushion(silhouette: &Silhouette) -> Map {
    let scale = C_STRIP / (silhouette.extent_px * silhouette.extent_px);
    poisson::solve(&silhouette.alpha).map(|u| u * scale)
}

/// The whole silhouette inflated.
pub(crate) fn inflated(silhouette: &Silhouette, cushion: &Map) -> Hypothesis {
    let height2 = beyond_outline(silhouette, cushion);
    // The rim of a cushion is seen where the line of sight touches it: a quarter of its depth before the middle for
    // a ball that fills the picture, less for anything else.
    let half_depth = cushion.values.iter().copied().fold(0.0, f32::max).sqrt();
    Hypothesis {
        shape: ShapeKind::Inflated,
        relief: Relief::symmetric(&height2, 0.2 * half_depth),
        body: None,
    }
}
