//! A box seen over one of its upright edges, cut to the silhouette: car, house, crate at three quarters.
//!
//! Where the object stands on level ground, the lower hull of its outline shows the two near sides of its footprint
//! rising from the near corner. Both rise in proportion to how fast they recede, whatever the height of the camera;
//! that they meet at a right angle in the world fixes the proportion.

use glam::{Vec2, Vec3};

use super::{EYE_Z, Hypothesis, Relief};
use crate::map::Map;
use crate::options::ShapeKind;
use crate::silhouette::Silhouette;

/// Ground edges steeper than this in the picture are no ground edges, but the undercut of a bumper or the like.
const RISE_MAX: f32 = 0.75;
/// Parts of which the radius is below this (object units) do not go through the whole depth.
const THIN: f32 = 0.022;

/// The near sides of a footprint as the picture shows them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ground {
    /// Near corner, object units in the picture plane.
    pub corner: Vec2,
    /// Rise per width of the left and the right side.
    pub rises: [f32; 2],
    /// Left and right end of the outline.
    pub ends: [f32; 2],
    /// How far the lower hull is from two straight lines, as a share of their rise.
    pub misfit: f32,
}

/// Corners of the footprint seen from above, x and z: near, left, right, far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Footprint {
    pub near: Vec2,
    pub left: Vec2,
    pub right: Vec2,
    pub far: Vec2,
}

impl Footprint {
    /// Height of the near and the far sides at `x`.
    fn sides(&self, x: f32) -> [f32; 2] {
        let line = |a: Vec2, b: Vec2| a.y + (b.y - a.y) * ((x - a.x) / (b.x - a.x)).clamp(0.0, 1.0);
        let across = |middle: Vec2| {
            if x < middle.x { line(self.left, middle) } else { line(middle, self.right) }
        };
        [across(self.near), across(self.far)]
    }

    /// The point of a near side that faces a point of the far side to which it is parallel.
    pub(crate) fn opposite(&self, p: Vec3) -> Vec3 {
        let shift = if p.x < self.far.x { self.near - self.left } else { self.near - self.right };
        Vec3::new(p.x + shift.x, p.y, p.z + shift.y)
    }
}

/// Reads the ground sides off the lower hull of the outline.
pub(crate) fn ground(silhouette: &Silhouette) -> Option<Ground> {
    let lowest = |x: usize| {
        let y = (0..silhouette.alpha.height).rev().find(|&y| silhouette.inside(x, y))?;
        Some(Vec2::from(silhouette.object(x as f32 + 0.5, y as f32 + 1.0)))
    };
    let points: Vec<Vec2> = (0..silhouette.alpha.width).filter_map(lowest).collect();
    let (first, last) = (*points.first()?, *points.last()?);
    let mut hull: Vec<Vec2> = Vec::new();
    for &point in &points {
        while let [.., a, b] = hull[..] {
            if (b - a).perp_dot(point - a) > 0.0 {
                break;
            }
            hull.pop();
        }
        hull.push(point);
    }
    let corner = hull.iter().copied().reduce(|a, b| if b.y < a.y { b } else { a })?;
    // Total rise over total run of the hull's edges on each side, without the steep ends.
    let mut runs = [Vec2::ZERO; 2];
    for edge in hull.windows(2) {
        let (run, rise) = (edge[1].x - edge[0].x, (edge[1].y - edge[0].y).abs());
        if rise < RISE_MAX * run {
            runs[usize::from(edge[0].x >= corner.x)] += Vec2::new(run, rise);
        }
    }
    let rises = runs.map(|sum| sum.y / sum.x.max(1e-3));
    let mut worst = 0.0_f32;
    for edge in hull.windows(2) {
        let steep = (edge[1].y - edge[0].y).abs() >= RISE_MAX * (edge[1].x - edge[0].x);
        for point in edge.iter().filter(|_| !steep) {
            let along = (point.x - corner.x).abs();
            let side = usize::from(point.x > corner.x);
            worst = worst.max((point.y - corner.y - along * rises[side]).abs());
        }
    }
    // Half of the width at least has to stand on the ground.
    let width = last.x - first.x;
    if runs[0].x + runs[1].x < 0.4 * width || runs[0].x.min(runs[1].x) < 0.06 * width {
        return None;
    }
    let misfit = worst / runs[0].y.max(runs[1].y).max(1e-3);
    Some(Ground { corner, rises, ends: [first.x, last.x], misfit })
}

/// The silhouette as a box over an edge, where the ground shows one.
pub(crate) fn block(silhouette: &Silhouette) -> Option<Hypothesis> {
    let ground = ground(silhouette)?;
    if ground.rises[0].min(ground.rises[1]) < 0.01 {
        return None;
    }
    let first = solid(silhouette, ground, EYE_Z);
    let [low, high] = first.relief.bounds(silhouette);
    Some(solid(silhouette, ground, EYE_Z * (high - low).max_element()))
}

fn solid(silhouette: &Silhouette, ground: Ground, eye_z: f32) -> Hypothesis {
    // Tangents of the angles by which the sides recede; their product is 1.
    let tangent = (ground.rises[0] / ground.rises[1]).sqrt().clamp(0.4, 2.5);
    let (footprint, rim_z) = footprint(ground, [tangent, 1.0 / tangent], eye_z);
    let (width, height) = (silhouette.alpha.width, silhouette.alpha.height);
    let pixel = 1.0 / silhouette.extent_px;
    let ramp = 0.012_f32;
    let thickness = silhouette.thickness.blur(0.008 * silhouette.extent_px);
    let sheets = Map::from_fn(width, height, |x, y| {
        let [object_x, object_y] = silhouette.object(x as f32 + 0.5, y as f32 + 0.5);
        let [front, back] = footprint.sides(object_x);
        // Straight backwards from where the near side is seen.
        let zoom = (eye_z - rim_z) / (eye_z - front).max(0.1);
        let [px, py] = silhouette.pixel(object_x * zoom, object_y * zoom);
        let radius = thickness.sample(px, py) * pixel;
        let within = (object_x - footprint.left.x).min(footprint.right.x - object_x);
        let d = (silhouette.distance.sample(px, py) * pixel / zoom).min(within);
        let share = ((radius - THIN) / THIN).clamp(0.0, 1.0);
        let half = 0.5 * (front - back);
        let half = half.min(1.2 * radius + share * half);
        // Whatever is not as deep stands at the near side, where the picture shows it.
        let middle = front - half;
        // Edges are a little round.
        let inset = (ramp - d).clamp(0.0, ramp) / ramp;
        let half = (half - ramp * (1.0 - (1.0 - inset * inset).sqrt())).max(0.5 * pixel);
        let wall = (d / (0.7 * pixel) + 0.5).clamp(-4.0, 1.0);
        let half2 = half * half * wall;
        Vec3::new(middle, half2, half2)
    });
    Hypothesis {
        shape: ShapeKind::Block,
        relief: Relief { sheets, rim_z, eye_z },
        body: None,
        footprint: Some(footprint),
    }
}

/// Places the corners so that the picture shows them where it does. Also the height of the ends of the outline.
fn footprint(ground: Ground, tangents: [f32; 2], eye_z: f32) -> (Footprint, f32) {
    let (mut near_z, mut rim_z) = (0.3_f32, -0.2_f32);
    let mut found =
        Footprint { near: Vec2::ZERO, left: Vec2::ZERO, right: Vec2::ZERO, far: Vec2::ZERO };
    for _ in 0..24 {
        let place = |seen: f32, z: f32| seen * (eye_z - z) / (eye_z - rim_z);
        let near = Vec2::new(place(ground.corner.x, near_z), near_z);
        let end = |side: usize, before: Vec2| {
            let z = near_z - tangents[side] * (before.x - near.x).abs();
            Vec2::new(place(ground.ends[side], z), z)
        };
        let (left, right) = (end(0, found.left), end(1, found.right));
        found = Footprint { near, left, right, far: left + right - near };
        let shift = -0.5 * (found.near.y + found.far.y);
        near_z = (near_z + 0.7 * shift).clamp(-0.2, 0.9);
        rim_z = left.y.min(right.y).max(-1.0);
    }
    (found, rim_z)
}
