//! How well a solid fills the silhouette from the picture's camera, and the small shift in the picture plane that makes
//! it fill it exactly.

use glam::Vec2;

use crate::colour::smoothstep;
use crate::distance;
use crate::map::{Map, fill};
use crate::surface::Surface;

/// Heights tried along each line of sight.
const N_STEPS: usize = 28;
/// Pixels of the working grid per pixel here.
const STRIDE: usize = 2;

/// Whether the picture's camera sees the solid, 0 or 1, at half the working resolution.
pub(crate) fn seen(surface: &Surface<'_>) -> Map {
    let silhouette = surface.silhouette;
    let [low, high] = surface.relief.depth_range();
    let (width, height) = (silhouette.alpha.width / STRIDE, silhouette.alpha.height / STRIDE);
    Map::from_fn(width, height, |x, y| {
        let at = |k: usize| (STRIDE * k) as f32 + 0.5 * STRIDE as f32;
        let [seen_x, seen_y] = silhouette.object(at(x), at(y));
        let is_solid = |z: f32| {
            let zoom = surface.zoom(z);
            surface.body_depth(glam::Vec3::new(seen_x / zoom, seen_y / zoom, z)) > 0.0
        };
        let middle = surface.relief.sheets.sample(at(x), at(y)).x;
        let found = is_solid(middle)
            || is_solid(0.0)
            || (0..=N_STEPS).any(|k| is_solid(low + (high - low) * k as f32 / N_STEPS as f32));
        f32::from(u8::from(found))
    })
}

/// Intersection over union of what is seen and the outline, 0 to 1.
pub(crate) fn overlap(surface: &Surface<'_>, seen: &Map) -> f32 {
    let (mut both, mut either) = (0_usize, 0_usize);
    for y in 0..seen.height {
        for x in 0..seen.width {
            let (a, b) = (seen.get(x, y) > 0.5, surface.silhouette.inside(STRIDE * x, STRIDE * y));
            both += usize::from(a && b);
            either += usize::from(a || b);
        }
    }
    both as f32 / either.max(1) as f32
}

/// Shift in the picture plane for what is seen at a pixel, pixels of the working grid (the map has half of them).
#[derive(Debug)]
pub(crate) struct Shift(Map<Vec2>);

impl Shift {
    /// Moves the rim of what is seen onto the outline; what is further inside moves less.
    pub(crate) fn new(surface: &Surface<'_>, seen: &Map) -> Self {
        let silhouette = surface.silhouette;
        let solid = distance::signed(seen);
        let reach = 0.05 * silhouette.extent_px;
        let at = |k: usize| (STRIDE * k) as f32 + 0.5 * STRIDE as f32;
        let rim = Map::from_fn(seen.width, seen.height, |x, y| {
            f32::from(u8::from(solid.get(x, y).abs() < 1.0))
        });
        let gaps = Map::from_fn(seen.width, seen.height, |x, y| {
            let [slope_x, slope_y] = solid.slope(x, y);
            let outward = -Vec2::new(slope_x, slope_y).normalize_or_zero();
            let gap = silhouette.distance.sample(at(x), at(y)) - STRIDE as f32 * solid.get(x, y);
            outward * gap.clamp(-0.2 * reach, reach)
        });
        let spread = fill(&gaps, &rim).blur(2.0);
        Self(Map::from_fn(seen.width, seen.height, |x, y| {
            let inside = STRIDE as f32 * solid.get(x, y);
            spread.get(x, y) * smoothstep(1.6 * reach, 0.0, inside)
        }))
    }

    /// At a position on the working grid.
    pub(crate) fn at(&self, seen: Vec2) -> Vec2 {
        self.0.sample(seen.x / STRIDE as f32, seen.y / STRIDE as f32)
    }
}
