//! Exponentials, the logarithm and the cosine in plain `f32` arithmetic: the same bits on every machine, and a loop over them vectorises.
//!
//! 2^x = 2^k · 2^f with k the nearest integer and |f| ≤ ½; 2^f is a polynomial of degree 6 fitted for the smallest
//! relative error (2e−9 before rounding). Measured against `f64` over the whole range: see the tests.

/// Adding and subtracting this rounds an `f32` of magnitude below 2^22 to the nearest integer, ties to even.
pub(crate) const ROUND: f32 = 12_582_912.0;

/// 2^f for |f| ≤ ½.
#[inline(always)]
fn exp2_fraction(f: f32) -> f32 {
    let p = 1.535_336_2e-4;
    let p = p * f + 1.339_887_5e-3;
    let p = p * f + 9.618_437e-3;
    let p = p * f + 5.550_332_4e-2;
    let p = p * f + 2.402_264_8e-1;
    let p = p * f + 6.931_472e-1;
    p * f + 1.0
}

/// 2^(−x) for x ≥ 0. From 30 on, and for NaN, it is 2^−30, which is nothing to a blend. Relative error below 2e−7.
#[inline(always)]
pub(crate) fn exp2_neg(x: f32) -> f32 {
    let x = if x < 30.0 { x } else { 30.0 };
    let rounded = ROUND - x;
    let f = (ROUND - rounded) - x;
    // The low bits of `rounded` hold −k in two's complement; shifted, they are an exponent.
    f32::from_bits(exp2_fraction(f).to_bits().wrapping_add(rounded.to_bits() << 23))
}

/// e^x. Below −87 it is 0, above 88 infinite, NaN for NaN. Relative error below 3e−7.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    // ln 2 in two parts: the first has zeros at its end, so k times it is exact.
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let inside = if x > -87.0 { x } else { -87.0 };
    let inside = if inside < 88.0 { inside } else { 88.0 };
    let rounded = inside * std::f32::consts::LOG2_E + ROUND;
    let k = rounded - ROUND;
    let r = (inside - k * LN2_HIGH) - k * LN2_LOW;
    let value = exp2_fraction(r * std::f32::consts::LOG2_E);
    let value = f32::from_bits(value.to_bits().wrapping_add(rounded.to_bits() << 23));
    let value = if x < -87.0 { 0.0 } else { value };
    let value = if x > 88.0 { f32::INFINITY } else { value };
    if x.is_nan() { x } else { value }
}

/// ln x for finite, normal x > 0; the relative error is below 3e−7, near 1 too.
#[inline(always)]
pub(crate) fn ln(x: f32) -> f32 {
    // x = 2^k · m with m between √½ and √2; ln m is a series in t = (m − 1) / (m + 1).
    const SQRT_HALF: i32 = std::f32::consts::FRAC_1_SQRT_2.to_bits() as i32;
    let k = (x.to_bits() as i32).wrapping_sub(SQRT_HALF) >> 23;
    let m = f32::from_bits((x.to_bits() as i32).wrapping_sub(k << 23) as u32);
    let t = (m - 1.0) / (m + 1.0);
    let t2 = t * t;
    let series = 1.0 / 9.0;
    let series = series * t2 + 1.0 / 7.0;
    let series = series * t2 + 1.0 / 5.0;
    let series = series * t2 + 1.0 / 3.0;
    let m = 2.0 * t + 2.0 * t * t2 * series;
    k as f32 * std::f32::consts::LN_2 + m
}

/// cos x for |x| ≤ [`COS_MAX`], to 4e−7; beyond, something finite.
#[inline(always)]
pub(crate) fn cos(x: f32) -> f32 {
    // π in three parts: the first two have zeros at their ends, so k times them is exact.
    const PI_HIGH: f32 = 3.140_625;
    const PI_MIDDLE: f32 = 9.670_257_6e-4;
    const PI_LOW: f32 = 6.277_114e-7;
    let x = x.abs();
    let x = if x < COS_MAX { x } else { COS_MAX };
    let rounded = x * std::f32::consts::FRAC_1_PI + ROUND;
    let k = rounded - ROUND;
    let r = ((x - k * PI_HIGH) - k * PI_MIDDLE) - k * PI_LOW;
    let r2 = r * r;
    let p = 2.087_675_7e-9;
    let p = p * r2 - 2.755_732e-7;
    let p = p * r2 + 2.480_158_7e-5;
    let p = p * r2 - 1.388_888_9e-3;
    let p = p * r2 + 4.166_666_7e-2;
    let p = p * r2 - 0.5;
    let value = p * r2 + 1.0;
    // The lowest bit of `rounded` is that of k: odd ones turn the sign.
    f32::from_bits(value.to_bits() ^ (rounded.to_bits() << 31))
}

/// Up to here [`cos`] is exact enough.
pub(crate) const COS_MAX: f32 = 6000.0;

#[cfg(test)]
mod tests {
    use super::*;

    /// Largest relative error over `n` values spread over `range`.
    fn worst(
        range: std::ops::Range<f32>,
        f: impl Fn(f32) -> f32,
        truth: impl Fn(f64) -> f64,
    ) -> f64 {
        let n = 2_000_000;
        (0..n)
            .map(|i| range.start + (range.end - range.start) * (i as f32 / n as f32))
            .map(|x| ((f64::from(f(x)) - truth(f64::from(x))) / truth(f64::from(x))).abs())
            .fold(0.0, f64::max)
    }

    #[test]
    fn errors_are_as_documented() {
        let error = worst(0.0..29.9, exp2_neg, |x| libm::exp2(-x));
        assert!(error < 2e-7, "exp2_neg is off by {error:e}");
        let error = worst(-86.9..87.9, exp, libm::exp);
        assert!(error < 3e-7, "exp is off by {error:e}");
        for range in [1e-30..1e-3, 1e-3..0.999, 0.999..1.001, 1.001..1e30] {
            let error = worst(range.clone(), ln, libm::log);
            assert!(error < 3e-7, "ln is off by {error:e} over {range:?}");
        }
        let error = (0..2_000_000)
            .map(|i| i as f32 / 2e6 * COS_MAX)
            .map(|x| (f64::from(cos(x)) - libm::cos(f64::from(x))).abs())
            .fold(0.0, f64::max);
        assert!(error < 4e-7, "cos is off by {error:e}");
    }

    #[test]
    fn ends_of_the_range() {
        assert_eq!(exp2_neg(0.0), 1.0);
        assert_eq!(exp(0.0), 1.0);
        assert_eq!([ln(1.0), cos(0.0), cos(-1.5)], [0.0, 1.0, cos(1.5)]);
        assert!(cos(f32::MAX).is_finite() && cos(f32::NAN).is_finite());
        assert_eq!([exp(-1e9), exp(f32::NEG_INFINITY), exp(-87.5)], [0.0; 3]);
        assert_eq!([exp(1e9), exp(f32::INFINITY)], [f32::INFINITY; 2]);
        assert!(exp(f32::NAN).is_nan());
        for x in [30.0, 1e9, f32::INFINITY, f32::NAN] {
            assert_eq!(exp2_neg(x), libm::exp2f(-30.0), "{x}");
        }
    }
}
