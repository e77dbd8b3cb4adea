//! Display-referred RGB to Oklab. Facts: Björn Ottosson, "A perceptual color space for image processing", 2020; IEC 61966-2-1.

/// Lightness 0 to 1, and two opponent colours of about −0.3 to 0.3.
pub(super) fn oklab(rgb: [f64; 3]) -> [f64; 3] {
    let [r, g, b] = rgb.map(linear);
    let l = libm::cbrt(0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b);
    let m = libm::cbrt(0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b);
    let s = libm::cbrt(0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b);
    [
        0.210_454_255_3 * l + 0.793_617_785 * m - 0.004_072_046_8 * s,
        1.977_998_495_1 * l - 2.428_592_205 * m + 0.450_593_709_9 * s,
        0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766 * s,
    ]
}

fn linear(value: f64) -> f64 {
    let value = value.clamp(0.0, 1.0);
    if value <= 0.040_45 { value / 12.92 } else { libm::pow((value + 0.055) / 1.055, 2.4) }
}

/// How far apart colours look; differences of hue and saturation count twice.
pub(super) fn distance(one: [f64; 3], other: [f64; 3]) -> f64 {
    let [l, a, b] = [one[0] - other[0], one[1] - other[1], one[2] - other[2]];
    (l * l + 4.0 * (a * a + b * b)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// White has no colour, and red is where CSS Color 4 says it is.
    #[test]
    fn white_and_red() {
        let near = |found: [f64; 3], expected: [f64; 3]| {
            assert!(distance(found, expected) < 1e-4, "{found:?} is not {expected:?}");
        };
        near(oklab([1.0; 3]), [1.0, 0.0, 0.0]);
        near(oklab([1.0, 0.0, 0.0]), [0.627_96, 0.224_86, 0.125_85]);
    }
}
