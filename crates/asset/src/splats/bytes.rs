//! Colour in one byte a channel, scales and opacities that are neither logarithms nor logits, as several formats hold
//! them.

use super::SH_C0;

/// Stands for the logit of opacity 1, which is not finite; 1.1e-7 away from it.
const RAW_OPACITY_MAX: f32 = 16.0;

/// Logarithm of the smallest normal `f32`, in place of that of 0.
const LOG_SCALE_MIN: f32 = -87.336_54;

/// Logarithm of a scale; that of 1.2e-38 for 0 and below, and for what is not a number.
pub(crate) fn log_scale_of(scale: f32) -> f32 {
    libm::logf(scale.max(f32::MIN_POSITIVE)).max(LOG_SCALE_MIN)
}

/// Logit of an opacity, within ±16.
pub(crate) fn raw_opacity_of(opacity: f32) -> f32 {
    libm::logf(opacity / (1.0 - opacity)).clamp(-RAW_OPACITY_MAX, RAW_OPACITY_MAX)
}

/// `sh_dc` of a colour of 0 to 255.
pub(crate) fn dc_from(byte: u8) -> f32 {
    (f32::from(byte) / 255.0 - 0.5) / SH_C0
}

/// The nearest byte; what is darker than black or brighter than white is cut.
pub(crate) fn dc_to(dc: f32) -> u8 {
    ((0.5 + SH_C0 * dc) * 255.0).round() as u8
}
