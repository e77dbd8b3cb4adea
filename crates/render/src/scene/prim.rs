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

/// Where depth is taken for each sample, in steps. The original mirrors x about the centre of the pixel: seen wherever the
/// front and the back of a body meet.
pub(super) const DEPTH_SAMPLES: [[i32; 2]; 4] = [[6, 2], [14, 6], [2, 10], [10, 14]];

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

/// How values change over a primitive. Each vertex weighs, on the screen and divided by w, so much at the anchor and so
/// much more per pixel; at the anchor only the first one weighs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weights {
    /// The first vertex, in pixels.
    pub(super) anchor: Vec2,
    /// 1/w of the first vertex.
    pub(super) first: f32,
    /// Change of each vertex's weight per pixel to the right.
    pub(super) dx: [f32; 3],
    /// Change of each vertex's weight per pixel down.
    pub(super) dy: [f32; 3],
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
    /// −1 at the near plane, 1 at the far plane.
    pub(super) depth: f32,
    pub(super) w: f32,
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

    /// In pixels.
    pub(super) fn size(&self) -> Vec2 {
        Vec2::new(self.width as f32, self.height as f32)
    }

    /// No place is farther out than this, in steps.
    const FAR: f32 = 4_194_304.0;

    /// A corner on the screen. Pixel centres are whole numbers while rounding, as in the original.
    pub(super) fn project(&self, corner: &Corner) -> Projected {
        let inverse_w = 1.0 / corner.clip.w;
        let half_pixel = (STEPS / 2) as f32;
        let step = |clip: f32, half: f32| {
            let place = (clip * inverse_w * half + (half - half_pixel)).round_ties_even();
            // Ends of lines may lie far out of the picture; NaN becomes 0.
            place.clamp(-Self::FAR, Self::FAR) as i32 + STEPS / 2
        };
        let x = step(corner.clip.x, self.half_steps.x);
        let y = step(corner.clip.y, self.half_steps.y);
        Projected {
            at: [x, self.height * STEPS - y],
            depth: corner.clip.z * inverse_w,
            w: corner.clip.w,
            inverse_w,
            varyings: corner.varyings,
        }
    }

    /// Twice the area as the original finds it, in f32 and from places in the picture: its sign tells front from back.
    /// Negative for counter-clockwise corners as seen.
    pub(super) fn area_f32(&self, corners: [&Projected; 3]) -> f32 {
        let half_pixel = STEPS / 2;
        let [[x0, y0], [x1, y1], [x2, y2]] = corners.map(|corner| {
            let up = self.height * STEPS - corner.at[1];
            [(corner.at[0] - half_pixel) as f32, (up - half_pixel) as f32]
        });
        (y0 - y2) * x1 + (y2 - y1) * x0 + (y1 - y0) * x2
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
    /// Of a triangle that is not degenerate. In f32 and in the order of the original, so that surfaces in the same place
    /// fight for it as they do there. The anchor is the farthest corner.
    pub(super) fn of_triangle(corners: [&Projected; 3]) -> Self {
        let [mut a, mut b, mut c] = corners;
        let farthest = a.w.max(b.w).max(c.w);
        let (second_is, third_is) = (b.w == farthest, c.w == farthest);
        if second_is {
            (a, b, c) = (b, c, a);
        }
        if third_is {
            (a, b, c) = (c, a, b);
        }
        let from_a = |corner: &Projected| [corner.at[0] - a.at[0], a.at[1] - corner.at[1]];
        Self::new(a, (b, from_a(b)), (c, from_a(c)))
    }

    /// Of a line: values change along it only. The anchor is its end, as where the last vertex provokes.
    pub(super) fn of_line(to: &Projected, from: &Projected) -> Self {
        let [x, y] = [to.at[0] - from.at[0], from.at[1] - to.at[1]];
        Self::new(from, (to, [x, y]), (to, [x + y, y - x]))
    }

    /// From the first vertex, and the others with their places in steps from it, y up.
    fn new(
        a: &Projected,
        (b, at_b): (&Projected, [i32; 2]),
        (c, at_c): (&Projected, [i32; 2]),
    ) -> Self {
        const STEP: f32 = 1.0 / STEPS as f32;
        let [steps_b, steps_c] = [at_b, at_c].map(|at| at.map(|v| v as f32));
        let scaled = |w: f32, steps: [f32; 2]| steps.map(|v| w * STEP * v);
        let ([x1, y1], [x2, y2]) = (scaled(b.w, steps_b), scaled(c.w, steps_c));
        let area = x1 * y2 - x2 * y1;
        let (mut dx, mut dy) = ([0.0; 3], [0.0; 3]);
        if area != 0.0 {
            let inverse = 1.0 / area;
            let d = inverse * a.inverse_w;
            dx = [(y1 * c.w - y2 * b.w) * d, y2 * inverse, -y1 * inverse];
            dy = [(x2 * b.w - x1 * c.w) * d, -x2 * inverse, x1 * inverse];
        }
        let ([x1, y1], [x2, y2]) = (steps_b, steps_c);
        let (z1, z2) = (b.depth - a.depth, c.depth - a.depth);
        let d = 0.5 / (x1 * y2 - x2 * y1);
        let slope_x = d * (y2 * z1 - y1 * z2) * STEPS as f32;
        let slope_y = d * (x1 * z2 - x2 * z1) * STEPS as f32;
        Self {
            anchor: pixels(a.at),
            first: a.inverse_w,
            dx,
            dy: dy.map(|v| -v),
            varyings: [a, b, c].map(|corner| corner.varyings),
            depth: Plane { at: a.depth * 0.5 + 0.5, dx: slope_x, dy: -slope_y },
        }
    }

    /// Of a point: nothing changes, and the second and third weights grow as its own coordinates do, y down.
    pub(super) fn of_point(centre: &Projected, size: f32) -> Self {
        let slope = 1.0 / size;
        Self {
            anchor: pixels(centre.at) - 0.5 * size,
            first: centre.inverse_w,
            dx: [-slope, slope, 0.0],
            dy: [-slope, 0.0, slope],
            varyings: [centre.varyings; 3],
            depth: Plane { at: centre.depth * 0.5 + 0.5, dx: 0.0, dy: 0.0 },
        }
    }

    /// How steep depth is, for polygon offset.
    pub(super) fn offset_depth(&mut self, factor: f32, units: f32, farthest: f32) {
        let slope = self.depth.dx.abs().max(self.depth.dy.abs());
        // The smallest step of a float depth of this size.
        let exponent = (farthest.to_bits() >> 23) & 0xFF;
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
        Projected { at: [x, y], depth: 0.5, w: 1.0, inverse_w: 1.0, varyings: 0 }
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
