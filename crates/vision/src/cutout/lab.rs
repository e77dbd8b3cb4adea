//! From bytes to colours to compute with: linear light, display-referred values, and CIE L*a*b* (D65, 2°), where equal
//! distances look about equally different. IEC 61966-2-1 for sRGB.

use image::RgbaImage;

use super::grid::Grid;

/// Means of the linear light of the sRGB bytes, alpha ignored, at a size not above the picture's.
pub(super) fn linear(picture: &RgbaImage, size: [usize; 2]) -> Grid<[f32; 3]> {
    shrunk(picture, size, |value| to_linear(value) as f32)
}

/// Means of the display-referred RGB, 0 to 1, at a size not above the picture's.
pub(super) fn display(picture: &RgbaImage, size: [usize; 2]) -> Grid<[f32; 3]> {
    shrunk(picture, size, |value| value as f32)
}

/// Straight from the bytes, so that a large picture is never held in floats.
fn shrunk(
    picture: &RgbaImage,
    [width, height]: [usize; 2],
    value: impl Fn(f64) -> f32,
) -> Grid<[f32; 3]> {
    let table: Vec<f32> = (0..=255_u8).map(|byte| value(f64::from(byte) / 255.0)).collect();
    let (full_width, full_height) = (picture.width() as usize, picture.height() as usize);
    let bytes = picture.as_raw();
    let span =
        |i: usize, from: usize, to: usize| (i * from / to)..((i + 1) * from).div_ceil(to).min(from);
    Grid::from_fn(width, height, |x, y| {
        let (columns, rows) = (span(x, full_width, width), span(y, full_height, height));
        let mut sum = [0.0_f32; 3];
        for row in rows.clone() {
            let start = 4 * (row * full_width + columns.start);
            for pixel in bytes[start..start + 4 * columns.len()].chunks_exact(4) {
                std::iter::zip(&mut sum, pixel)
                    .for_each(|(sum, &byte)| *sum += table[usize::from(byte)]);
            }
        }
        let count = (columns.len() * rows.len()) as f32;
        sum.map(|sum| sum / count)
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of scikit-image 0.26.0, `rgb2lab`.
    #[test]
    fn lab_is_that_of_scikit_image() {
        let of = |bytes: [u8; 3]| lab(bytes.map(|b| to_linear(f64::from(b) / 255.0) as f32));
        for (bytes, expected) in LAB {
            let found = of(bytes);
            assert!(distance2(found, expected) < 0.02 * 0.02, "{bytes:?}: {found:?}, {expected:?}");
        }
    }

    const LAB: [([u8; 3], [f32; 3]); 4] = [
        ([255, 255, 255], [100.0000, -0.0025, 0.0047]),
        ([200, 60, 30], [46.4569, 53.9957, 48.0324]),
        ([10, 12, 40], [4.3414, 7.4835, -18.2726]),
        ([0, 128, 64], [46.7209, -45.4995, 26.3573]),
    ];
}
