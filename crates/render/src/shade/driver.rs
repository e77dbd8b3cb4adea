//! Sine, logarithm and power of two to the bit as `SwiftShader` computes them. Noise made of sines shows their last bits,
//! so that the true sine gives other noise. Found by comparing 4096 values of each read back from a shader.

use std::f32::consts::FRAC_1_PI;

use super::lobe::{at_least, at_most};

/// sin x: a polynomial of degree 5 that is exact at 0, 30, 60 and 90 degrees.
pub(crate) fn sin(x: f32) -> f32 {
    const QUARTER: f32 = 0.25;
    // In turns, mirrored into a quarter of one on either side of 0.
    let turns = QUARTER - x * (FRAC_1_PI * 0.5);
    let y = QUARTER - (turns - turns.round_ties_even()).abs();
    let y2 = y * y;
    ((74.438_89 * y2 - 41.169_37) * y2 + 6.282_308_6) * y
}

/// log2 x for normal x > 0: a fraction of polynomials in the mantissa.
pub(crate) fn log2(x: f32) -> f32 {
    let exponent = ((x.to_bits() >> 23) & 0xFF) as f32 - 127.0;
    let m = f32::from_bits((x.to_bits() & 0x007F_FFFF) | 1.0_f32.to_bits());
    let above = (9.542_818e-2 * m + 4.777_909_5e-1) * m + 1.978_281_3e-1;
    let below = ((1.661_846_6e-2 * m + 2.035_050_8e-1) * m + 2.738_29e-1) * m + 4.049_668_6e-2;
    exponent + (m - 1.0) * (above / below)
}

/// 2^x: a polynomial of degree 5 in what is left of x above a whole number.
pub(crate) fn exp2(x: f32) -> f32 {
    let x = at_most(at_least(x, -126.999_99), 129.0);
    let whole = (x - 0.5).round_ties_even();
    let f = x - whole;
    let p = f32::from_bits(0x3AF6_1905);
    let p = p * f + f32::from_bits(0x3C13_4806);
    let p = p * f + f32::from_bits(0x3D64_AA23);
    let p = p * f + f32::from_bits(0x3E75_EAD4);
    let p = p * f + f32::from_bits(0x3F31_727B);
    let p = p * f + 1.0;
    f32::from_bits(((whole as i32 + 127) << 23) as u32) * p
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits in and bits out of the measured shader.
    fn check(name: &str, f: impl Fn(f32) -> f32, measured: &[(u32, u32)]) {
        for &(x, y) in measured {
            let found = f(f32::from_bits(x)).to_bits();
            assert_eq!(found, y, "{name} of {}: {found:#x}, not {y:#x}", f32::from_bits(x));
        }
    }

    #[test]
    fn bits_are_those_measured() {
        let sines = [
            (0x4043_DF2A, 0x3DA5_E1CA),
            (0xC03E_C0B0, 0xBE24_3735),
            (0x424B_C8FE, 0x3F21_2354),
            (0x415B_295F, 0x3F67_A6E9),
            (0x4589_A86C, 0x3F03_86E0),
            (0x4658_7147, 0xBF5C_6214),
            (0x4543_8B33, 0xBEA4_394B),
            (0x46C5_0166, 0x3F43_2249),
        ];
        check("sine", sin, &sines);
        let logarithms = [
            (0x4043_DF2E, 0x3FCE_8FE1),
            (0x403E_C0B4, 0x3FC9_ABF4),
            (0x424B_C8FE, 0x40B5_780E),
            (0x415B_2960, 0x4071_A78C),
            (0x4589_A86C, 0x4141_ADD9),
            (0x4658_7147, 0x415C_201D),
        ];
        check("logarithm", log2, &logarithms);
        let powers = [
            (0x411B_DE93, 0x4456_0E24),
            (0x40B2_4A82, 0x423E_3AB0),
            (0x411C_D86F, 0x445F_4CD5),
            (0x4117_CBBB, 0x4433_6CDD),
            (0x4022_1F6A, 0x40B9_3AAB),
            (0x409F_9E32, 0x41FD_E3E5),
        ];
        check("power of two", exp2, &powers);
    }

    #[test]
    fn they_are_what_their_names_say() {
        for i in -1000..1000_i16 {
            let x = f32::from(i) * 0.01;
            assert!((sin(x) - libm::sinf(x)).abs() < 3e-4, "sin {x}");
            assert!((exp2(x) / libm::exp2f(x) - 1.0).abs() < 1e-6, "2^{x}");
            let positive = libm::exp2f(x);
            assert!((log2(positive) - x).abs() < 2e-6, "log2 {positive}");
        }
        assert!([f32::NAN, f32::INFINITY, -f32::INFINITY].map(exp2).iter().all(|p| *p >= 0.0));
    }
}
