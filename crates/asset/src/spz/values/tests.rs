//! Every stored value comes back as itself, and the corners.

use super::*;

#[test]
fn every_byte_is_stored_as_itself() {
    for byte in 0..=255 {
        assert_eq!(opacity_to(opacity_from(byte)), byte, "opacity");
        assert_eq!(colour_to(colour_from(byte)), byte, "colour");
        assert_eq!(scale_to(scale_from(byte)), byte, "scale");
        // Buckets of 8 and 16 keep their own centres, and what is at most half a bucket beside them.
        assert!(sh_to(sh_from(byte), 5).abs_diff(byte) <= 4, "SH degree 1: {byte}");
        assert!(sh_to(sh_from(byte), 4).abs_diff(byte) <= 8, "SH above: {byte}");
        if byte % 16 == 0 {
            assert_eq!([sh_to(sh_from(byte), 5), sh_to(sh_from(byte), 4)], [byte; 2], "SH");
        }
    }
}

#[test]
fn positions_keep_their_24_bits() {
    for bits in [0, 12, 23, 30] {
        let step = fixed_step(bits);
        for level in [-8_388_607, -1, 0, 1, 4095, 8_388_607] {
            let value = level as f32 * step;
            assert_eq!(fixed_from(fixed_to(value, step), step).to_bits(), value.to_bits());
        }
    }
    assert_eq!(fixed_from([0, 0, 0x80], 1.0).to_bits(), (-8_388_608.0_f32).to_bits());
}

/// Exponent and mantissa by definition, in `f64`.
#[test]
fn every_half_float() {
    for bits in 0..=u16::MAX {
        let (exponent, mantissa) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
        let magnitude = match exponent {
            0 => mantissa / 1024.0 * libm::exp2(-14.0),
            31 if mantissa == 0.0 => f64::INFINITY,
            31 => f64::NAN,
            _ => (1.0 + mantissa / 1024.0) * libm::exp2(f64::from(exponent - 15)),
        };
        let expected = if bits >> 15 == 1 { -magnitude } else { magnitude } as f32;
        let found = half_from(bits.to_le_bytes());
        assert!(
            found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan(),
            "{bits:#06x}: {found} {expected}"
        );
    }
}

#[test]
fn rotations_at_the_corners() {
    let half = 0.5_f32;
    let root = SQRT_HALF;
    let rotations = [
        [1.0, 0.0, 0.0, 0.0],
        [-1.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, -3.0],
        [half, -half, half, -half],
        [root, -root, 0.0, 0.0],
        [0.0, 0.0, -root, root],
        [1e-38, 0.0, 0.0, -1e-38],
        [3e38, 3e38, -3e38, 3e38],
    ];
    for rotation in rotations {
        let exact = unit(rotation);
        for stored in [
            smallest_three_from(smallest_three_to(rotation)),
            first_three_from(first_three_to(rotation)),
        ] {
            let dot: f32 = exact.iter().zip(stored).map(|(a, b)| a * b).sum();
            assert!(dot.abs() > 0.995, "{rotation:?}: {stored:?}");
        }
    }
    // Three magnitudes at the top are no unit quaternion: a naive root is not a number.
    for bits in [u32::MAX, 0x3fff_ffff, 0x7fff_ffff] {
        let rotation = smallest_three_from(bits.to_le_bytes());
        assert!(rotation.iter().all(|c| c.is_finite()), "{rotation:?}");
    }
    assert!(first_three_from([255; 3]).iter().all(|c| c.is_finite()));
}
