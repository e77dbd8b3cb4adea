//! Splats for tests: plausible values without any pattern, the same every time.

use asset::{ShDegree, Splats, SplatsParts};

/// Counter in, evenly spread value from -1 to 1 out.
pub(crate) fn noise(counter: usize) -> f32 {
    let mut bits = (counter as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((bits >> 40) as f32 / 8_388_608.0) - 1.0
}

/// Splats in the unit box.
pub(crate) fn splats(splat_count: usize, sh_degree: u8) -> Splats {
    let sh_degree = ShDegree::new(sh_degree).expect("a degree up to 4");
    let each = |salt: usize| move |idx: usize| noise(idx * 97 + salt);
    let three = |idx: usize, salt: usize| [0, 1, 2].map(|axis| each(salt + axis)(idx));
    Splats::new(SplatsParts {
        positions: (0..splat_count).map(|i| three(i, 0).map(|v| 0.5 * v)).collect(),
        log_scales: (0..splat_count).map(|i| three(i, 10).map(|v| -5.0 + 1.5 * v)).collect(),
        rotations: (0..splat_count).map(|i| [20, 21, 22, 23].map(|salt| each(salt)(i))).collect(),
        raw_opacities: (0..splat_count).map(|i| 4.0 * each(30)(i)).collect(),
        sh_dc: (0..splat_count).map(|i| three(i, 40).map(|v| 1.7 * v)).collect(),
        sh_degree,
        sh_rest: (0..splat_count * sh_degree.rest_values())
            .map(|i| 0.5 * noise(i * 31 + 77))
            .collect(),
    })
    .expect("attributes of one length")
}
