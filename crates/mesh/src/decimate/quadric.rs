//! Sums of squared distances to planes, as a quadratic function of the point.

use glam::{DMat3, DVec3};

/// p ↦ pᵀAp + 2bᵀp + c, and the sum of the weights of its planes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Quadric {
    /// xx, xy, xz, yy, yz, zz.
    a: [f64; 6],
    b: DVec3,
    c: f64,
    /// Square metres.
    pub weight: f64,
}

impl Quadric {
    /// `weight` times the squared distance to the plane through `point` across the unit vector `normal`.
    pub(super) fn plane(normal: DVec3, point: DVec3, weight: f64) -> Self {
        let d = -normal.dot(point);
        let [x, y, z] = normal.to_array();
        Self {
            a: [x * x, x * y, x * z, y * y, y * z, z * z].map(|value| weight * value),
            b: normal * (d * weight),
            c: d * d * weight,
            weight,
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.a.iter_mut().zip(other.a).for_each(|(to, from)| *to += from);
        self.b += other.b;
        self.c += other.c;
        self.weight += other.weight;
    }

    /// The value at a point.
    pub(super) fn at(&self, p: DVec3) -> f64 {
        (p.dot(self.matrix() * p) + 2.0 * self.b.dot(p) + self.c).max(0.0)
    }

    const fn matrix(&self) -> DMat3 {
        let [xx, xy, xz, yy, yz, zz] = self.a;
        DMat3::from_cols_array(&[xx, xy, xz, xy, yy, yz, xz, yz, zz])
    }

    /// The lowest point, as near to `start` as the planes leave open; `None` when they say nothing at all.
    pub(super) fn lowest(&self, start: DVec3) -> Option<DVec3> {
        let matrix = self.matrix();
        let trace = self.a[0] + self.a[3] + self.a[5];
        // A weak pull to the start settles what the planes leave open, along an edge or on a plane.
        let pull = 1e-3 * trace;
        let pulled = matrix + DMat3::from_diagonal(DVec3::splat(pull));
        let slope = matrix * start + self.b;
        let step = pulled.inverse() * -slope;
        (pull > 0.0 && step.is_finite()).then_some(start + step)
    }
}
