//! The chosen shape as a closed surface: signed distance and normal anywhere, the camera that took the picture, and
//! the way between object units and the finished asset's metres.

use glam::{DMat3, DVec3, Vec2, Vec3};
use render::Camera;

use crate::hypothesis::Relief;
use crate::map::Map;
use crate::silhouette::Silhouette;

/// Largest side of the surface, metres: what is left of the unit box goes to the splats' own size.
const EXTENT_M: f32 = 0.994;

/// A closed surface in object units, as the picture's camera sees it.
#[derive(Debug)]
pub(crate) struct Surface<'a> {
    pub silhouette: &'a Silhouette,
    pub relief: &'a Relief,
    /// Signed distance on the working grid with its slope: `[distance, d/dx, d/dy]`, pixels.
    outline: Map<Vec3>,
    /// `relief.sheets` with their slopes per pixel: d/dx, d/dy.
    slopes: [Map<Vec3>; 2],
    /// Metres per object unit.
    pub scale: f32,
    /// The asset's centre, object units.
    pub centre: Vec3,
    /// z of the camera, object units.
    pub eye_z: f32,
}

/// Where a point is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Foot {
    /// First-order signed distance, object units, **positive inside**.
    pub depth: f32,
    /// Unit outward normal.
    pub normal: Vec3,
}

impl<'a> Surface<'a> {
    pub(crate) fn new(silhouette: &'a Silhouette, relief: &'a Relief) -> Self {
        let [low, high] = relief.bounds(silhouette);
        let scale = EXTENT_M / (high - low).max_element().max(1e-3);
        let centre = 0.5 * (low + high);
        let distance = &silhouette.distance;
        let outline = Map::from_fn(distance.width, distance.height, |x, y| {
            let [dx, dy] = distance.slope(x, y);
            Vec3::new(distance.get(x, y), dx, dy)
        });
        let sheets = &relief.sheets;
        let slope =
            |k: usize| Map::from_fn(sheets.width, sheets.height, |x, y| sheets.slope(x, y)[k]);
        Self {
            silhouette,
            relief,
            outline,
            slopes: [slope(0), slope(1)],
            scale,
            centre,
            eye_z: relief.eye_z,
        }
    }

    /// The same, smaller: with room in the unit box for what the walls of a mesh stand out.
    pub(crate) fn shrunk(mut self, by: f32) -> Self {
        self.scale *= by;
        self
    }

    /// Metres of a point in object units.
    pub(crate) fn to_metres(&self, p: Vec3) -> Vec3 {
        (p - self.centre) * self.scale
    }

    /// Position on the working grid at which the picture's camera sees a point, pixels.
    pub(crate) fn see(&self, p: Vec3) -> Vec2 {
        let zoom = self.zoom(p.z);
        Vec2::from(self.silhouette.pixel(p.x * zoom, p.y * zoom))
    }

    /// Magnification of the plane at height `z` relative to that of the rim.
    pub(crate) fn zoom(&self, z: f32) -> f32 {
        (self.eye_z - self.relief.rim_z) / (self.eye_z - z).max(0.1)
    }

    /// Unit direction from a point to the camera.
    pub(crate) fn to_eye(&self, p: Vec3) -> Vec3 {
        (Vec3::new(0.0, 0.0, self.eye_z) - p).normalize_or(Vec3::Z)
    }

    /// The camera that sees the finished asset as the picture shows it, for a picture of which one pixel is
    /// `shrink` picture pixels, cropped to `size_px` from `corner_px` (picture pixels) on.
    pub(crate) fn camera(&self, shrink: f64, corner_px: [f64; 2], size_px: [u32; 2]) -> Camera {
        let silhouette = self.silhouette;
        let picture_px = f64::from(silhouette.extent_px * silhouette.picture_scale);
        let distance = f64::from(self.eye_z - self.relief.rim_z);
        let centre = silhouette.picture(silhouette.centre_px[0], silhouette.centre_px[1]);
        Camera {
            eye: self.to_metres(Vec3::new(0.0, 0.0, self.eye_z)).as_dvec3(),
            world_to_view: DMat3::from_diagonal(DVec3::new(1.0, -1.0, -1.0)),
            focal_px: picture_px * distance / shrink,
            centre_px: [0, 1].map(|k| (f64::from(centre[k]) - corner_px[k]) / shrink),
            size_px,
            near: 0.01,
            far: 100.0,
        }
    }

    /// Distance to the surface and its normal there, to first order.
    pub(crate) fn foot(&self, p: Vec3) -> Foot {
        let extent_px = self.silhouette.extent_px;
        let body = self.body(p);
        // Nothing stands out of the cone that the picture's silhouette spans.
        let seen = self.see(p);
        let outline = self.outline.sample(seen.x, seen.y);
        let zoom = self.zoom(p.z);
        let depth = outline.x / (extent_px * zoom);
        if depth >= body.depth {
            return body;
        }
        let (dx, dy) = (outline.y, -outline.z);
        let along_z = (dx * p.x + dy * p.y) / (self.eye_z - p.z).max(0.1);
        let inward = Vec3::new(dx, dy, along_z);
        let steepness = inward.length();
        if steepness < 0.2 {
            return body;
        }
        Foot { depth, normal: -inward / steepness }
    }

    /// First-order signed distance of the solid alone, whatever the outline, object units, positive inside.
    pub(crate) fn body_depth(&self, p: Vec3) -> f32 {
        self.body(p).depth
    }

    fn body(&self, p: Vec3) -> Foot {
        let extent_px = self.silhouette.extent_px;
        let [px, py] = self.silhouette.pixel(p.x, p.y);
        let sheet = self.relief.sheets.sample(px, py);
        let (dx, dy) = (self.slopes[0].sample(px, py), self.slopes[1].sample(px, py));
        let rise = p.z - sheet.x;
        let side = if rise >= 0.0 { Vec3::Y } else { Vec3::Z };
        let value = sheet.dot(side) - rise * rise;
        // Along x, along y (upwards), along z; heights per object unit.
        let slope = |d: Vec3| (d.dot(side) + 2.0 * rise * d.x) * extent_px;
        let gradient = Vec3::new(slope(dx), -slope(dy), -2.0 * rise);
        let steepness = gradient.length().max(1e-5);
        Foot { depth: value / steepness, normal: -gradient / steepness }
    }

    /// The surface point close to `p` with its normal, moving at most `reach`; `None` when there is none.
    pub(crate) fn project(&self, p: Vec3, reach: f32) -> Option<(Vec3, Vec3)> {
        let mut at = p;
        for _ in 0..7 {
            let foot = self.foot(at);
            at += foot.normal * foot.depth.clamp(-0.5 * reach, 0.5 * reach);
            if foot.depth.abs() < 0.01 * reach {
                return ((at - p).length() <= reach).then(|| (at, self.foot(at).normal));
            }
        }
        let foot = self.foot(at);
        (foot.depth.abs() < 0.08 * reach && (at - p).length() <= reach).then_some((at, foot.normal))
    }
}
