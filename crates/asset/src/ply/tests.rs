//! Reading and writing small PLY files; hostile ones are in `tests/it`.

use super::*;
use crate::SplatsParts;

fn sample(splat_count: usize, sh_degree: u8) -> Splats {
    let sh_degree = crate::ShDegree::new(sh_degree).unwrap();
    let value = |seed: usize| ((seed * 2_654_435_761) % 1_000_003) as f32 / 500_000.0 - 1.0;
    Splats::new(SplatsParts {
        positions: (0..splat_count).map(|i| [0, 1, 2].map(|k| value(7 * i + k))).collect(),
        log_scales: (0..splat_count).map(|i| [0, 1, 2].map(|k| value(11 * i + k) - 4.0)).collect(),
        rotations: (0..splat_count).map(|i| [0, 1, 2, 3].map(|k| value(13 * i + k))).collect(),
        raw_opacities: (0..splat_count).map(|i| 3.0 * value(17 * i)).collect(),
        sh_dc: (0..splat_count).map(|i| [0, 1, 2].map(|k| value(19 * i + k))).collect(),
        sh_degree,
        sh_rest: (0..splat_count * sh_degree.rest_values()).map(|i| value(23 * i) / 4.0).collect(),
    })
    .unwrap()
}

#[test]
fn what_is_written_comes_back_bit_for_bit() {
    for (splat_count, sh_degree) in [(0, 3), (1, 0), (2, 1), (1025, 2), (40_000, 3), (17, 4)] {
        let splats = sample(splat_count, sh_degree);
        let mut bytes = Vec::new();
        write(&splats, &mut bytes).unwrap();
        for byte_len in [None, Some(bytes.len() as u64)] {
            assert!(read(&bytes[..], byte_len).unwrap() == splats, "{splat_count} {sh_degree}");
        }
    }
}
