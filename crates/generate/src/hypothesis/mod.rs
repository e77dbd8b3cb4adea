//! Shapes that a silhouette may be the front of. Each gives a [`Relief`]: how far the surface stands in front of and
//! behind a middle sheet, for every pixel of the working grid.

use glam::Vec3;

use crate::map::Map;
use crate::options::ShapeKind;
use crate::silhouette::{Axis, Silhouette};

pub(crate) mod block;
pub(crate) mod inflate;
pub(crate) mod revolve;
pub(crate) mod slab;

/// A solid as two sheets over the working grid, in object units: a point is inside when (z − mid)² is below `front2`
/// (before the middle sheet) or `back2` (behind it).
///
/// Squares are kept because they are smooth where a round surface turns away and its height has a vertical tangent;
/// outside of the outline they go on to negative values, so the surface ends where they cross zero.
#[derive(Debug, Clone)]
pub(crate) struct Relief {
    /// `[mid, front2, back2]`: object units, object units², object units².
    pub sheets: Map<Vec3>,
    /// Height of the plane on which the outline in the picture and that of the solid are one, object units.
    pub rim_z: f32,
    /// Height of the camera, object units.
    pub eye_z: f32,
}

impl Relief {
    /// Lowest and highest corner of the box around the solid, object units.
    pub(crate) fn bounds(&self, silhouette: &Silhouette) -> [Vec3; 2] {
        let (mut low, mut high) = (Vec3::MAX, Vec3::MIN);
        for y in 0..self.sheets.height {
            for x in 0..self.sheets.width {
                if let Some([front, back]) = self.heights(x, y) {
                    let [object_x, object_y] = silhouette.object(x as f32 + 0.5, y as f32 + 0.5);
                    low = low.min(Vec3::new(object_x, object_y, back));
                    high = high.max(Vec3::new(object_x, object_y, front));
                }
            }
        }
        if low.x > high.x { [Vec3::ZERO; 2] } else { [low, high] }
    }

    /// Both sides alike, about z = 0.
    pub(crate) fn symmetric(height2: &Map, rim_z: f32) -> Self {
        Self { sheets: height2.map(|h| Vec3::new(0.0, h, h)), rim_z, eye_z: EYE_Z }
    }

    /// Heights of the two surfaces at a pixel, front then back; `None` outside.
    pub(crate) fn heights(&self, x: usize, y: usize) -> Option<[f32; 2]> {
        let sheet = self.sheets.get(x, y);
        let inside = sheet.y > 0.0 || sheet.z > 0.0;
        inside.then(|| [sheet.x + sheet.y.max(0.0).sqrt(), sheet.x - sheet.z.max(0.0).sqrt()])
    }

    /// Lowest and highest z, object units.
    pub(crate) fn depth_range(&self) -> [f32; 2] {
        let mut range = [f32::MAX, f32::MIN];
        for y in 0..self.sheets.height {
            for x in 0..self.sheets.width {
                if let Some([front, back]) = self.heights(x, y) {
                    range = [range[0].min(back), range[1].max(front)];
                }
            }
        }
        if range[0] > range[1] { [0.0, 0.0] } else { range }
    }
}

/// Distance of the camera from the middle of an object of extent 1.
pub(crate) const EYE_Z: f32 = 2.0;

/// The body of a [`ShapeKind::Revolved`].
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub axis: Axis,
    /// Position along the axis of the first radius, object units.
    pub start: f32,
    /// Step between radii, object units.
    pub step: f32,
    /// Radius and how sure it is (0 to 1) at each position.
    pub rings: Vec<Ring>,
    /// Where flat ends cut the body off, positions along the axis.
    pub ends: [f32; 2],
}

/// A circle of a [`Body`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ring {
    /// Object units.
    pub radius: f32,
    /// 0: nothing symmetric here, to 1.
    pub trust: f32,
}

impl Body {
    /// Between the two nearest rings.
    pub(crate) fn at(&self, along: f32) -> Ring {
        let at = ((along - self.start) / self.step).clamp(0.0, self.rings.len() as f32 - 1.0);
        let (low, share) = (at as usize, at - at.floor());
        let (a, b) = (self.rings[low], self.rings[(low + 1).min(self.rings.len() - 1)]);
        Ring {
            radius: a.radius + (b.radius - a.radius) * share,
            trust: a.trust + (b.trust - a.trust) * share,
        }
    }
}

/// A shape that was considered.
#[derive(Debug, Clone)]
pub(crate) struct Hypothesis {
    pub shape: ShapeKind,
    pub relief: Relief,
    /// Only of a revolved shape.
    pub body: Option<Body>,
    /// Only of a block.
    pub footprint: Option<block::Footprint>,
}

/// Carries squared heights on beyond the outline, mirrored with the sign turned, so that they cross zero there with an
/// even slope; then takes off the pixel steps.
pub(crate) fn beyond_outline(distance: &Map, extent_px: f32, height2: &Map) -> Map {
    let pixel = 1.0 / extent_px;
    let extended = Map::from_fn(height2.width, height2.height, |x, y| {
        let d = distance.get(x, y);
        if d > 0.0 {
            return height2.get(x, y).max(0.0);
        }
        let [slope_x, slope_y] = distance.slope(x, y);
        let norm = (slope_x * slope_x + slope_y * slope_y).sqrt().max(1e-3);
        // Reading further in than a few pixels would carry the other side of thin parts over.
        let reach = (2.0 * -d).min(6.0);
        let [px, py] =
            [x as f32 + 0.5 + reach * slope_x / norm, y as f32 + 0.5 + reach * slope_y / norm];
        let mirrored = height2.sample(px, py).max(0.0);
        let least = 0.3 * d * pixel * d * pixel - 0.5 * d * pixel * pixel;
        -mirrored.max(least) * (-d / 3.0).max(1.0)
    });
    extended.blur(0.8)
}
