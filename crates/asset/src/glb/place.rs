//! A matrix as nodes: translation, rotation and scale, the only ones that glTF has.
//!
//! Any affine matrix is a rotation, a scale and another rotation (singular value decomposition), so a sheared one takes
//! two nodes, one inside the other.

use glam::{DMat3, DMat4, DQuat, DVec3};
use serde_json::{Value, json};

/// How far a matrix may be from its parts, relative to its largest value.
const TOLERANCE: f64 = 1e-6;
/// Larger values are no places: viewers compute in 32 bits.
const VALUE_MAX: f64 = 1e30;
/// Shorter columns than this, relative to the longest one, have no direction.
const LENGTH_MIN: f64 = 1e-12;

/// Translation, rotation (quaternion x, y, z, w) and scale, in this order from the left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) translation: [f64; 3],
    pub(super) rotation: [f64; 4],
    pub(super) scale: [f64; 3],
}

/// A matrix as one place, or as one inside another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chain {
    pub(super) outer: Place,
    pub(super) inner: Option<Place>,
}

impl Chain {
    /// `None` for a matrix that is projective or not finite.
    pub(super) fn of(matrix: &[f64; 16]) -> Option<Self> {
        let whole = affine(matrix)?;
        let columns = DMat3::from_mat4(whole);
        let translation = whole.w_axis.truncate();
        let largest =
            columns.to_cols_array().iter().fold(0.0_f64, |most, part| most.max(part.abs()));
        let (axes, scale) = frame(columns);
        let outer = Place::new(translation, axes, scale);
        if columns.abs_diff_eq(outer.columns(), TOLERANCE * largest) {
            return Some(Self { outer, inner: None });
        }
        // columns = left × scale × turnᵀ; the columns of columns × turn are at right angles.
        let turn = right_singular(columns);
        let (left, scale) = frame(columns * turn);
        let inner = Place::new(DVec3::ZERO, turn.transpose(), DVec3::ONE);
        Some(Self { outer: Place::new(translation, left, scale), inner: Some(inner) })
    }

    /// `None` if it takes two.
    pub(super) fn single(&self) -> Option<Place> {
        self.inner.is_none().then_some(self.outer)
    }
}

impl Place {
    fn new(translation: DVec3, axes: DMat3, scale: DVec3) -> Self {
        Self {
            translation: translation.to_array(),
            rotation: DQuat::from_mat3(&axes).normalize().to_array(),
            scale: scale.to_array(),
        }
    }

    fn columns(&self) -> DMat3 {
        let scale = DMat3::from_diagonal(DVec3::from(self.scale));
        DMat3::from_quat(DQuat::from_array(self.rotation)) * scale
    }

    /// Only what differs from the identity.
    pub(super) fn put(&self, node: &mut Value) {
        let place =
            Self { rotation: steady(self.rotation), scale: self.scale.map(narrow), ..*self };
        place.put_as_is(node);
    }

    fn put_as_is(&self, node: &mut Value) {
        if self.translation != [0.0; 3] {
            node["translation"] = json!(self.translation);
        }
        if self.rotation != [0.0, 0.0, 0.0, 1.0] {
            node["rotation"] = json!(self.rotation);
        }
        if self.scale != [1.0; 3] {
            node["scale"] = json!(self.scale);
        }
    }
}

/// Rounded to what viewers compute with, so that rounding errors are gone: what was read is written as the same number.
const fn narrow(value: f64) -> f64 {
    value as f32 as f64
}

/// A rotation in 32 bits, the first of its components that is not 0 positive (from the last one on). Readers make it a unit
/// quaternion again; it is chosen so that rounding the result gives the same numbers.
pub(super) fn steady(rotation: [f64; 4]) -> [f64; 4] {
    const NOTHING: f64 = 1e-12;
    const NOISE: f64 = 1e-14;
    const TURNS_MAX: usize = 80;
    let near = rotation.map(|part| if part.abs() < NOTHING { 0.0 } else { part });
    let is_turned = near.iter().rev().find(|part| **part != 0.0).is_some_and(|part| *part < 0.0);
    let mut found = near.map(|part| narrow(if is_turned { -part } else { part } + 0.0));
    for turn in 0..TURNS_MAX {
        let unit = DQuat::from_array(found).normalize().to_array();
        let rounds_to = |noise: f64| unit.map(|part| narrow(part * noise)) == found;
        if rounds_to(1.0 - NOISE) && rounds_to(1.0 + NOISE) {
            break;
        }
        let next = unit.map(narrow);
        if next == found || turn % 5 == 4 {
            // On the edge between two numbers, or back and forth: a neighbour is as good.
            let part = &mut found[turn / 5 % 4];
            *part = if *part == 0.0 { 0.0 } else { f64::from((*part as f32).next_up()) };
        } else {
            found = next;
        }
    }
    found
}

/// The matrix with a last row of 0, 0, 0, 1.
fn affine(matrix: &[f64; 16]) -> Option<DMat4> {
    let whole = DMat4::from_cols_array(matrix) * (1.0 / matrix[15]);
    let is_affine = [matrix[3], matrix[7], matrix[11]].iter().all(|value| *value == 0.0);
    let is_usable = whole.to_cols_array().iter().all(|value| value.abs() <= VALUE_MAX);
    (is_affine && is_usable).then_some(whole)
}

/// Right-handed unit columns and their lengths, the first one negative where the columns are left-handed.
fn frame(columns: DMat3) -> (DMat3, DVec3) {
    let columns = [columns.x_axis, columns.y_axis, columns.z_axis];
    let mut lengths = columns.map(DVec3::length);
    let longest = lengths.iter().fold(0.0_f64, |longest, length| longest.max(*length));
    let unit: [Option<DVec3>; 3] = std::array::from_fn(|axis| {
        let is_long = lengths[axis] > longest * LENGTH_MIN;
        is_long.then(|| columns[axis] / lengths[axis])
    });
    let axes = match unit {
        [Some(x), Some(y), Some(z)] => [x, y, z],
        [Some(x), Some(y), None] => [x, y, x.cross(y).normalize_or(DVec3::Z)],
        [Some(x), None, Some(z)] => [x, z.cross(x).normalize_or(DVec3::Y), z],
        [None, Some(y), Some(z)] => [y.cross(z).normalize_or(DVec3::X), y, z],
        [Some(x), None, None] => {
            let y = x.any_orthonormal_vector();
            [x, y, x.cross(y)]
        }
        [None, Some(y), None] => {
            let z = y.any_orthonormal_vector();
            [y.cross(z), y, z]
        }
        [None, None, Some(z)] => {
            let x = z.any_orthonormal_vector();
            [x, z.cross(x), z]
        }
        [None, None, None] => [DVec3::X, DVec3::Y, DVec3::Z],
    };
    let mut axes = DMat3::from_cols(axes[0], axes[1], axes[2]);
    if axes.determinant() < 0.0 {
        lengths[0] = -lengths[0];
        axes.x_axis = -axes.x_axis;
    }
    (axes, DVec3::from(lengths))
}

/// A rotation that brings the columns of a matrix to right angles: one-sided Jacobi, which converges within a few sweeps.
fn right_singular(mut columns: DMat3) -> DMat3 {
    let mut turn = DMat3::IDENTITY;
    for _sweep in 0..30 {
        let mut is_done = true;
        for (one, two) in [(0, 1), (0, 2), (1, 2)] {
            let (a, b) = (columns.col(one), columns.col(two));
            let overlap = a.dot(b);
            if overlap.abs() <= 1e-15 * a.length() * b.length() {
                continue;
            }
            is_done = false;
            let zeta = (b.length_squared() - a.length_squared()) / (2.0 * overlap);
            let tangent = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
            let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
            let sine = cosine * tangent;
            for matrix in [&mut columns, &mut turn] {
                let (a, b) = (matrix.col(one), matrix.col(two));
                *matrix.col_mut(one) = a * cosine - b * sine;
                *matrix.col_mut(two) = a * sine + b * cosine;
            }
        }
        if is_done {
            break;
        }
    }
    turn
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matrix(place: &Place) -> DMat4 {
        DMat4::from_scale_rotation_translation(
            DVec3::from(place.scale),
            DQuat::from_array(place.rotation),
            DVec3::from(place.translation),
        )
    }

    proptest! {
        #[test]
        fn any_affine_matrix_comes_back(
            values in proptest::array::uniform12(-2.0..2.0_f64),
            flat in 0..4_usize,
        ) {
            let [a, b, c, d, e, f, g, h, i, x, y, z] = values;
            let mut columns = [[a, b, c], [d, e, f], [g, h, i]];
            // Columns of zero, which have no direction.
            columns.iter_mut().take(flat).for_each(|column| *column = [0.0; 3]);
            let [[a, b, c], [d, e, f], [g, h, i]] = columns;
            let whole = [a, b, c, 0.0, d, e, f, 0.0, g, h, i, 0.0, x, y, z, 1.0];
            let chain = Chain::of(&whole).expect("an affine matrix");
            let again = matrix(&chain.outer) * chain.inner.as_ref().map_or(DMat4::IDENTITY, matrix);
            let error = (again - DMat4::from_cols_array(&whole)).to_cols_array().iter().fold(0.0_f64, |most, part| most.max(part.abs()));
            prop_assert!(error < 1e-5, "off by {error}: {whole:?} as {chain:?}");
        }
    }

    #[test]
    fn what_is_no_place() {
        let mut projective = crate::scene::IDENTITY;
        projective[3] = 0.5;
        let mut endless = crate::scene::IDENTITY;
        endless[12] = f64::INFINITY;
        for matrix in [projective, endless, [f64::NAN; 16], [0.0; 16]] {
            assert!(Chain::of(&matrix).is_none(), "{matrix:?}");
        }
    }
}
