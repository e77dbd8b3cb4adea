//! Before splats are written as SPZ: what has no place in the format is refused, not stored wrongly.

use rayon::prelude::*;

use crate::splats::{RawSplat, Splats};
use crate::unstorable;

use super::error::WriteError;
use super::header::FRACTIONAL_BITS;
use super::values::{FIXED_MAX, fixed_step};

/// The number of fractional bits for the positions: 12, or fewer down to `bits_min` where a position needs it.
///
/// # Errors
/// The first splat that cannot be stored, in the order of splats, at any number of threads.
pub(crate) fn refuse_unstorable(splats: &Splats, bits_min: u8) -> Result<u8, WriteError> {
    let limit = FIXED_MAX * fixed_step(bits_min);
    let refused = (0..splats.len())
        .into_par_iter()
        .with_min_len(4096)
        .find_map_first(|splat_idx| refuse(splat_idx, splats.get(splat_idx), limit));
    if let Some(error) = refused {
        return Err(error);
    }
    let reach = (splats.parts().positions.par_iter().flatten_iter())
        .map(|coordinate| coordinate.abs())
        .reduce(|| 0.0, f32::max);
    let fits = |bits: &u8| reach <= FIXED_MAX * fixed_step(*bits);
    Ok((bits_min..=FRACTIONAL_BITS).rev().find(fits).unwrap_or(bits_min))
}

fn refuse(splat_idx: usize, splat: RawSplat<'_>, limit: f32) -> Option<WriteError> {
    unstorable::refuse(splat_idx, splat).map(WriteError::Unstorable).or_else(|| {
        let value = *splat.position.iter().find(|coordinate| coordinate.abs() > limit)?;
        Some(WriteError::Position { splat_idx, value, limit })
    })
}
