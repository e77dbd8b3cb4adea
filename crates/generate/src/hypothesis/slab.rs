//! A plate with a rounded rim: even depth, thinner only where the outline itself is narrow.

use super::{Hypothesis, Relief};
use crate::map::Map;
use crate::options::ShapeKind;
use crate::silhouette::Silhouette;

/// Depth of a plate as a share of its largest inscribed disc.
const DEPTH: f32 = 0.2;
/// Rounding of the rim as a share of the depth.
const ROUNDING: f32 = 0.36;
/// Parts narrower than the plate is deep get this share of their own width.
const NARROW_DEPTH: f32 = 0.9;

/// Depth of the plate, object units.
pub(crate) fn depth(silhouette: &Silhouette) -> f32 {
    DEPTH * silhouette.traits.bulk
}

/// The silhouette as a plate.
pub(crate) fn slab(silhouette: &Silhouette) -> Hypothesis {
    let pixel = 1.0 / silhouette.extent_px;
    let depth = depth(silhouette);
    let mask = silhouette.distance.map(|d| if d > 0.0 { 1.0 } else { 0.0 });
    let local = Map::from_fn(mask.width, mask.height, |x, y| {
        let width = 2.0 * silhouette.thickness.get(x, y) * pixel;
        (NARROW_DEPTH * width).min(depth) * mask.get(x, y)
    });
    // Steps of local thickness are softened, without letting the outside in.
    let sigma = 0.012 * silhouette.extent_px;
    let (sum, weight) = (local.blur(sigma), mask.blur(sigma));
    let height2 = Map::from_fn(mask.width, mask.height, |x, y| {
        let half = 0.5 * sum.get(x, y) / weight.get(x, y).max(1e-3);
        let rounding = 2.0 * ROUNDING * half;
        let d = silhouette.distance.get(x, y) * pixel;
        let inset = (rounding - d).clamp(0.0, rounding);
        let height = half - rounding + (rounding * rounding - inset * inset).max(0.0).sqrt();
        // A wall stands over about one pixel: steep, but with a slope that says where it is.
        let wall = (d / (0.7 * pixel) + 0.5).clamp(-4.0, 1.0);
        height.max(0.5 * pixel) * height.max(0.5 * pixel) * wall
    });
    let rim_z = 0.5 * depth * (1.0 - 1.6 * ROUNDING);
    Hypothesis {
        shape: ShapeKind::Slab,
        relief: Relief::symmetric(&height2, rim_z),
        body: None,
        footprint: None,
    }
}
