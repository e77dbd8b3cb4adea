//! A painted solid: how far its surface is, and what it looks like there.

use std::fmt;

use glam::Vec3;

use super::paint::Paint;

/// The nearest surface from a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// Signed distance, metres; negative inside.
    pub distance: f32,
    /// Which part of the solid it belongs to: the solid's own numbering.
    pub part: u8,
}

impl Near {
    /// Part `part` at this distance.
    #[must_use]
    pub const fn new(distance: f32, part: u8) -> Self {
        Self { distance, part }
    }

    /// The nearer one; the first at a tie.
    #[must_use]
    pub fn or(self, distance: f32, part: u8) -> Self {
        if distance < self.distance { Self { distance, part } } else { self }
    }
}

type NearFn = dyn Fn(Vec3) -> Near + Send + Sync;
type PaintFn = dyn Fn(Vec3, u8) -> Paint + Send + Sync;

/// A painted solid in its own units, +Y up, facing +Z, inside its bounds.
pub struct Solid {
    near: Box<NearFn>,
    paint: Box<PaintFn>,
    /// Lowest and highest corner of a box that holds the whole surface, metres.
    pub bounds: [Vec3; 2],
}

impl fmt::Debug for Solid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Solid").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

impl Solid {
    /// `near` gives the distance to a surface (never larger than the real one) and its part, `paint` the look of a
    /// surface point of a part.
    pub fn new(
        bounds: [Vec3; 2],
        near: impl Fn(Vec3) -> Near + Send + Sync + 'static,
        paint: impl Fn(Vec3, u8) -> Paint + Send + Sync + 'static,
    ) -> Self {
        Self { near: Box::new(near), paint: Box::new(paint), bounds }
    }

    /// The nearest surface.
    #[must_use]
    pub fn near(&self, p: Vec3) -> Near {
        (self.near)(p)
    }

    /// Signed distance, metres.
    #[must_use]
    pub fn distance(&self, p: Vec3) -> f32 {
        (self.near)(p).distance
    }

    /// The look of a point at or close to the surface.
    #[must_use]
    pub fn paint(&self, p: Vec3) -> Paint {
        (self.paint)(p, self.near(p).part)
    }

    /// Unit outward normal by differences over a tetrahedron of side `step`.
    #[must_use]
    pub fn normal(&self, p: Vec3, step: f32) -> Vec3 {
        let corners = [
            Vec3::new(1.0, -1.0, -1.0),
            Vec3::new(-1.0, -1.0, 1.0),
            Vec3::new(-1.0, 1.0, -1.0),
            Vec3::ONE,
        ];
        let slope: Vec3 =
            corners.iter().map(|&corner| corner * self.distance(p + corner * step)).sum();
        slope.try_normalize().unwrap_or(Vec3::Y)
    }

    /// How open the surface is to the sky around its normal, 0 (buried) to 1: the distance is looked up at five
    /// points up to `reach` metres along the normal, nearer ones counting more.
    #[must_use]
    pub fn openness(&self, p: Vec3, normal: Vec3, reach: f32) -> f32 {
        let (mut missing, mut weight) = (0.0, 1.0);
        for step in 1..=5 {
            let height = reach * step as f32 / 5.0;
            missing += weight * (height - self.distance(p + normal * height)).max(0.0) / height;
            weight *= 0.7;
        }
        (1.0 - missing / 2.773).clamp(0.0, 1.0)
    }
}
