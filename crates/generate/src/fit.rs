//! How well a solid fills the silhouette from the picture's camera, and the small shift in the picture plane that makes
//! it fill it exactly.

use asset::Splats;
use glam::Vec2;

use crate::colour::smoothstep;
use crate::distance;
use crate::map::{Map, fill};
use crate::refine::Goal;
use crate::sample::Point;
use crate::surface::Surface;

/// Heights tried along each line of sight.
const N_STEPS: usize = 28;
/// How far beyond the outline half coverage is aimed at, picture pixels: a splat fades over about two, and what the
/// picture shows covered should be.
const BEYOND_PX: f32 = 0.8;
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

/// Shift in the picture plane for what is seen at a pixel, pixels of the working grid.
#[derive(Debug)]
pub(crate) struct Shift {
    by: Map<Vec2>,
    /// Pixels of the working grid per pixel of `by`.
    stride: f32,
}

impl Shift {
    /// Moves the rim of what is seen onto the outline; what is further inside, up to `reach`, moves less. The rim ends up
    /// `beyond` outside of it. `seen`: coverage; `outline`: distance to the outline, positive inside. Both have the same
    /// size, one pixel is `stride` pixels of the working grid, and all lengths are pixels of their own.
    pub(crate) fn new(seen: &Map, outline: &Map, stride: f32, reach: f32, beyond: f32) -> Self {
        let solid = distance::signed(seen);
        let rim = solid.map(|d| f32::from(u8::from(d.abs() < 1.0)));
        let gaps = Map::from_fn(seen.width, seen.height, |x, y| {
            let [slope_x, slope_y] = solid.slope(x, y);
            let outward = -Vec2::new(slope_x, slope_y).normalize_or_zero();
            let gap = outline.get(x, y) - solid.get(x, y) + beyond;
            outward * gap.clamp(-0.5 * reach, reach)
        });
        let spread = fill(&gaps, &rim).blur(1.0);
        let by = Map::from_fn(seen.width, seen.height, |x, y| {
            spread.get(x, y) * (stride * smoothstep(1.6 * reach, 0.0, solid.get(x, y)))
        });
        Self { by, stride }
    }

    /// Before there are splats: from the solid as [`seen`] sees it.
    pub(crate) fn of_solid(surface: &Surface<'_>) -> Self {
        let silhouette = surface.silhouette;
        let seen = seen(surface);
        let stride = STRIDE as f32;
        let outline = Map::from_fn(seen.width, seen.height, |x, y| {
            let at = |k: usize| (k as f32 + 0.5) * stride;
            silhouette.distance.sample(at(x), at(y)) / stride
        });
        Self::new(&seen, &outline, stride, 0.05 * silhouette.extent_px / stride, 0.0)
    }

    /// At a position on the working grid.
    pub(crate) fn at(&self, seen: Vec2) -> Vec2 {
        self.by.sample(seen.x / self.stride, seen.y / self.stride)
    }
}

/// Moves splats until what the picture's camera sees of them ends where the outline does, to a fraction of a pixel.
/// The points move along.
pub(crate) fn settle(
    surface: &Surface<'_>,
    goal: &Goal,
    splats: &mut Splats,
    points: &mut [Point],
    n_rounds: usize,
) {
    let silhouette = surface.silhouette;
    let Map { width, height, .. } = goal.alpha;
    let stride = silhouette.alpha.width as f32 / width as f32;
    let outline = distance::signed(&goal.alpha);
    for _ in 0..n_rounds {
        let frame = render::splats::draw(splats, &goal.camera);
        let values = frame.transmittance.iter().map(|t| 1.0 - t).collect();
        let reach = 0.012 * silhouette.extent_px / stride;
        let seen = Map { width, height, values };
        let beyond = BEYOND_PX / (stride * silhouette.picture_scale);
        let shift = Shift::new(&seen, &outline, stride, reach, beyond);
        let mut parts = std::mem::take(splats).into_parts();
        for (position, point) in parts.positions.iter_mut().zip(points.iter_mut()) {
            let by = shift.at(point.seen);
            let unit = surface.scale / (silhouette.extent_px * surface.zoom(point.position.z));
            position[0] += by.x * unit;
            position[1] -= by.y * unit;
            point.seen += by;
        }
        *splats = Splats::new(parts).unwrap_or_default();
    }
}
