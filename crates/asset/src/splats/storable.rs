//! Before splats are written: values that have no place in formats of a fixed range are refused, not stored wrongly.

use rayon::prelude::*;

use super::{RawSplat, Splats};

/// A value that a format has no place for.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Unstorable {
    /// Infinite, or not a number.
    #[error("{attribute} of splat {splat_idx} is {value}, a finite number is needed")]
    NotFinite {
        /// Splat, from 0.
        splat_idx: usize,
        /// Name of the attribute.
        attribute: &'static str,
        /// Its value.
        value: f32,
    },
    /// The quaternion has no direction.
    #[error("the rotation of splat {splat_idx} has length zero")]
    ZeroRotation {
        /// Splat, from 0.
        splat_idx: usize,
    },
}

impl Splats {
    /// The first splat with a value that is not finite (opacities may be infinite: they mean 0 and 1), or with a
    /// quaternion of length zero; in the order of splats, at any number of threads.
    pub(crate) fn refuse_unstorable(&self) -> Result<(), Unstorable> {
        let refused = (0..self.len())
            .into_par_iter()
            .with_min_len(4096)
            .find_map_first(|splat_idx| refuse(splat_idx, &self.get(splat_idx)));
        refused.map_or(Ok(()), Err)
    }
}

/// [`Splats::refuse_unstorable`] for one splat.
pub(crate) fn refuse(splat_idx: usize, splat: &RawSplat<'_>) -> Option<Unstorable> {
    let finite = |attribute, values: &[f32]| {
        let value = *values.iter().find(|value| !value.is_finite())?;
        Some(Unstorable::NotFinite { splat_idx, attribute, value })
    };
    let opacity = if splat.raw_opacity.is_nan() { splat.raw_opacity } else { 0.0 };
    let is_zero = splat.rotation == [0.0; 4];
    finite("position", &splat.position)
        .or_else(|| finite("log_scale", &splat.log_scale))
        .or_else(|| finite("rotation", &splat.rotation))
        .or_else(|| finite("raw_opacity", &[opacity]))
        .or_else(|| finite("sh_dc", &splat.sh_dc))
        .or_else(|| finite("sh_rest", splat.sh_rest))
        .or_else(|| is_zero.then_some(Unstorable::ZeroRotation { splat_idx }))
}
