//! Triangles on the screen: snapped corners, edges, and the planes of depth and of what is interpolated.
//!
//! The picture has x to the right and y **down**. Facts: rendering specification §C.5, §A.3; fill rule and sub-pixel steps
//! as measured on Mesa's software rasteriser, which the facts were checked on.

use glam::{DMat3, DVec3};

use crate::camera::Camera;

/// Steps of a corner's place per pixel.
pub(super) const STEPS: i32 = 256;
/// Where the four samples of a pixel are, in steps.
pub(super) const SAMPLES: [[i32; 2]; 4] = [[160, 32], [32, 96], [224, 160], [96, 224]];
/// Distance of the near plane, metres; there is no far one.
const NEAR: f64 = 0.05;

/// A vertex on the screen; `w` 0 if it has no place there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Corner {
    /// Pixels.
    at: [f32; 2],
    /// 0 at the near plane, 1 far away.
    depth: f32,
    /// One over the distance along the view.
    pub(super) inverse_w: f32,
}

/// What the camera does to a vertex.
#[derive(Debug, Clone, Copy)]
pub(super) struct Projection {
    rows: DMat3,
    eye: DVec3,
    focal_px: f64,
    centre_px: [f64; 2],
}

impl Projection {
    pub(super) fn new(camera: &Camera) -> Self {
        let Camera { eye, world_to_view, focal_px, centre_px, .. } = *camera;
        Self { rows: world_to_view, eye, focal_px, centre_px }
    }

    pub(super) fn corner(&self, position: [f32; 3]) -> Corner {
        let view = self.rows * (DVec3::from(position.map(f64::from)) - self.eye);
        if !(view.z > NEAR && view.is_finite()) {
            return Corner { at: [0.0; 2], depth: 0.0, inverse_w: 0.0 };
        }
        let inverse = 1.0 / view.z;
        let scale = self.focal_px * inverse;
        let [x, y] = self.centre_px;
        Corner {
            at: [(view.x * scale + x) as f32, (view.y * scale + y) as f32],
            depth: (1.0 - NEAR * inverse) as f32,
            inverse_w: inverse as f32,
        }
    }
}

/// a·x + b·y + c is at least 0 inside, x and y in steps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) a: i64,
    pub(super) b: i64,
    pub(super) c: i64,
}

impl Edge {
    /// From `p` to `q`, with the inside where the cross product is positive. Left and lower edges own what is on them.
    fn new(p: [i32; 2], q: [i32; 2]) -> Self {
        let (a, b) = (i64::from(p[1] - q[1]), i64::from(q[0] - p[0]));
        let is_owner = a > 0 || (a == 0 && b < 0);
        let c = -(a * i64::from(p[0]) + b * i64::from(p[1]));
        Self { a, b, c: if is_owner { c } else { c - 1 } }
    }

    #[inline(always)]
    pub(super) fn at(&self, x: i32, y: i32) -> i64 {
        self.a * i64::from(x) + self.b * i64::from(y) + self.c
    }
}

/// A triangle that faces the camera.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prim {
    pub(super) edges: [Edge; 3],
    /// Pixels that may be touched: left, top, right, bottom; the last two are beyond.
    pub(super) bounds: [i32; 4],
    /// Place of the first corner, pixels.
    anchor: [f32; 2],
    /// Change of the second and third corner's weight on the screen per pixel.
    slopes: [[f32; 2]; 2],
    /// Depth at the anchor, and its change per pixel.
    depth: [f32; 3],
    pub(super) triangle: u32,
}

impl Prim {
    /// `None` if it is seen from behind, has no area, or is out of the picture.
    pub(super) fn new(corners: [&Corner; 3], triangle: u32, size_px: [u32; 2]) -> Option<Self> {
        if corners.iter().any(|corner| corner.inverse_w <= 0.0) {
            return None;
        }
        let snap = |c: f32| (c * STEPS as f32).clamp(-4e8, 4e8).round() as i32;
        let [a, b, c] = corners.map(|corner| corner.at.map(snap));
        let wide = |v: i32| i64::from(v);
        let (ab, ac) = ([b[0] - a[0], b[1] - a[1]], [c[0] - a[0], c[1] - a[1]]);
        let area = wide(ab[0]) * wide(ac[1]) - wide(ac[0]) * wide(ab[1]);
        // Counter-clockwise as seen, y down.
        if area >= 0 {
            return None;
        }
        let bounds = {
            let reach = |axis: usize| {
                let low = a[axis].min(b[axis]).min(c[axis]).div_euclid(STEPS).max(0);
                let high = a[axis].max(b[axis]).max(c[axis]).div_euclid(STEPS) + 1;
                (low, high.min(size_px[axis] as i32))
            };
            let ((left, right), (top, bottom)) = (reach(0), reach(1));
            [left, top, right, bottom]
        };
        if bounds[0] >= bounds[2] || bounds[1] >= bounds[3] {
            return None;
        }
        let place = |corner: &Corner| corner.at.map(f64::from);
        let [pa, pb, pc] = corners.map(place);
        let (ab, ac) = ([pb[0] - pa[0], pb[1] - pa[1]], [pc[0] - pa[0], pc[1] - pa[1]]);
        let area = ab[0] * ac[1] - ac[0] * ab[1];
        let inverse = if area == 0.0 { 0.0 } else { 1.0 / area };
        let slopes = [[ac[1] * inverse, -ac[0] * inverse], [-ab[1] * inverse, ab[0] * inverse]];
        let [za, zb, zc] = corners.map(|corner| f64::from(corner.depth));
        let slope = |axis: usize| slopes[0][axis] * (zb - za) + slopes[1][axis] * (zc - za);
        Some(Self {
            edges: [Edge::new(a, c), Edge::new(c, b), Edge::new(b, a)],
            bounds,
            anchor: corners[0].at,
            slopes: slopes.map(|slope| slope.map(|v| v as f32)),
            depth: [za as f32, slope(0) as f32, slope(1) as f32],
            triangle,
        })
    }

    /// Depth of a sample in 24 bits.
    #[inline(always)]
    pub(super) fn depth(&self, x: i32, y: i32, sample: usize) -> u32 {
        let [sx, sy] = SAMPLES[sample].map(|s| s as f32 * (1.0 / STEPS as f32));
        let (dx, dy) = (x as f32 + (sx - self.anchor[0]), y as f32 + (sy - self.anchor[1]));
        let z = self.depth[0] + self.depth[1] * dx + self.depth[2] * dy;
        (z.max(0.0).min(1.0) * 16_777_215.0 + 0.5) as u32
    }

    /// How much each corner counts at the centre of a pixel, which may be outside; the sum is 1.
    #[inline(always)]
    pub(super) fn weights(&self, x: i32, y: i32, inverse_ws: [f32; 3]) -> [f32; 3] {
        let (dx, dy) = (x as f32 + (0.5 - self.anchor[0]), y as f32 + (0.5 - self.anchor[1]));
        let [b, c] = self.slopes.map(|slope| slope[0] * dx + slope[1] * dy);
        let weights = [1.0 - b - c, b, c];
        let [a, b, c] = [0, 1, 2].map(|i| weights[i] * inverse_ws[i]);
        let inverse = 1.0 / (a + b + c);
        [a * inverse, b * inverse, c * inverse]
    }
}
