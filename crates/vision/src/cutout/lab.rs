//! CIE L*a*b* (D65, 2°), where equal distances look about equally different. IEC 61966-2-1 for sRGB.

use image::RgbaImage;
use rayon::prelude::*;

use super::grid::Grid;

/// Linear light of the sRGB bytes, alpha ignored.
pub(super) fn linear(picture: &RgbaImage) -> Grid<[f32; 3]> {
    let table: Vec<f32> =
        (0..=255_u8).map(|byte| to_linear(f64::from(byte) / 255.0) as f32).collect();
    let values = picture
        .as_raw()
        .par_chunks_exact(4)
        .with_min_len(1 << 14)
        .map(|pixel| [pixel[0], pixel[1], pixel[2]].map(|byte| table[usize::from(byte)]))
        .collect();
    Grid { width: picture.width() as usize, height: picture.height() as usize, values }
}

fn to_linear(value: f64) -> f64 {
    if value <= 0.040_45 { value / 12.92 } else { libm::pow((value + 0.055) / 1.055, 2.4) }
}

/// L* 0 to 100, a* and b* about −100 to 100.
pub(super) fn lab(linear: [f32; 3]) -> [f32; 3] {
    let [r, g, b] = linear;
    // Rows of the sRGB matrix, each divided by the white point's component.
    let x = 0.433_953 * r + 0.376_220 * g + 0.189_828 * b;
    let y = 0.212_671 * r + 0.715_160 * g + 0.072_169 * b;
    let z = 0.017_758 * r + 0.109_477 * g + 0.872_765 * b;
    let f = |t: f32| {
        if t > 0.008_856 { libm::cbrtf(t) } else { 7.787 * t + 16.0 / 116.0 }
    };
    let (fx, fy, fz) = (f(x), f(y), f(z));
    [116.0 * fy - 16.0, 500.0 * (fx - fy), 200.0 * (fy - fz)]
}

/// Squared distance of two colours.
pub(super) fn distance2(a: [f32; 3], b: [f32; 3]) -> f32 {
    let d = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
}
