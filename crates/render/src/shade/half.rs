//! Half floats (IEEE 754 binary16) as `f32` and back, rounded to nearest, ties to even.

/// The value of the bits of a half float; exact.
#[inline]
pub(crate) const fn f32_from_half(bits: u16) -> f32 {
    let sign = (bits as u32 & 0x8000) << 16;
    let exponent = (bits as u32 >> 10) & 31;
    let mantissa = bits as u32 & 0x3FF;
    let magnitude = match exponent {
        0 => (mantissa as f32 / 16_777_216.0).to_bits(),
        31 => 0x7F80_0000 | (mantissa << 13),
        _ => ((exponent + 112) << 23) | (mantissa << 13),
    };
    f32::from_bits(sign | magnitude)
}

/// The bits of the nearest half float; 65520 and more are infinite.
pub(crate) fn half_from_f32(value: f32) -> u16 {
    let sign = ((value.to_bits() >> 16) & 0x8000) as u16;
    let magnitude = value.to_bits() & 0x7FFF_FFFF;
    let rounded = if value.is_nan() {
        0x7E00
    } else if magnitude >= 0x4780_0000 {
        0x7C00
    } else if magnitude < 0x3880_0000 {
        // Below 2^−14: adding 0.5 leaves multiples of 2^−24 in the low bits.
        (f32::from_bits(magnitude) + 0.5).to_bits().wrapping_sub(0x3F00_0000)
    } else {
        let even = (magnitude >> 13) & 1;
        (magnitude - (112 << 23) + 0xFFF + even) >> 13
    };
    sign | rounded as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_comes_back_and_middles_go_to_even() {
        for bits in 0..=u16::MAX {
            let value = f32_from_half(bits);
            if !value.is_nan() {
                assert_eq!(half_from_f32(value), bits, "{value:e}");
            }
        }
        assert_eq!(f32_from_half(0x3C00), 1.0);
        assert_eq!(f32_from_half(0x7BFF), 65504.0);
        assert_eq!(f32_from_half(1), 2.0_f32.recip() / 8_388_608.0);
        assert_eq!(half_from_f32(65519.9), 0x7BFF);
        assert_eq!(half_from_f32(65520.0), 0x7C00);
        assert_eq!(half_from_f32(1.0 + 1.0 / 2048.0), 0x3C00, "a tie goes to even");
        assert_eq!(half_from_f32(1.0 + 3.0 / 2048.0), 0x3C02, "a tie goes to even");
        assert!(f32_from_half(half_from_f32(f32::NAN)).is_nan());
    }
}
