//! Surfaces over an outline: pieces of the silhouette, and what is to be painted on their fronts and backs.

use glam::{Vec2, Vec3};

use super::light;
use super::outline;
use super::strokes::Goal;
use crate::colour::Painter;
use crate::map::Map;
use crate::sample::Point;
use crate::surface::Surface;

/// An outline with everything over it.
#[derive(Debug, Clone)]
pub(crate) struct Flat {
    /// Closed lines, pixels of the working grid.
    pub lines: Vec<Vec<Vec2>>,
    /// Their box, pixels of the working grid.
    pub low: Vec2,
    /// See `low`.
    pub high: Vec2,
}

impl Flat {
    /// `None` if nothing is left of the coverage. `tolerance` in pixels of the working grid.
    pub(crate) fn of(coverage: &Map, tolerance: f32, corners_max: usize) -> Option<Self> {
        let lines = outline::simplified(&outline::trace(coverage), tolerance, corners_max);
        let (mut low, mut high) = (Vec2::MAX, Vec2::MIN);
        for point in lines.iter().flatten() {
            low = low.min(*point);
            high = high.max(*point);
        }
        (low.x < high.x && low.y < high.y).then_some(Self { lines, low, high })
    }

    /// Width and height of a canvas over the box, the longer one as asked.
    pub(crate) fn canvas(&self, longer_px: usize) -> [usize; 2] {
        let size = self.high - self.low;
        let scale = longer_px as f32 / size.max_element();
        [size.x, size.y].map(|side| ((side * scale).round() as usize).max(8))
    }

    /// What is to be painted on the front, or on the back as seen through the front.
    pub(crate) fn goal(
        &self,
        surface: &Surface<'_>,
        painter: &Painter,
        coverage: &Map,
        [width, height]: [usize; 2],
        is_back: bool,
    ) -> Goal {
        let silhouette = surface.silhouette;
        let eye_m = surface.to_metres(Vec3::new(0.0, 0.0, surface.eye_z));
        let step = (self.high.x - self.low.x) / width as f32;
        let spacing = step / silhouette.extent_px;
        let texel = |x: usize, y: usize| {
            let share =
                Vec2::new((x as f32 + 0.5) / width as f32, (y as f32 + 0.5) / height as f32);
            let seen = self.low + (self.high - self.low) * share;
            let (px, py) = (seen.x as usize, seen.y as usize);
            let near = |k: f32| coverage.area(seen.x, seen.y, k);
            // A little beyond the outline, where texels at the rim are mixed.
            let weight = near(step.max(1.0)).max(0.15 * near(4.0 * step));
            let [front, back] = surface
                .relief
                .heights(px.min(coverage.width - 1), py.min(coverage.height - 1))
                .unwrap_or([0.0; 2]);
            let [object_x, object_y] = silhouette.object(seen.x, seen.y);
            let colour = if is_back {
                let zoom = surface.zoom(front);
                let position = Vec3::new(object_x / zoom, object_y / zoom, back);
                let normal = Vec3::NEG_Z;
                let facing = normal.dot(surface.to_eye(position));
                painter.completed(surface, &Point { position, normal, spacing, seen, facing })
            } else {
                let position = Vec3::new(object_x, object_y, front);
                let point = Point { position, normal: Vec3::Z, spacing, seen, facing: 1.0 };
                let normal = crate::pictures::normal(
                    silhouette,
                    surface.relief,
                    px.min(coverage.width - 1),
                    py.min(coverage.height - 1),
                )
                .unwrap_or(Vec3::Z);
                light::paint(painter.shown(surface, &point), light::shade(normal, eye_m))
            };
            colour.extend(weight)
        };
        let texels = Map::from_fn(width, height, texel);
        Goal {
            colours: texels.map(glam::Vec4::truncate),
            weights: texels.map(|texel| texel.w),
            wraps: false,
        }
    }
}
