//! SPZ files by other implementations, 8 splats each, and what another implementation reads from them.
//!
//! `fixtures/NAME.spz` is the file; `fixtures/NAME.values` is what Niantic's C++ library (nianticlabs/spz, version 4 of the
//! format, as shipped in the source package alspz 0.2.0) unpacks from it: little-endian `f32` of all positions, log scales,
//! rotations (x, y, z, w), logits, `f_dc`, SH (`[splat, coefficient, channel]`). Values are random; splats 0 and 1 have
//! stored opacities 255 and 0.
//!
//! | Fixture | SH degree | Written by |
//! |---|---|---|
//! | `v1_assembled` | 2 | assembled with numpy's half floats from the format description: nobody writes version 1 |
//! | `v2_spz_js` | 3 | spz-js 1.2.5 |
//! | `v3_niantic` | 1 | the C++ library |
//! | `v3_gsply`, `v4_gsply` | 3 | gsply 0.4.6 |
//! | `v4_niantic` | 4 | the C++ library |
//! | `404_niantic_payload` | 0 | version 2 by the C++ library, its content put in one zstd frame (python-zstandard 0.25) |

use asset::{Format, Splats, read_splats};

fn expected_values(splats: &Splats) -> Vec<f32> {
    let parts = splats.parts();
    let xyzw = parts.rotations.iter().flat_map(|[w, x, y, z]| [*x, *y, *z, *w]);
    let mut values = parts.positions.as_flattened().to_vec();
    values.extend(parts.log_scales.as_flattened());
    values.extend(xyzw);
    values.extend(&parts.raw_opacities);
    values.extend(parts.sh_dc.as_flattened());
    values.extend(&parts.sh_rest);
    values
}

#[track_caller]
fn check(file: &[u8], values: &[u8], format: Format, sh_degree: u8) {
    let (splats, found) = read_splats(file, Some(file.len() as u64)).expect("a good file");
    assert_eq!((found, splats.len(), splats.sh_degree().get()), (format, 8, sh_degree));
    let theirs: Vec<f32> =
        values.as_chunks::<4>().0.iter().map(|raw| f32::from_le_bytes(*raw)).collect();
    let ours = expected_values(&splats);
    assert_eq!(ours.len(), theirs.len());
    let mut n_infinite = 0;
    for (idx, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        if theirs.is_infinite() {
            // Opacity 0 and 1: ours stay finite.
            n_infinite += 1;
            assert!(*ours == 16.0_f32.copysign(*theirs), "value {idx}: {ours}, theirs {theirs}");
        } else {
            // Logarithms and roots of different libraries; all else is equal to the bit.
            let limit = 4.0 * f32::EPSILON * theirs.abs().max(0.1);
            assert!((ours - theirs).abs() <= limit, "value {idx}: {ours}, theirs {theirs}");
        }
    }
    assert!(n_infinite >= 2, "stored opacities 0 and 255 were not seen");
}

macro_rules! golden {
    ($($name:ident $file:literal $format:ident $sh_degree:literal,)*) => {$(
        #[test]
        fn $name() {
            check(
                include_bytes!(concat!("../fixtures/", $file, ".spz")),
                include_bytes!(concat!("../fixtures/", $file, ".values")),
                Format::$format,
                $sh_degree,
            );
        }
    )*};
}

golden! {
    version_1 "v1_assembled" Spz 2,
    version_2_by_spz_js "v2_spz_js" Spz 3,
    version_3_by_niantic "v3_niantic" Spz 1,
    version_3_by_gsply "v3_gsply" Spz 3,
    version_4_by_niantic "v4_niantic" Spz 4,
    version_4_by_gsply "v4_gsply" Spz 3,
    spz404_around_niantic_2 "404_niantic_payload" Spz404 0,
}
