//! Keeping some of the splats, in their order.

use std::fmt;

use asset::{RawSplat, Splats};
use rayon::prelude::*;

/// Splats looked at by one task.
const BLOCK_SPLATS: usize = 4096;

/// A part of space; its border belongs to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Region {
    /// Between two corners, metres.
    Box {
        /// Smallest x, y, z.
        min: [f64; 3],
        /// Largest x, y, z.
        max: [f64; 3],
    },
    /// Around a point, metres.
    Sphere {
        /// x, y, z.
        centre: [f64; 3],
        /// Not below zero.
        radius: f64,
    },
}

impl Region {
    /// False for a point that is no number: nobody knows where it is.
    #[must_use]
    pub fn contains(&self, point: [f32; 3]) -> bool {
        let point = point.map(f64::from);
        match self {
            Self::Box { min, max } => (0..3).all(|c| (min[c]..=max[c]).contains(&point[c])),
            Self::Sphere { centre, radius } => {
                let square = |c: usize| (point[c] - centre[c]) * (point[c] - centre[c]);
                (0..3).map(square).sum::<f64>() <= radius * radius
            }
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Box { min: [a, b, c], max: [d, e, g] } => {
                write!(f, "box {a},{b},{c},{d},{e},{g}")
            }
            Self::Sphere { centre: [x, y, z], radius } => write!(f, "sphere {x},{y},{z},{radius}"),
        }
    }
}

/// Keeps what `wanted` says, in place.
pub(super) fn keep(splats: Splats, wanted: impl Fn(&RawSplat<'_>) -> bool + Sync) -> Splats {
    let kept: Vec<bool> = (0..splats.len())
        .into_par_iter()
        .with_min_len(BLOCK_SPLATS)
        .map(|idx| wanted(&splats.get(idx)))
        .collect();
    keep_marked(splats, &kept)
}

/// Keeps the splats with a mark; as many marks as splats.
pub(super) fn keep_marked(splats: Splats, kept: &[bool]) -> Splats {
    if kept.iter().all(|kept| *kept) {
        return splats;
    }
    let mut parts = splats.into_parts();
    retain(&mut parts.positions, kept);
    retain(&mut parts.log_scales, kept);
    retain(&mut parts.rotations, kept);
    retain(&mut parts.raw_opacities, kept);
    retain(&mut parts.sh_dc, kept);
    let n_rest = parts.sh_degree.rest_values();
    if n_rest > 0 {
        let mut value_idx = 0;
        parts.sh_rest.retain(|_| {
            value_idx += 1;
            kept[(value_idx - 1) / n_rest]
        });
    }
    // All attributes lost the same splats.
    Splats::new(parts).unwrap_or_default()
}

fn retain<T>(values: &mut Vec<T>, kept: &[bool]) {
    let mut marks = kept.iter();
    values.retain(|_| marks.next().is_some_and(|kept| *kept));
}

/// Largest standard deviation, metres; NaN if one is.
pub(super) fn largest_scale(splat: &RawSplat<'_>) -> f32 {
    let scales = splat.log_scale;
    if scales.iter().any(|scale| scale.is_nan()) {
        return f32::NAN;
    }
    libm::expf(scales[0].max(scales[1]).max(scales[2]))
}

/// Every value is finite and the quaternion has a direction.
pub(super) fn is_valid(splat: &RawSplat<'_>) -> bool {
    let finite = |values: &[f32]| values.iter().all(|value| value.is_finite());
    finite(&splat.position)
        && finite(&splat.log_scale)
        && finite(&splat.rotation)
        && splat.raw_opacity.is_finite()
        && finite(&splat.sh_dc)
        && finite(splat.sh_rest)
        // In f64, because squares of small f32 vanish. The renderer divides by at least 1e-12.
        && splat.rotation.iter().map(|c| f64::from(*c) * f64::from(*c)).sum::<f64>() >= 1e-24
}
