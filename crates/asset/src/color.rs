//! The curve of sRGB. Facts: IEC 61966-2-1.

/// From a value of 0 to 1 as it is stored to a linear one.
pub(crate) fn decode(value: f32) -> f32 {
    if value <= 0.040_45 { value / 12.92 } else { libm::powf((value + 0.055) / 1.055, 2.4) }
}

/// The other way. 1 stays 1 exactly.
pub(crate) fn encode(value: f32) -> f32 {
    if value <= 0.003_130_8 {
        value * 12.92
    } else if value == 1.0 {
        1.0
    } else {
        1.055 * libm::powf(value, 1.0 / 2.4) - 0.055
    }
}
