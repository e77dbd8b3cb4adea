//! Signed distances to simple solids, and the ways to join them. Negative inside, metres.
//!
//! Closed forms of plane geometry; where a form is not the exact distance it is never larger than it, so that a ray
//! marching by it cannot step through a surface.

use glam::{Vec2, Vec3};

/// Sphere about the origin.
#[must_use]
pub fn sphere(p: Vec3, radius: f32) -> f32 {
    p.length() - radius
}

/// Ellipsoid about the origin: first-order distance, exact on the surface.
#[must_use]
pub fn ellipsoid(p: Vec3, radii: Vec3) -> f32 {
    let smallest = radii.min_element();
    let scaled = (p / radii).length();
    let steepness = (p / (radii * radii)).length();
    if steepness < 1e-6 {
        return -smallest;
    }
    scaled * (scaled - 1.0) / steepness
}

/// Box of the given half sizes, its edges rounded by `rounding` (inside the half sizes).
#[must_use]
pub fn rounded_box(p: Vec3, half: Vec3, rounding: f32) -> f32 {
    let q = p.abs() - (half - Vec3::splat(rounding));
    q.max(Vec3::ZERO).length() + q.max_element().min(0.0) - rounding
}

/// Upright cylinder about the origin with rounded rims.
#[must_use]
pub fn cylinder(p: Vec3, radius: f32, half_height: f32, rounding: f32) -> f32 {
    let q = Vec2::new(
        Vec2::new(p.x, p.z).length() - radius + rounding,
        p.y.abs() - half_height + rounding,
    );
    q.max(Vec2::ZERO).length() + q.max_element().min(0.0) - rounding
}

/// Disc facing +Z: a cylinder along Z with rounded rims.
#[must_use]
pub fn disc(p: Vec3, radius: f32, half_depth: f32, rounding: f32) -> f32 {
    cylinder(Vec3::new(p.x, p.z, p.y), radius, half_depth, rounding)
}

/// Rod from `a` to `b` with round ends.
#[must_use]
pub fn capsule(p: Vec3, a: Vec3, b: Vec3, radius: f32) -> f32 {
    cone_rod(p, a, b, radius, radius)
}

/// Rod whose radius goes evenly from `radius_a` to `radius_b`. Not larger than the distance as long as the radii
/// differ by less than half of the length.
#[must_use]
pub fn cone_rod(p: Vec3, a: Vec3, b: Vec3, radius_a: f32, radius_b: f32) -> f32 {
    let (along, length_2) = (b - a, (b - a).length_squared().max(1e-12));
    let t = ((p - a).dot(along) / length_2).clamp(0.0, 1.0);
    let slope = (radius_b - radius_a) / length_2.sqrt();
    ((p - a - along * t).length() - (radius_a + (radius_b - radius_a) * t))
        / (1.0 + slope * slope).sqrt()
}

/// Ring around the Y axis.
#[must_use]
pub fn torus(p: Vec3, ring: f32, radius: f32) -> f32 {
    Vec2::new(Vec2::new(p.x, p.z).length() - ring, p.y).length() - radius
}

/// Ring facing +Z.
#[must_use]
pub fn ring(p: Vec3, ring: f32, radius: f32) -> f32 {
    torus(Vec3::new(p.x, p.z, p.y), ring, radius)
}

/// Union with a fillet of the given size.
#[must_use]
pub fn smooth_min(a: f32, b: f32, fillet: f32) -> f32 {
    let h = (fillet - (a - b).abs()).max(0.0) / fillet;
    a.min(b) - h * h * fillet * 0.25
}

/// Subtraction with a fillet: `a` without `b`.
#[must_use]
pub fn smooth_cut(a: f32, b: f32, fillet: f32) -> f32 {
    -smooth_min(-a, b, fillet)
}

/// The point as a solid sees it that is turned about the Y axis; positive turns the solid's +Z towards +X.
#[must_use]
pub fn turn_y(p: Vec3, degrees: f32) -> Vec3 {
    let (sin, cos) = libm::sincosf(degrees.to_radians());
    Vec3::new(p.x * cos - p.z * sin, p.y, p.x * sin + p.z * cos)
}

/// The point as a solid sees it that is turned about the Z axis; positive is counter-clockwise in the front view.
#[must_use]
pub fn turn_z(p: Vec3, degrees: f32) -> Vec3 {
    let (sin, cos) = libm::sincosf(degrees.to_radians());
    Vec3::new(p.x * cos + p.y * sin, p.y * cos - p.x * sin, p.z)
}

/// A closed outline in the half plane (radius, height), turned about the Y axis.
#[derive(Debug, Clone)]
pub struct Revolved {
    runs: Vec<Run>,
    /// Lowest and highest corner: [radius, height].
    bounds: [Vec2; 2],
}

/// A few edges of an outline that follow each other, and the box around them.
#[derive(Debug, Clone)]
struct Run {
    corners: Vec<Vec2>,
    low: Vec2,
    high: Vec2,
}

/// Edges in a [`Run`].
const RUN_EDGES: usize = 6;

impl Revolved {
    /// A smooth outline through the points given from bottom to top or around, closed along the axis. Points that are
    /// repeated make a sharp corner. Between two points lie `steps` edges.
    #[must_use]
    pub fn smooth(points: &[[f32; 2]], steps: usize) -> Self {
        let at = |idx: isize| {
            let idx = idx.clamp(0, points.len() as isize - 1) as usize;
            Vec2::from(points[idx])
        };
        let mut corners = Vec::with_capacity(points.len() * steps + 1);
        for idx in 0..points.len() as isize - 1 {
            let (before, from, to, after) = (at(idx - 1), at(idx), at(idx + 1), at(idx + 2));
            if (to - from).length() < 1e-6 {
                continue;
            }
            for step in 0..steps {
                let t = step as f32 / steps as f32;
                corners.push(catmull_rom([before, from, to, after], t).max(Vec2::new(0.0, -1e9)));
            }
        }
        corners.push(at(points.len() as isize - 1));
        Self::polygon(corners)
    }

    /// The outline with these corners.
    #[must_use]
    pub fn polygon(corners: Vec<Vec2>) -> Self {
        let Some(&first) = corners.first() else {
            return Self { runs: Vec::new(), bounds: [Vec2::ZERO; 2] };
        };
        let mut closed = corners;
        closed.push(first);
        let around = |corners: &[Vec2]| {
            let low = corners.iter().copied().fold(Vec2::splat(f32::INFINITY), Vec2::min);
            let high = corners.iter().copied().fold(Vec2::splat(f32::NEG_INFINITY), Vec2::max);
            [low, high]
        };
        let bounds = around(&closed);
        let starts = (0..closed.len() - 1).step_by(RUN_EDGES);
        let runs = starts
            .map(|from| {
                let corners = closed[from..(from + RUN_EDGES + 1).min(closed.len())].to_vec();
                let [low, high] = around(&corners);
                Run { corners, low, high }
            })
            .collect();
        Self { runs, bounds }
    }

    /// Distance of a point in space.
    #[must_use]
    pub fn distance(&self, p: Vec3) -> f32 {
        self.outline_distance(Vec2::new(Vec2::new(p.x, p.z).length(), p.y))
    }

    /// Distance in the half plane. Far from the outline the distance to its bounding rectangle is enough.
    fn outline_distance(&self, q: Vec2) -> f32 {
        let [low, high] = self.bounds;
        let outside = Vec2::new(q.x - high.x, (low.y - q.y).max(q.y - high.y));
        let far = outside.max(Vec2::ZERO).length();
        if far > 0.15 {
            return far;
        }
        let mut nearest_2 = f32::INFINITY;
        let mut inside = false;
        for run in &self.runs {
            // Runs that are too far to be nearest and cannot be crossed by the ray towards larger radii do not matter.
            let gap = (run.low - q).max(q - run.high).max(Vec2::ZERO).length_squared();
            let crossable = q.y >= run.low.y && q.y <= run.high.y && q.x <= run.high.x;
            if gap >= nearest_2 && !crossable {
                continue;
            }
            for edge in run.corners.windows(2) {
                let (from, to) = (edge[0], edge[1]);
                if (from.y > q.y) != (to.y > q.y) {
                    let crossing = from.x + (q.y - from.y) / (to.y - from.y) * (to.x - from.x);
                    inside ^= q.x < crossing;
                }
                // An edge on the axis is no surface: the solid goes on behind it.
                if from.x > 1e-5 || to.x > 1e-5 {
                    let edge = to - from;
                    let t = (q - from).dot(edge) / edge.length_squared().max(1e-12);
                    let offset = q - from - edge * t.clamp(0.0, 1.0);
                    nearest_2 = nearest_2.min(offset.length_squared());
                }
            }
        }
        if inside { -nearest_2.sqrt() } else { nearest_2.sqrt() }
    }
}

/// Centripetal enough for our outlines: the uniform Catmull-Rom spline through the two middle points.
fn catmull_rom(points: [Vec2; 4], t: f32) -> Vec2 {
    let [a, b, c, d] = points;
    let (t_2, t_3) = (t * t, t * t * t);
    0.5 * (b * 2.0
        + (c - a) * t
        + (a * 2.0 - b * 5.0 + c * 4.0 - d) * t_2
        + (b * 3.0 - a - c * 3.0 + d) * t_3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_plane_geometry() {
        let square = Revolved::polygon(vec![
            Vec2::new(0.0, -1.0),
            Vec2::new(1.0, -1.0),
            Vec2::new(1.0, 1.0),
            Vec2::new(0.0, 1.0),
        ]);
        let cases = [
            ("sphere", sphere(Vec3::X * 3.0, 1.0), 2.0),
            ("box face", rounded_box(Vec3::X * 3.0, Vec3::ONE, 0.1), 2.0),
            ("cylinder", cylinder(Vec3::X * 3.0, 1.0, 1.0, 0.1), 2.0),
            ("capsule end", capsule(Vec3::Y * 3.0, Vec3::ZERO, Vec3::Y, 0.5), 1.5),
            ("torus", torus(Vec3::X * 3.0, 1.0, 0.5), 1.5),
            ("revolved side", square.distance(Vec3::X * 1.1), 0.1),
            ("revolved inside", square.distance(Vec3::new(0.9, 0.0, 0.0)), -0.1),
            ("revolved axis is no surface", square.distance(Vec3::ZERO), -1.0),
            ("smooth union at the seam", smooth_min(0.0, 0.0, 0.4), -0.1),
        ];
        for (name, found, expected) in cases {
            assert!((found - expected).abs() < 1e-5, "{name}: {found} is not {expected}");
        }
    }
}
