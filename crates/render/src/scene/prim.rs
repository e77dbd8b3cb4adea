//! Set-up of what is rasterised: vertices snapped to 1/16 px, edge functions with the fill rule, planes of depth and
//! of the weights that interpolate. Source: rendering specification §D.9.
//!
//! Places are in picture coordinates, x right and y **down**. Snapping happens as the original does it, in f32 and from
//! the bottom row up.

use glam::{Vec2, Vec4};

/// Steps of a vertex coordinate per pixel.
pub(super) const STEPS: i32 = 16;

/// Where the four samples of a pixel are, in steps: x right, y down.
pub(super) const SAMPLES: [[i32; 2]; 4] = [[10, 2], [2, 6], [14, 10], [6, 14]];

/// a·x + b·y + c is at least 0 inside, x and y in steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) a: i32,
    pub(super) b: i32,
    pub(super) c: i64,
}

impl Edge {
    /// Inside everywhere.
    pub(super) const NONE: Self = Self { a: 0, b: 0, c: 0 };

    /// From `p` to `q`, the inside where the cross product is positive. A place on the edge is inside of left and
    /// bottom edges only.
    fn new(p: [i32; 2], q: [i32; 2]) -> Self {
        let (a, b) = (p[1] - q[1], q[0] - p[0]);
        let is_owner = a > 0 || (a == 0 && b < 0);
        let c = -(i64::from(a) * i64::from(p[0]) + i64::from(b) * i64::from(p[1]));
        Self { a, b, c: if is_owner { c } else { c - 1 } }
    }

    #[inline(always)]
    pub(super) fn at(&self, x: i32, y: i32) -> i64 {
        i64::from(self.a) * i64::from(x) + i64::from(self.b) * i64::from(y) + self.c
    }
}

/// A value that is linear on the screen: at the anchor of its primitive, and its change per pixel.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Plane {
    pub(super) at: f32,
    pub(super) dx: f32,
    pub(super) dy: f32,
}

/// How values change over a primitive: weights of its second and third vertex, which are linear on the screen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weights {
    /// Where both weights are 0, in pixels.
    pub(super) anchor: Vec2,
    /// Change of the second vertex's weight per pixel.
    pub(super) second: Vec2,
    /// Change of the third vertex's weight per pixel.
    pub(super) third: Vec2,
    /// 1/w of the vertices.
    pub(super) inverse_w: [f32; 3],
    /// Start of each vertex's values in the varyings.
    pub(super) varyings: [u32; 3],
    pub(super) depth: Plane,
}

/// A convex piece of up to four edges.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prim {
    pub(super) edges: [Edge; 4],
    /// Pixels that may be touched: left, top, right, bottom; the last two are beyond.
    pub(super) bounds: [i32; 4],
    pub(super) weights: Weights,
    /// Index of the batch's draws.
    pub(super) draw: u32,
    pub(super) is_front: bool,
}

/// A vertex in clip space and where its values are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Corner {
    pub(super) clip: Vec4,
    pub(super) varyings: u32,
}

/// A picture's size as the projection uses it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Screen {
    pub(super) width: i32,
    pub(super) height: i32,
    half_steps: Vec2,
}

/// A corner on the screen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Projected {
    /// In steps, y down.
    pub(super) at: [i32; 2],
    /// 0 at the near plane, 1 at the far plane.
    pub(super) depth: f32,
    pub(super) inverse_w: f32,
    pub(super) varyings: u32,
}

impl Screen {
    pub(super) fn new([width, height]: [u32; 2]) -> Self {
        let half = (STEPS / 2) as f32;
        Self {
            width: width as i32,
            height: height as i32,
            half_steps: Vec2::new(width as f32 * half, height as f32 * half),
        }
    }

    /// Size in pixels.
    pub(super) fn size(&self) -> Vec2 {
        Vec2::new(self.width as f32, self.height as f32)
    }

    /// A corner inside the frustum. Pixel centres are whole numbers while rounding, as in the original.
    pub(super) fn project(&self, corner: &Corner) -> Projected {
        let inverse_w = 1.0 / corner.clip.w;
        let half_pixel = (STEPS / 2) as f32;
        let step = |clip: f32, half: f32| {
            ((clip * inverse_w * half + (half - half_pixel)).round_ties_even() + half_pixel) as i32
        };
        let x = step(corner.clip.x, self.half_steps.x);
        let y = step(corner.clip.y, self.half_steps.y);
        Projected {
            at: [x, self.height * STEPS - y],
            depth: corner.clip.z * inverse_w * 0.5 + 0.5,
            inverse_w,
            varyings: corner.varyings,
        }
    }

    /// The pixels whose samples lie within the corners.
    fn bounds(&self, corners: &[Projected]) -> Option<[i32; 4]> {
        let (mut low, mut high) = ([i32::MAX; 2], [i32::MIN; 2]);
        for corner in corners {
            for axis in 0..2 {
                low[axis] = low[axis].min(corner.at[axis]);
                high[axis] = high[axis].max(corner.at[axis]);
            }
        }
        let size = [self.width, self.height];
        let low = low.map(|v| v.div_euclid(STEPS).max(0));
        let high = [0, 1].map(|axis| (high[axis].div_euclid(STEPS) + 1).min(size[axis]));
        (low[0] < high[0] && low[1] < high[1]).then_some([low[0], low[1], high[0], high[1]])
    }
}

fn pixels(at: [i32; 2]) -> Vec2 {
    Vec2::new(at[0] as f32, at[1] as f32) / STEPS as f32
}

/// Twice the area on the screen in square steps, positive for clockwise corners as seen.
pub(super) fn area(corners: [&Projected; 3]) -> i64 {
    let [a, b, c] = corners.map(|corner| corner.at.map(i64::from));
    (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
}

impl Weights {
    /// Of a triangle that is not degenerate.
    pub(super) fn of_triangle(corners: [&Projected; 3]) -> Self {
        let area = area(corners) as f64 / f64::from(STEPS * STEPS);
        let [a, b, c] = corners.map(|corner| corner.at);
        let side = |from: [i32; 2], to: [i32; 2]| {
            [to[0] - from[0], to[1] - from[1]].map(|d| f64::from(d) / f64::from(STEPS))
        };
        let (ab, ac) = (side(a, b), side(a, c));
        let second = [ac[1] / area, -ac[0] / area];
        let third = [-ab[1] / area, ab[0] / area];
        let [za, zb, zc] = corners.map(|corner| f64::from(corner.depth));
        let slope = |axis: usize| ((zb - za) * second[axis] + (zc - za) * third[axis]) as f32;
        Self {
            anchor: pixels(a),
            second: Vec2::new(second[0] as f32, second[1] as f32),
            third: Vec2::new(third[0] as f32, third[1] as f32),
            inverse_w: corners.map(|corner| corner.inverse_w),
            varyings: corners.map(|corner| corner.varyings),
            depth: Plane { at: za as f32, dx: slope(0), dy: slope(1) },
        }
    }

    /// Of a line: values change along it only.
    pub(super) fn of_line(from: &Projected, to: &Projected) -> Self {
        let along = pixels(to.at) - pixels(from.at);
        let length = along.length_squared();
        let second = if length > 0.0 { along / length } else { Vec2::ZERO };
        let rise = to.depth - from.depth;
        Self {
            anchor: pixels(from.at),
            second,
            third: Vec2::ZERO,
            inverse_w: [from.inverse_w, to.inverse_w, to.inverse_w],
            varyings: [from.varyings, to.varyings, to.varyings],
            depth: Plane { at: from.depth, dx: rise * second.x, dy: rise * second.y },
        }
    }

    /// Of a point: nothing changes, and the weights are its own coordinates, y down.
    pub(super) fn of_point(centre: &Projected, centre_px: Vec2, size: f32) -> Self {
        Self {
            anchor: centre_px - 0.5 * size,
            second: Vec2::new(1.0 / size, 0.0),
            third: Vec2::new(0.0, 1.0 / size),
            inverse_w: [centre.inverse_w; 3],
            varyings: [centre.varyings; 3],
            depth: Plane { at: centre.depth, dx: 0.0, dy: 0.0 },
        }
    }

    /// How steep depth is, for polygon offset.
    pub(super) fn offset_depth(&mut self, factor: f32, units: f32, nearest: f32) {
        let slope = self.depth.dx.abs().max(self.depth.dy.abs());
        // The smallest step of a float depth of this size.
        let exponent = (nearest.to_bits() >> 23) & 0xFF;
        let step = f32::from_bits(exponent.saturating_sub(23).max(1) << 23);
        let offset = slope * factor + step * units;
        if offset.is_finite() {
            self.depth.at += offset;
        }
    }
}

impl Prim {
    /// A convex piece of three or four corners, in either order; `None` if it has no area or is out of the picture.
    pub(super) fn new(
        screen: &Screen,
        corners: &[Projected],
        weights: Weights,
        draw: u32,
        is_front: bool,
    ) -> Option<Self> {
        let bounds = screen.bounds(corners)?;
        let [a, b, c] = [corners.first()?, corners.get(1)?, corners.get(2)?];
        let mut turn = area([a, b, c]);
        if let Some(d) = corners.get(3) {
            turn += area([a, c, d]);
        }
        if turn == 0 {
            return None;
        }
        let mut edges = [Edge::NONE; 4];
        let count = corners.len().min(4);
        for (i, edge) in edges.iter_mut().enumerate().take(count) {
            let (p, q) = (corners[i].at, corners[(i + 1) % count].at);
            // A quad snapped to less than four corners has an edge of no length, which bounds nothing.
            if p != q {
                *edge = if turn > 0 { Edge::new(p, q) } else { Edge::new(q, p) };
            }
        }
        Some(Self { edges, bounds, weights, draw, is_front })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corner(x: i32, y: i32) -> Projected {
        Projected { at: [x, y], depth: 0.5, inverse_w: 1.0, varyings: 0 }
    }

    /// Samples of an 8 × 8 picture that are inside.
    fn inside(corners: &[Projected]) -> Vec<[i32; 2]> {
        let screen = Screen::new([8, 8]);
        let weights = Weights::of_line(&corners[0], &corners[1]);
        let Some(prim) = Prim::new(&screen, corners, weights, 0, true) else { return Vec::new() };
        let mut found = Vec::new();
        for y in 0..128 {
            for x in 0..128 {
                if prim.edges.iter().all(|edge| edge.at(x, y) >= 0) {
                    found.push([x, y]);
                }
            }
        }
        found
    }

    #[test]
    fn left_and_bottom_edges_own_what_lies_on_them() {
        let square = [corner(16, 16), corner(32, 16), corner(32, 32), corner(16, 32)];
        let found = inside(&square);
        assert_eq!(found.len(), 256);
        assert!(
            found.contains(&[16, 32]) && found.contains(&[16, 17]) && found.contains(&[31, 32])
        );
        assert!(
            !found.contains(&[16, 16]) && !found.contains(&[32, 32]) && !found.contains(&[32, 20])
        );
    }

    #[test]
    fn neighbours_neither_gap_nor_overlap() {
        // A fan around an inner point, both turns, against one around a corner of the rim.
        let rim = [[3, 5], [60, 2], [120, 40], [101, 99], [64, 127], [20, 90]];
        let hits = |centre: [i32; 2]| {
            let mut hits = [[0_u8; 128]; 128];
            for i in 0..rim.len() {
                let corners = [centre, rim[i], rim[(i + 1) % rim.len()]];
                let mut triangle = corners.map(|at| corner(at[0], at[1]));
                if i % 2 == 0 {
                    triangle.swap(0, 1);
                }
                for [x, y] in inside(&triangle) {
                    hits[y as usize][x as usize] += 1;
                }
            }
            hits
        };
        let inner = hits([57, 61]);
        assert!(inner.iter().flatten().all(|count| *count <= 1));
        assert!(inner == hits(rim[0]));
        assert_eq!(inner.iter().flatten().map(|count| u32::from(*count)).sum::<u32>(), 9632);
    }
}
