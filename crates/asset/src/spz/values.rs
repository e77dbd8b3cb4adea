//! From stored bytes to raw values and back, one value at a time.
//! Formulas: nianticlabs/spz, description of the file format; 404-SPZ is the same but for its wrapping.

/// Largest magnitude of a 24-bit number with sign that its mirror image has as well.
pub(super) const FIXED_MAX: f32 = 8_388_607.0;
/// Stands for the logit of opacity 1, which is not finite.
const RAW_OPACITY_MAX: f32 = 16.0;
/// Colours are stored as 0.5 + 0.15 · `sh_dc`.
const COLOUR_SCALE: f32 = 0.15;
const SQRT_HALF: f32 = std::f32::consts::FRAC_1_SQRT_2;
/// Nine bits of magnitude.
const SMALLEST_MAX: u32 = 511;

/// Rounds half away from zero and clamps. Not-a-number becomes 0; the writers refuse it before.
fn to_u8(value: f32) -> u8 {
    value.round() as u8
}

/// 2^-`fractional_bits`.
pub(super) fn fixed_step(fractional_bits: u8) -> f32 {
    1.0 / (1_u64 << fractional_bits) as f32
}

pub(super) fn fixed_from(raw: [u8; 3], step: f32) -> f32 {
    // Into the upper three bytes, so that the shift back copies the sign.
    (i32::from_le_bytes([0, raw[0], raw[1], raw[2]]) >> 8) as f32 * step
}

pub(super) fn fixed_to(value: f32, step: f32) -> [u8; 3] {
    let [a, b, c, _] = ((value / step).round() as i32).to_le_bytes();
    [a, b, c]
}

/// IEEE half float, as version 1 stored positions.
pub(super) fn half_from(raw: [u8; 2]) -> f32 {
    let bits = u32::from(u16::from_le_bytes(raw));
    let (sign, exponent, mantissa) = (bits >> 15 << 31, bits >> 10 & 31, bits & 1023);
    match exponent {
        // Subnormal: mantissa · 2^-24, exact in f32.
        0 => f32::from_bits(sign | (mantissa as f32 / 16_777_216.0).to_bits()),
        31 => f32::from_bits(sign | 0x7f80_0000 | mantissa << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | mantissa << 13),
    }
}

pub(crate) fn opacity_from(raw: u8) -> f32 {
    match raw {
        0 => -RAW_OPACITY_MAX,
        255 => RAW_OPACITY_MAX,
        _ => {
            let opacity = f32::from(raw) / 255.0;
            libm::logf(opacity / (1.0 - opacity))
        }
    }
}

pub(crate) fn opacity_to(raw_opacity: f32) -> u8 {
    to_u8(1.0 / (1.0 + libm::expf(-raw_opacity)) * 255.0)
}

pub(super) fn colour_from(raw: u8) -> f32 {
    (f32::from(raw) / 255.0 - 0.5) / COLOUR_SCALE
}

pub(super) fn colour_to(dc: f32) -> u8 {
    to_u8(dc * (COLOUR_SCALE * 255.0) + 127.5)
}

pub(super) fn scale_from(raw: u8) -> f32 {
    f32::from(raw) / 16.0 - 10.0
}

pub(super) fn scale_to(log_scale: f32) -> u8 {
    to_u8((log_scale + 10.0) * 16.0)
}

pub(super) fn sh_from(raw: u8) -> f32 {
    (f32::from(raw) - 128.0) / 128.0
}

/// `value_idx` counts `[coefficient, channel]`: the first nine values (degree 1) keep 5 bits, the others 4.
pub(super) fn sh_to(value: f32, value_idx: usize) -> u8 {
    let bucket = if value_idx < 9 { 8 } else { 16 };
    // Beyond ±2 the result is clamped anyway, and the sum stays far from overflow.
    let level = (value * 128.0).round().clamp(-256.0, 256.0) as i32 + 128;
    ((level + bucket / 2).div_euclid(bucket) * bucket).clamp(0, 255) as u8
}

/// Quaternion w, x, y, z from x, y, z in eighths of a byte around 127.5; w is not negative.
pub(super) fn first_three_from(raw: [u8; 3]) -> [f32; 4] {
    let [x, y, z] = raw.map(|c| f32::from(c) * (1.0 / 127.5) - 1.0);
    [(1.0 - (x * x + y * y + z * z)).max(0.0).sqrt(), x, y, z]
}

pub(super) fn first_three_to(rotation: [f32; 4]) -> [u8; 3] {
    let [w, x, y, z] = unit(rotation);
    let factor = if w < 0.0 { -127.5 } else { 127.5 };
    [x, y, z].map(|c| to_u8(c * factor + 127.5))
}

/// Quaternion w, x, y, z from 32 bits: number of the largest of x, y, z, w in the upper two, then the other three in
/// that order, each as sign and nine bits of magnitude in units of √½/511. The largest is positive.
pub(super) fn smallest_three_from(raw: [u8; 4]) -> [f32; 4] {
    let mut bits = u32::from_le_bytes(raw);
    let largest = (bits >> 30) as usize;
    let mut xyzw = [0.0_f32; 4];
    let mut sum = 0.0;
    for idx in (0..4).rev().filter(|idx| *idx != largest) {
        let magnitude = SQRT_HALF * (bits & SMALLEST_MAX) as f32 / SMALLEST_MAX as f32;
        xyzw[idx] = if bits >> 9 & 1 == 1 { -magnitude } else { magnitude };
        sum += xyzw[idx] * xyzw[idx];
        bits >>= 10;
    }
    // Three magnitudes near the top are no unit quaternion; the sum is then 1.5 and the rest would not be a number.
    xyzw[largest] = (1.0 - sum).max(0.0).sqrt();
    let [x, y, z, w] = xyzw;
    [w, x, y, z]
}

pub(super) fn smallest_three_to(rotation: [f32; 4]) -> [u8; 4] {
    let [w, x, y, z] = unit(rotation);
    let xyzw = [x, y, z, w];
    // The first of equals, as the reference has it.
    let largest =
        (1..4).fold(0, |best, idx| if xyzw[idx].abs() > xyzw[best].abs() { idx } else { best });
    let is_mirrored = xyzw[largest] < 0.0;
    let mut bits = largest as u32;
    for idx in (0..4).filter(|idx| *idx != largest) {
        let magnitude = (SMALLEST_MAX as f32 * (xyzw[idx].abs() / SQRT_HALF) + 0.5) as u32;
        let is_negative = (xyzw[idx] < 0.0) != is_mirrored;
        bits = bits << 10 | u32::from(is_negative) << 9 | magnitude.min(SMALLEST_MAX);
    }
    bits.to_le_bytes()
}

/// Of length 1. Scaled by its largest component first: squares of extreme values leave the range of `f32`.
fn unit(rotation: [f32; 4]) -> [f32; 4] {
    let largest = rotation.iter().fold(0.0_f32, |best, c| best.max(c.abs()));
    let scaled = rotation.map(|c| c / largest);
    let norm = scaled.iter().map(|c| c * c).sum::<f32>().sqrt();
    scaled.map(|c| c / norm)
}

#[cfg(test)]
mod tests;
