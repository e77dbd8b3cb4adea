//! Boxes and matrices as Three.js computes with them: doubles, column-major, in its order of operations.

/// 4 × 4, column-major.
#[derive(Debug, Clone, Copy)]
pub(super) struct Matrix(pub(super) [f64; 16]);

impl Matrix {
    /// From the parts of an object; a pivot is the point that turns and scales leave where it is.
    pub(super) fn compose(
        position: [f64; 3],
        [x, y, z, w]: [f64; 4],
        [sx, sy, sz]: [f64; 3],
        pivot: Option<[f64; 3]>,
    ) -> Self {
        let (x2, y2, z2) = (x + x, y + y, z + z);
        let (xx, xy, xz) = (x * x2, x * y2, x * z2);
        let (yy, yz, zz) = (y * y2, y * z2, z * z2);
        let (wx, wy, wz) = (w * x2, w * y2, w * z2);
        #[rustfmt::skip]
        let mut m = [
            (1.0 - (yy + zz)) * sx, (xy + wz) * sx, (xz - wy) * sx, 0.0,
            (xy - wz) * sy, (1.0 - (xx + zz)) * sy, (yz + wx) * sy, 0.0,
            (xz + wy) * sz, (yz - wx) * sz, (1.0 - (xx + yy)) * sz, 0.0,
            position[0], position[1], position[2], 1.0,
        ];
        if let Some([px, py, pz]) = pivot {
            for axis in 0..3 {
                m[12 + axis] +=
                    [px, py, pz][axis] - m[axis] * px - m[4 + axis] * py - m[8 + axis] * pz;
            }
        }
        Self(m)
    }

    pub(super) fn times(&self, right: &Self) -> Self {
        let (a, b) = (&self.0, &right.0);
        Self(std::array::from_fn(|at| {
            let (row, column) = (at % 4, at / 4 * 4);
            a[row] * b[column]
                + a[4 + row] * b[column + 1]
                + a[8 + row] * b[column + 2]
                + a[12 + row] * b[column + 3]
        }))
    }
}

/// A box along the axes. One coordinate that is no number makes its side no number, to the end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Box3 {
    pub(super) min: [f64; 3],
    pub(super) max: [f64; 3],
}

impl Box3 {
    pub(super) const EMPTY: Self = Self { min: [f64::INFINITY; 3], max: [f64::NEG_INFINITY; 3] };

    pub(super) fn is_empty(&self) -> bool {
        (0..3).any(|axis| self.max[axis] < self.min[axis])
    }

    pub(super) fn add(&mut self, point: [f64; 3]) {
        for (axis, value) in point.into_iter().enumerate() {
            self.min[axis] = lower(self.min[axis], value);
            self.max[axis] = -lower(-self.max[axis], -value);
        }
    }

    pub(super) fn union(mut self, other: Self) -> Self {
        if !other.is_empty() {
            self.add(other.min);
            self.add(other.max);
        }
        self
    }

    /// The box of the eight corners.
    pub(super) fn transformed(&self, Matrix(m): &Matrix) -> Self {
        if self.is_empty() {
            return *self;
        }
        let mut out = Self::EMPTY;
        for corner in 0..8 {
            let side = |axis: usize| {
                if corner & (1 << axis) == 0 { self.min[axis] } else { self.max[axis] }
            };
            let (x, y, z) = (side(0), side(1), side(2));
            let w = 1.0 / (m[3] * x + m[7] * y + m[11] * z + m[15]);
            out.add(std::array::from_fn(|axis| {
                (m[axis] * x + m[4 + axis] * y + m[8 + axis] * z + m[12 + axis]) * w
            }));
        }
        out
    }
}

fn lower(a: f64, b: f64) -> f64 {
    if a.is_nan() || a < b { a } else { b }
}
