//! Before splats are written in a format of few bits: what has no place there is refused, not stored wrongly.

use rayon::prelude::*;

use crate::splats::{RawSplat, Splats};

/// Why one splat cannot be stored.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unstorable {
    /// There are no levels for it.
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

/// The first splat with a value that is not finite or a quaternion of length zero, in the order of splats, at any number
/// of threads. Infinite opacities pass: they are 0 and 1.
pub(crate) fn first_unstorable(splats: &Splats) -> Option<Unstorable> {
    (0..splats.len())
        .into_par_iter()
        .with_min_len(4096)
        .find_map_first(|splat_idx| refuse(splat_idx, splats.get(splat_idx)))
}

/// [`first_unstorable`] for one splat.
pub(crate) fn refuse(splat_idx: usize, splat: RawSplat<'_>) -> Option<Unstorable> {
    let finite = |attribute, values: &[f32]| {
        let value = *values.iter().find(|value| !value.is_finite())?;
        Some(Unstorable::NotFinite { splat_idx, attribute, value })
    };
    let opacity = if splat.raw_opacity.is_nan() { splat.raw_opacity } else { 0.0 };
    finite("position", &splat.position)
        .or_else(|| finite("log_scale", &splat.log_scale))
        .or_else(|| finite("rotation", &splat.rotation))
        .or_else(|| finite("raw_opacity", &[opacity]))
        .or_else(|| finite("sh_dc", &splat.sh_dc))
        .or_else(|| finite("sh_rest", splat.sh_rest))
        .or_else(|| {
            let is_zero = splat.rotation.iter().all(|component| *component == 0.0);
            is_zero.then_some(Unstorable::ZeroRotation { splat_idx })
        })
}
