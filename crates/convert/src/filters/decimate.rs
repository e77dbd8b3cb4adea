//! Fewer splats, by importance.

use asset::{RawSplat, Splats};
use rayon::prelude::*;

use super::select::keep_marked;

/// Picks the `count` most important splats and keeps their order; of equal ones the earlier. None is changed or merged.
pub(super) fn pick(splats: Splats, count: usize) -> Splats {
    if splats.len() <= count {
        return splats;
    }
    let mut ranked: Vec<(f32, u32)> = (0..splats.len() as u32)
        .into_par_iter()
        .map(|idx| (importance(&splats.get(idx as usize)), idx))
        .collect();
    ranked.par_sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut kept = vec![false; splats.len()];
    ranked[..count].iter().for_each(|(_, idx)| kept[*idx as usize] = true);
    keep_marked(splats, &kept)
}

/// Opacity by the area of the largest cross-section. What is no number is worth nothing.
fn importance(splat: &RawSplat<'_>) -> f32 {
    let [a, b, c] = splat.log_scale;
    let smallest = a.min(b).min(c);
    let area = libm::expf(a + b + c - smallest);
    let importance = area / (1.0 + libm::expf(-splat.raw_opacity));
    if importance.is_nan() { 0.0 } else { importance }
}
