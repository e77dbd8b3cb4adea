//! From linear light to bytes: sRGB both ways, the ACES tone map, rounding to nearest.
//! Source: three r183, `colorspace_pars_fragment` and `tonemapping_pars_fragment`; byte values measured on its renderer.

use std::sync::LazyLock;

use glam::Vec3;

use super::lanes::{LANES, Lanes3};
use super::lobe::{at_least, at_most, unit_interval};

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

/// The values of the 256 bytes in 0..=1.
pub(crate) fn linear_from_bytes() -> &'static [f32; 256] {
    static TABLE: [f32; 256] = {
        let mut table = [0.0; 256];
        let mut byte = 0;
        while byte < 256 {
            table[byte] = byte as f32 / 255.0;
            byte += 1;
        }
        table
    };
    &TABLE
}

/// The sRGB value of a linear value. The exponent is three's: 0.41666, not 1/2.4.
pub fn srgb_from_linear(c: f32) -> f32 {
    if c <= 0.003_130_8 { 12.92 * c } else { 1.055 * libm::powf(c, 0.41666) - 0.055 }
}

/// The nearest byte of a value in 0..=1; values outside are clamped, NaN is 0.
#[inline]
pub fn byte(c: f32) -> u8 {
    (c * 255.0 + 0.5) as u8
}

/// Linear light to the light a screen is asked for, each channel in 0..=1; NaN is 0.
///
/// From [`BRIGHTEST`] on the curve is flat to the last bit of an `f32`.
#[inline(always)]
pub fn aces(linear: Vec3) -> Vec3 {
    let c = bounded(linear, BRIGHTEST) * (1.0 / 0.6);
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
    Vec3::new(unit_interval(c.x), unit_interval(c.y), unit_interval(c.z))
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
#[inline(always)]
pub(crate) fn bounded(v: Vec3, limit: f32) -> Vec3 {
    let channel = |c: f32| {
        let c = if c.is_nan() { 0.0 } else { c };
        at_most(at_least(c, -limit), limit)
    };
    Vec3::new(channel(v.x), channel(v.y), channel(v.z))
}

/// Where the encoded byte changes, by the high bits of the value.
///
/// Between 2^−13 and 1 every octave is cut into 128 buckets, so narrow that the byte changes at most once in each. An
/// entry is the byte at the start of the bucket times 2^16, plus 2^16 minus the low bits from which on the byte is one
/// more: adding the low bits of a value carries into the byte exactly when it is past the change.
struct Steps([u32; Self::BUCKETS]);

impl Steps {
    /// Mantissa bits below the bucket.
    const SHIFT: u32 = 16;
    const LOW: u32 = (1 << Self::SHIFT) - 1;
    /// Below it the byte is 0.
    const DARKEST: f32 = 1.0 / 8192.0;
    const FIRST: u32 = Self::DARKEST.to_bits() >> Self::SHIFT;
    /// Those of 13 octaves, the one that 1 starts (brighter values are 1), and more that nothing reaches: a power of 2,
    /// so that a mask stands in for a check of bounds.
    const BUCKETS: usize = 2048;

    #[inline]
    fn get() -> &'static Self {
        static STEPS: LazyLock<Steps> = LazyLock::new(Steps::new);
        &STEPS
    }

    fn new() -> Self {
        let byte_at = |bits: u32| u32::from(byte(srgb_from_linear(f32::from_bits(bits))));
        Self(std::array::from_fn(|bucket| {
            if bucket > 13 << (23 - Self::SHIFT) {
                return 255 << Self::SHIFT;
            }
            let start = (Self::FIRST + bucket as u32) << Self::SHIFT;
            let at_start = byte_at(start);
            // Bits of positive floats sort as the floats do.
            let (mut same, mut more) = (0, 1 << Self::SHIFT);
            while more - same > 1 {
                let middle = (same + more) / 2;
                *if byte_at(start + middle) > at_start { &mut more } else { &mut same } = middle;
            }
            (at_start << Self::SHIFT) + (1 << Self::SHIFT) - more
        }))
    }

    #[inline(always)]
    fn byte(&self, c: f32) -> u8 {
        self.read(Self::bits(c))
    }

    /// What [`Steps::read`] wants to know of a value. NaN is dark.
    #[inline(always)]
    fn bits(c: f32) -> u32 {
        at_most(at_least(c, Self::DARKEST), 1.0).to_bits()
    }

    #[inline(always)]
    fn read(&self, bits: u32) -> u8 {
        let bucket = (bits >> Self::SHIFT).wrapping_sub(Self::FIRST) as usize;
        ((self.0[bucket & (Self::BUCKETS - 1)] + (bits & Self::LOW)) >> Self::SHIFT) as u8
    }
}

/// [`display_bytes`] of the first `n` lanes.
#[inline(always)]
pub(crate) fn display_lanes(linear: &Lanes3, tone_mapped: bool, n: usize) -> [[u8; 3]; LANES] {
    let [mut red, mut green, mut blue] = [[0; LANES]; 3];
    for i in 0..n.min(LANES) {
        let c = linear.get(i);
        let c = if tone_mapped { aces(c) } else { c };
        [red[i], green[i], blue[i]] = c.to_array().map(Steps::bits);
    }
    let steps = Steps::get();
    let mut out = [[0; 3]; LANES];
    for (((out, red), green), blue) in out.iter_mut().zip(red).zip(green).zip(blue).take(n) {
        *out = [steps.read(red), steps.read(green), steps.read(blue)];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_gives_the_byte_of_the_formula() {
        let steps = Steps::get();
        for b in 1..=255 {
            // The smallest value whose byte is `b`, found without the table.
            let (mut below, mut from) = (0, 1.0_f32.to_bits());
            while from - below > 1 {
                let middle = (from + below) / 2;
                let reached = byte(srgb_from_linear(f32::from_bits(middle))) >= b;
                *if reached { &mut from } else { &mut below } = middle;
            }
            for bits in from - 500..from + 500 {
                let c = f32::from_bits(bits);
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
