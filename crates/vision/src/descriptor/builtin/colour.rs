//! Linear light to Oklab, and waves over Oklab. Facts: Björn Ottosson, "A perceptual color space for image processing",
//! 2020; IEC 61966-2-1 for sRGB; Rahimi and Recht, "Random features for large-scale kernel machines", 2007.

use std::f64::consts::TAU;

/// Linear light of each sRGB byte, 0 to 1.
pub(super) fn linear_table() -> [f32; 256] {
    std::array::from_fn(|byte| {
        let value = byte as f64 / 255.0;
        let linear =
            if value <= 0.040_45 { value / 12.92 } else { libm::pow((value + 0.055) / 1.055, 2.4) };
        linear as f32
    })
}

/// Lightness 0 to 1, and two opponent colours of about −0.3 to 0.3.
pub(super) fn oklab([r, g, b]: [f32; 3]) -> [f32; 3] {
    let l = libm::cbrtf(0.412_221_46 * r + 0.536_332_55 * g + 0.051_445_995 * b);
    let m = libm::cbrtf(0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b);
    let s = libm::cbrtf(0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b);
    [
        0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
        1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
        0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
    ]
}

/// Squared distance of two colours.
pub(super) fn distance2(a: [f32; 3], b: [f32; 3]) -> f32 {
    let d = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
}

/// Colours this far apart, in lightness and in each opponent colour, begin to count as different.
const WIDTHS: [f64; 3] = [0.22, 0.075, 0.075];

/// Wave vectors over Oklab. The means of their cosines and sines over two sets of colours have a dot product that is near
/// the mean of a Gaussian of the distances between the sets' colours.
pub(super) fn waves<const N: usize>(first: u32) -> [[f32; 3]; N] {
    std::array::from_fn(|wave_idx| {
        let at = first + wave_idx as u32;
        // Evenly spread pairs of numbers, made normal (Box and Muller).
        let normal = |base_a, base_b| {
            let radius = (-2.0 * libm::log(radical_inverse(at, base_a))).sqrt();
            let angle = TAU * radical_inverse(at, base_b);
            [radius * libm::cos(angle), radius * libm::sin(angle)]
        };
        let ([l, a], [b, _]) = (normal(2, 3), normal(5, 7));
        let wave = [l / WIDTHS[0], a / WIDTHS[1], b / WIDTHS[2]];
        wave.map(|part| part as f32)
    })
}

/// Mean and deviation of the colours of things in general: what the pictures that the project makes have, rounded.
const USUAL: [[f64; 3]; 2] = [[0.6, 0.02, 0.04], [0.17, 0.08, 0.08]];

/// Means of the cosines and sines of each wave over the colours of things in general, taken as normal.
pub(super) fn usual(waves: &[[f32; 3]]) -> Vec<f32> {
    let mean = |wave: &[f32; 3]| {
        let sum = |part: &dyn Fn(usize) -> f64| (0..3).map(part).sum::<f64>();
        let phase = sum(&|c| f64::from(wave[c]) * USUAL[0][c]);
        let spread2 =
            sum(&|c| (f64::from(wave[c]) * USUAL[1][c]) * (f64::from(wave[c]) * USUAL[1][c]));
        let length = libm::exp(-0.5 * spread2);
        [length * libm::cos(phase), length * libm::sin(phase)].map(|part| part as f32)
    };
    waves.iter().flat_map(mean).collect()
}

/// The digits of a number above 0 mirrored at the point: above 0, below 1.
fn radical_inverse(mut number: u32, base: u32) -> f64 {
    let (mut inverse, mut unit) = (0.0, 1.0);
    while number > 0 {
        unit /= f64::from(base);
        inverse += unit * f64::from(number % base);
        number /= base;
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values from the table in Ottosson's text (XYZ to Oklab) cannot be used, as ours starts from sRGB; these follow from
    /// its definition: white has no colour, and red is where CSS Color 4 says it is.
    #[test]
    fn white_and_red() {
        let near = |found: [f32; 3], expected: [f32; 3]| {
            assert!(distance2(found, expected) < 1e-6, "{found:?} is not {expected:?}");
        };
        near(oklab([1.0; 3]), [1.0, 0.0, 0.0]);
        near(oklab([1.0, 0.0, 0.0]), [0.627_96, 0.224_86, 0.125_85]);
    }
}
