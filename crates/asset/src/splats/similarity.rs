//! Moving, turning, mirroring and scaling whole sets of splats, without loss but rounding.

use rayon::prelude::*;

use super::harmonics::Turn;
use super::{Splats, SplatsParts};

/// Splats turned by one task.
const BLOCK_SPLATS: usize = 4096;

/// point ↦ scale · rotation(point) + translation. A negative scale mirrors at the origin as well (a mirror plane is that
/// and half a turn about its normal), so this is every map that keeps angles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similarity {
    /// Unit quaternion w, x, y, z.
    rotation: [f64; 4],
    scale: f64,
    /// Metres.
    translation: [f64; 3],
}

/// Numbers that make no [`Similarity`].
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum SimilarityError {
    /// A number is infinite or not a number.
    #[error("{name} of the transform is not finite")]
    NotFinite {
        /// rotation, scale or translation.
        name: &'static str,
    },
    /// The quaternion has no direction.
    #[error("the rotation of the transform has length zero")]
    ZeroRotation,
    /// Everything would be one point.
    #[error("the scale of the transform is zero")]
    ZeroScale,
}

impl Similarity {
    /// Leaves everything where it is.
    pub const IDENTITY: Self =
        Self { rotation: [1.0, 0.0, 0.0, 0.0], scale: 1.0, translation: [0.0; 3] };

    /// `rotation`: quaternion w, x, y, z of any length but zero. `scale`: not zero. `translation`: metres.
    ///
    /// # Errors
    /// [`SimilarityError`] names what is zero or not finite.
    pub fn new(
        rotation: [f64; 4],
        scale: f64,
        translation: [f64; 3],
    ) -> Result<Self, SimilarityError> {
        for (name, values) in
            [("rotation", &rotation[..]), ("scale", &[scale]), ("translation", &translation)]
        {
            if values.iter().any(|value| !value.is_finite()) {
                return Err(SimilarityError::NotFinite { name });
            }
        }
        if scale == 0.0 {
            return Err(SimilarityError::ZeroScale);
        }
        // By the largest first: squares may leave the range.
        let largest = rotation.iter().fold(0.0_f64, |best, value| best.max(value.abs()));
        if largest == 0.0 {
            return Err(SimilarityError::ZeroRotation);
        }
        let rotation = rotation.map(|value| value / largest);
        let length = rotation.iter().map(|value| value * value).sum::<f64>().sqrt();
        Ok(Self { rotation: rotation.map(|value| value / length), scale, translation })
    }

    /// Rows of the rotation matrix.
    fn matrix(&self) -> [[f64; 3]; 3] {
        let [w, x, y, z] = self.rotation;
        [
            [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
            [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
            [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
        ]
    }

    fn turns(&self) -> bool {
        self.rotation[1..] != [0.0; 3]
    }
}

impl Splats {
    /// Maps every splat: its centre, its axes, its scales, and the directions of its spherical harmonics. The length of a
    /// stored quaternion stays; values that are not finite stay so.
    ///
    /// Computed in double precision but for the harmonics; attributes that the map leaves alone keep their bits.
    #[must_use]
    pub fn transform(self, similarity: &Similarity) -> Self {
        let mut parts = self.into_parts();
        if *similarity != Similarity::IDENTITY {
            map_positions(&mut parts, similarity);
        }
        let size = similarity.scale.abs();
        if size != 1.0 {
            let log_size = libm::log(size);
            parts.log_scales.par_iter_mut().with_min_len(BLOCK_SPLATS).for_each(|log_scale| {
                *log_scale = log_scale.map(|value| (f64::from(value) + log_size) as f32);
            });
        }
        if similarity.turns() {
            parts.rotations.par_iter_mut().with_min_len(BLOCK_SPLATS).for_each(|rotation| {
                *rotation = product(similarity.rotation, rotation.map(f64::from))
                    .map(|component| component as f32);
            });
        }
        let n_rest = parts.sh_degree.rest_values();
        let is_mirrored = similarity.scale < 0.0;
        if n_rest > 0 && (similarity.turns() || is_mirrored) {
            let turn = Turn::new(similarity.matrix(), is_mirrored);
            parts.sh_rest.par_chunks_mut(BLOCK_SPLATS * n_rest).for_each(|block| {
                block.chunks_exact_mut(n_rest).for_each(|sh_rest| turn.apply(sh_rest));
            });
        }
        Self(parts)
    }
}

fn map_positions(parts: &mut SplatsParts, similarity: &Similarity) {
    let rows = similarity.matrix().map(|row| row.map(|value| value * similarity.scale));
    let turns = similarity.turns();
    parts.positions.par_iter_mut().with_min_len(BLOCK_SPLATS).for_each(|position| {
        let before = position.map(f64::from);
        for axis in 0..3 {
            let [a, b, c] = rows[axis];
            // Without a turn axes stay apart: zero times infinity is not a number.
            let mapped = if turns {
                a * before[0] + b * before[1] + c * before[2]
            } else {
                similarity.scale * before[axis]
            };
            position[axis] = (mapped + similarity.translation[axis]) as f32;
        }
    });
}

/// The turn `b`, then the turn `a`; quaternions w, x, y, z.
fn product(a: [f64; 4], b: [f64; 4]) -> [f64; 4] {
    [
        a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
        a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
        a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
        a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0],
    ]
}

#[cfg(test)]
mod tests;
