//! Bodies of revolution of a module: profiles out of the rings of a [`Body`], and what is to be painted around them.

use glam::{Vec2, Vec3};

use super::light;
use super::outline;
use super::strokes::Goal;
use crate::colour::{Painter, smoothstep};
use crate::hypothesis::Body;
use crate::map::Map;
use crate::sample::Point;
use crate::surface::Surface;

/// A row is of the body where its rings are trusted this much.
const TRUST_MIN: f32 = 0.5;
/// A run of rings with less of the outline's area is left to what is beside the body.
const SHARE_MIN: f32 = 0.04;
/// How far a profile may be off, object units.
const TOLERANCE: f32 = 0.0012;
/// Corners of a profile at most.
const CORNERS_MAX: usize = 26;
/// Points around a ring for its outline in the picture.
const N_AROUND: usize = 48;
/// Weight of what the picture does not show.
const UNSEEN: f32 = 0.06;

/// One closed profile.
#[derive(Debug, Clone)]
pub(crate) struct Turned {
    /// Radius and position along the axis, object units, from the bottom to the top; both ends are on the axis.
    pub profile: Vec<Vec2>,
    /// The same by equal steps of its length.
    spaced: Vec<Vec2>,
    /// Length, object units.
    pub length: f32,
    /// Largest radius, object units.
    pub widest: f32,
}

/// Points of [`Turned::spaced`].
const N_SPACED: usize = 512;

impl Turned {
    fn of(rings: &[Vec2]) -> Self {
        let (first, last) = (rings[0], rings[rings.len() - 1]);
        let mut line = vec![Vec2::new(0.0, first.y)];
        line.extend(rings);
        line.push(Vec2::new(0.0, last.y));
        let mut tolerance = TOLERANCE;
        let mut profile = outline::open(&line, tolerance);
        while profile.len() > CORNERS_MAX {
            tolerance *= 1.15;
            profile = outline::open(&line, tolerance);
        }
        let length: f32 = profile.windows(2).map(|pair| pair[0].distance(pair[1])).sum();
        let mut spaced = Vec::with_capacity(N_SPACED + 1);
        let (mut piece, mut passed) = (0, 0.0);
        for k in 0..=N_SPACED {
            let goal = length * k as f32 / N_SPACED as f32;
            let mut step = profile[piece].distance(profile[piece + 1]);
            while passed + step < goal && piece + 2 < profile.len() {
                passed += step;
                piece += 1;
                step = profile[piece].distance(profile[piece + 1]);
            }
            let share = ((goal - passed) / step.max(1e-9)).clamp(0.0, 1.0);
            spaced.push(profile[piece].lerp(profile[piece + 1], share));
        }
        let widest = profile.iter().map(|point| point.x).fold(0.0, f32::max);
        Self { profile, spaced, length, widest }
    }

    /// The trusted runs of a body, largest first.
    pub(crate) fn of_body(body: &Body) -> Vec<Self> {
        let ring = |k: usize| Vec2::new(body.rings[k].radius, body.start + k as f32 * body.step);
        let is_in = |k: usize| {
            let along = ring(k).y;
            body.rings[k].trust > TRUST_MIN
                && ring(k).x > 0.5 * body.step
                && along > body.ends[0]
                && along < body.ends[1]
        };
        let mut runs: Vec<Vec<Vec2>> = Vec::new();
        let mut run: Vec<Vec2> = Vec::new();
        for k in 0..body.rings.len() {
            if is_in(k) {
                run.push(ring(k));
            } else if !run.is_empty() {
                runs.push(std::mem::take(&mut run));
            }
        }
        runs.push(run);
        let area = |run: &Vec<Vec2>| run.iter().map(|ring| ring.x).sum::<f32>();
        let total: f32 = runs.iter().map(area).sum();
        runs.retain(|run| run.len() > 4 && area(run) > SHARE_MIN * total);
        runs.sort_by(|a, b| area(b).total_cmp(&area(a)));
        runs.truncate(4);
        runs.iter().map(|run| Self::of(run)).collect()
    }

    /// Point and unit normal in the plane of the profile at a share of its length.
    fn at(&self, share: f32) -> (Vec2, Vec2) {
        let at = share.clamp(0.0, 1.0) * N_SPACED as f32;
        let k = (at as usize).min(N_SPACED - 1);
        let point = self.spaced[k].lerp(self.spaced[k + 1], at - k as f32);
        let reach = N_SPACED / 100;
        let tangent =
            self.spaced[(k + 1 + reach).min(N_SPACED)] - self.spaced[k.saturating_sub(reach)];
        (point, Vec2::new(tangent.y, -tangent.x).normalize_or(Vec2::X))
    }

    /// Adds what the picture's camera sees of it to a mask on the working grid.
    pub(crate) fn cover(&self, surface: &Surface<'_>, body: &Body, mask: &mut Map) {
        for point in &self.spaced {
            let seen = |angle: f32| {
                let (sin, cos) = libm::sincosf(angle);
                let [x, y] = body.axis.place(point.x * sin, point.y);
                surface.see(Vec3::new(x, y, point.x * cos))
            };
            for k in 0..=N_AROUND {
                let angle = std::f32::consts::PI * k as f32 / N_AROUND as f32;
                let (left, right) = (seen(-angle), seen(angle));
                let n = (left.distance(right) * 1.5) as usize + 1;
                for step in 0..=n {
                    let at = left.lerp(right, step as f32 / n as f32);
                    let within = at.x >= 0.0
                        && at.y >= 0.0
                        && at.x < mask.width as f32
                        && at.y < mask.height as f32;
                    if within {
                        mask.values[at.y as usize * mask.width + at.x as usize] = 1.0;
                    }
                }
            }
        }
    }

    /// What is to be painted around it: x is the angle from the back over the left side, y the length from the top.
    pub(crate) fn goal(
        &self,
        surface: &Surface<'_>,
        painter: &Painter,
        body: &Body,
        [width, height]: [usize; 2],
    ) -> Goal {
        let eye_m = surface.to_metres(Vec3::new(0.0, 0.0, surface.eye_z));
        let (axis_sin, axis_cos) = {
            let norm = 1.0 / (1.0 + body.axis.tilt * body.axis.tilt).sqrt();
            (body.axis.tilt * norm, norm)
        };
        let texel = |x: usize, y: usize| {
            let angle = ((x as f32 + 0.5) / width as f32 * 2.0 - 1.0) * std::f32::consts::PI;
            let (ring, flat) = self.at(1.0 - (y as f32 + 0.5) / height as f32);
            let (sin, cos) = libm::sincosf(angle);
            let [px, py] = body.axis.place(ring.x * sin, ring.y);
            let position = Vec3::new(px, py, ring.x * cos);
            let (across, along) = (flat.x * sin, flat.y);
            let normal = Vec3::new(
                across * axis_cos + along * axis_sin,
                along * axis_cos - across * axis_sin,
                flat.x * cos,
            );
            let facing = normal.dot(surface.to_eye(position));
            let seen = surface.see(position);
            let spacing = (self.length / height as f32).max(1.0 / surface.silhouette.extent_px);
            let point = Point { position, normal, spacing, seen, facing };
            // The rim of the picture is mixed with what is behind it.
            let shown = smoothstep(0.04, 0.16, facing);
            let completed = painter.completed(surface, &point);
            let shade = 1.0 + (light::shade(normal, eye_m) - 1.0) * shown;
            let colour = completed.lerp(painter.shown(surface, &point), shown);
            let weight = facing.max(0.0) * ring.x / self.widest.max(1e-6);
            let unseen = UNSEEN * ring.x / self.widest.max(1e-6);
            light::paint(colour, shade).extend(weight.max(unseen))
        };
        let texels = Map::from_fn(width, height, texel);
        Goal {
            colours: texels.map(glam::Vec4::truncate),
            weights: texels.map(|texel| texel.w),
            wraps: true,
        }
    }
}
