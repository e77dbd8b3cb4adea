//! From linear light to bytes: sRGB both ways, the ACES tone map, rounding to nearest.
//! Source: three r183, `colorspace_pars_fragment` and `tonemapping_pars_fragment`; byte values measured on its renderer.

use std::sync::LazyLock;

use glam::Vec3;

/// The linear value of an sRGB value.
pub fn linear_from_srgb(c: f32) -> f32 {
    if c < 0.04045 { c * 0.077_399_38 } else { libm::powf(c * 0.947_867_3 + 0.052_132_7, 2.4) }
}

/// The linear values of the 256 sRGB bytes.
pub fn linear_from_srgb_bytes() -> &'static [f32; 256] {
    static TABLE: LazyLock<[f32; 256]> =
        LazyLock::new(|| std::array::from_fn(|byte| linear_from_srgb(byte as f32 / 255.0)));
    &TABLE
}

/// The sRGB value of a linear value. The exponent is three's: 0.41666, not 1/2.4.
pub fn srgb_from_linear(c: f32) -> f32 {
    if c <= 0.003_130_8 { 12.92 * c } else { 1.055 * libm::powf(c, 0.41666) - 0.055 }
}

/// The nearest byte of a value in 0..=1; values outside are clamped, NaN is 0.
pub fn byte(c: f32) -> u8 {
    (c * 255.0 + 0.5) as u8
}

/// Linear light to the light a screen is asked for, each channel in 0..=1; NaN is 0.
///
/// From [`BRIGHTEST`] on the curve is flat to the last bit of an `f32`.
#[inline]
pub fn aces(linear: Vec3) -> Vec3 {
    let c = bounded(linear, BRIGHTEST) / 0.6;
    let c = Vec3::new(
        0.59719 * c.x + 0.35458 * c.y + 0.04823 * c.z,
        0.07600 * c.x + 0.90834 * c.y + 0.01566 * c.z,
        0.02840 * c.x + 0.13383 * c.y + 0.83777 * c.z,
    );
    let c = (c * (c + 0.024_578_6) - 0.000_090_537) / (c * (0.983_729 * c + 0.432_951) + 0.238_081);
    let c = Vec3::new(
        1.60475 * c.x - 0.53108 * c.y - 0.07367 * c.z,
        -0.10208 * c.x + 1.10813 * c.y - 0.00605 * c.z,
        -0.00327 * c.x - 0.07276 * c.y + 1.07602 * c.z,
    );
    bounded(c, 1.0).max(Vec3::ZERO)
}

/// The largest linear value told apart by [`aces`].
pub const BRIGHTEST: f32 = 1e9;

/// What the material shader writes: tone mapped unless the material opts out, sRGB encoded, not yet rounded.
pub fn display(linear: Vec3, tone_mapped: bool) -> Vec3 {
    let c = if tone_mapped { aces(linear) } else { bounded(linear, 1.0).max(Vec3::ZERO) };
    Vec3::new(srgb_from_linear(c.x), srgb_from_linear(c.y), srgb_from_linear(c.z))
}

/// The bytes of [`display`], by table: the way of every opaque fragment.
#[inline]
pub fn display_bytes(linear: Vec3, tone_mapped: bool) -> [u8; 3] {
    let c = if tone_mapped { aces(linear) } else { linear };
    let steps = Steps::get();
    [steps.byte(c.x), steps.byte(c.y), steps.byte(c.z)]
}

/// The byte of `srgb_from_linear(c)`, exactly.
#[inline]
pub fn srgb_byte_from_linear(c: f32) -> u8 {
    Steps::get().byte(c)
}

/// Every channel within ±`limit`; NaN is 0.
#[inline]
pub(crate) fn bounded(v: Vec3, limit: f32) -> Vec3 {
    let channel = |c: f32| if c.is_nan() { 0.0 } else { c.clamp(-limit, limit) };
    Vec3::new(channel(v.x), channel(v.y), channel(v.z))
}

/// Where the encoded byte changes, and a first guess by the high bits of the value.
struct Steps {
    /// `from[b]` is the smallest value whose byte is `b`; the last entry is never reached.
    from: [f32; 257],
    /// The byte at the start of each of the 128 buckets an octave has, from 2^−13 to 1.
    guess: [u8; Self::BUCKETS],
}

impl Steps {
    /// Mantissa bits below the bucket.
    const SHIFT: u32 = 16;
    const FIRST: u32 = (127 - 13) << (23 - Self::SHIFT);
    const BUCKETS: usize = 13 << (23 - Self::SHIFT);

    #[inline]
    fn get() -> &'static Self {
        static STEPS: LazyLock<Steps> = LazyLock::new(Steps::new);
        &STEPS
    }

    fn new() -> Self {
        let slow = |c: f32| byte(srgb_from_linear(c));
        let mut from = [f32::INFINITY; 257];
        for (b, step) in from.iter_mut().enumerate().take(256) {
            // Bits of positive floats sort as the floats do.
            let (mut low, mut high) = (0, 1.0_f32.to_bits());
            while low < high {
                let middle = low.midpoint(high);
                if usize::from(slow(f32::from_bits(middle))) >= b {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            *step = f32::from_bits(low);
        }
        let guess =
            std::array::from_fn(|i| slow(f32::from_bits((Self::FIRST + i as u32) << Self::SHIFT)));
        Self { from, guess }
    }

    #[inline]
    fn byte(&self, c: f32) -> u8 {
        if c >= 1.0 {
            return 255;
        }
        let bucket = (c.max(0.0).to_bits() >> Self::SHIFT).saturating_sub(Self::FIRST) as usize;
        let mut b = if c < 1.0 / 8192.0 || c.is_nan() { 0 } else { self.guess[bucket] };
        while c >= self.from[usize::from(b) + 1] {
            b += 1;
        }
        b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_gives_the_byte_of_the_formula() {
        let steps = Steps::get();
        for b in 1..256 {
            let bits = steps.from[b].to_bits();
            for c in [f32::from_bits(bits - 1), f32::from_bits(bits)] {
                assert_eq!(steps.byte(c), byte(srgb_from_linear(c)), "at step {b}, {c:e}");
            }
        }
        // Every 97th float of 0..=1: some eleven million.
        for bits in (0..=1.0_f32.to_bits()).step_by(97) {
            let c = f32::from_bits(bits);
            let exact = byte(srgb_from_linear(c));
            assert_eq!(steps.byte(c), exact, "at {c:e}");
        }
        let odd = [-1.0, -0.0, 2.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
        assert_eq!(odd.map(srgb_byte_from_linear), [0, 0, 255, 255, 0, 0]);
    }
}
