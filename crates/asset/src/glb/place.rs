//! A matrix as translation, rotation and scale.

use glam::{DMat3, DMat4, DQuat, DVec3};
use serde_json::{Value, json};

/// How far a matrix may be from its parts, relative to its largest value.
const TOLERANCE: f64 = 1e-5;

/// Translation, rotation (quaternion x, y, z, w) and scale, in this order from the left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) translation: [f64; 3],
    pub(super) rotation: [f64; 4],
    pub(super) scale: [f64; 3],
}

impl Place {
    /// `None` for a matrix that is sheared, projective, or not finite.
    pub(super) fn of(matrix: &[f64; 16]) -> Option<Self> {
        let whole = DMat4::from_cols_array(matrix);
        let is_affine = [matrix[3], matrix[7], matrix[11], matrix[15] - 1.0]
            .iter()
            .all(|value| value.abs() < TOLERANCE);
        if !whole.is_finite() || !is_affine || matrix.iter().any(|value| value.abs() > 1e30) {
            return None;
        }
        let columns = [whole.x_axis.truncate(), whole.y_axis.truncate(), whole.z_axis.truncate()];
        let mut scale = columns.map(DVec3::length);
        let axes = axes(columns, scale);
        let mut turn = DMat3::from_cols(axes[0], axes[1], axes[2]);
        if turn.determinant() < 0.0 {
            scale[0] = -scale[0];
            turn.x_axis = -turn.x_axis;
        }
        let rotation = DQuat::from_mat3(&turn).normalize();
        let translation = whole.w_axis.truncate();
        let again =
            DMat4::from_scale_rotation_translation(DVec3::from(scale), rotation, translation);
        let largest = matrix.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        again.abs_diff_eq(whole, TOLERANCE * largest).then(|| Self {
            translation: translation.to_array(),
            rotation: rotation.to_array(),
            scale,
        })
    }

    /// Only what differs from the identity.
    pub(super) fn put(&self, node: &mut Value) {
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

/// Unit columns; those of length zero are completed to a right-handed frame.
fn axes(columns: [DVec3; 3], lengths: [f64; 3]) -> [DVec3; 3] {
    let unit: [Option<DVec3>; 3] = std::array::from_fn(|axis| {
        let is_long = lengths[axis] > 1e-30;
        is_long.then(|| columns[axis] / lengths[axis])
    });
    match unit {
        [Some(x), Some(y), Some(z)] => [x, y, z],
        [Some(x), Some(y), None] => [x, y, x.cross(y)],
        [Some(x), None, Some(z)] => [x, z.cross(x), z],
        [None, Some(y), Some(z)] => [y.cross(z), y, z],
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
    }
}
