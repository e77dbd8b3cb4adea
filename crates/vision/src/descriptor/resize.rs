//! Resizing in floats with a triangle filter that widens when it shrinks (bilinear with antialias).
//!
//! The taps are those of PyTorch's `upsample_bilinear2d_aa`, which `torchvision` resizes float tensors with: support of
//! one output pixel, weights normalised to 1, columns first, then rows, nothing rounded to bytes between.

use image::RgbImage;

/// Where the inputs of one output begin, and their weights.
struct Taps {
    start: usize,
    weights: Vec<f32>,
}

/// A picture as three planes of floats, `[channel][y * width + x]`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Planes {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) planes: [Vec<f32>; 3],
}

/// Resizes a picture that has pixels to a size that has some too; each byte means what the table says.
pub(super) fn resize(
    picture: &RgbImage,
    [width, height]: [usize; 2],
    table: &[f32; 256],
) -> Planes {
    let [full_width, full_height] = [picture.width() as usize, picture.height() as usize];
    let columns = taps(full_width, width);
    let rows = taps(full_height, height);
    let mut sums = vec![[0.0_f32; 3]; width * height];
    let mut line = vec![[0.0_f32; 3]; width];
    // A row of the input is shrunk once, then added to every output row that wants it, top to bottom: each sum is
    // made in the order of the input rows, and no full-size float picture is held.
    let mut first = 0;
    for (y, raw) in picture.as_raw().chunks_exact(3 * full_width).enumerate() {
        while first < height && rows[first].start + rows[first].weights.len() <= y {
            first += 1;
        }
        let wanting = (first..height).take_while(|&to| rows[to].start <= y);
        let wanting: Vec<usize> =
            wanting.filter(|&to| y < rows[to].start + rows[to].weights.len()).collect();
        if wanting.is_empty() {
            continue;
        }
        for (value, taps) in std::iter::zip(&mut line, &columns) {
            let mut sum = [0.0_f32; 3];
            let pixels = raw[3 * taps.start..].chunks_exact(3);
            for (weight, pixel) in std::iter::zip(&taps.weights, pixels) {
                for c in 0..3 {
                    sum[c] += table[usize::from(pixel[c])] * weight;
                }
            }
            *value = sum;
        }
        for to in wanting {
            let weight = rows[to].weights[y - rows[to].start];
            let out = &mut sums[to * width..(to + 1) * width];
            for (sum, value) in std::iter::zip(out, &line) {
                for c in 0..3 {
                    sum[c] += value[c] * weight;
                }
            }
        }
    }
    let plane = |c: usize| sums.iter().map(|sum| sum[c]).collect();
    Planes { width, height, planes: [plane(0), plane(1), plane(2)] }
}

/// For each output, the inputs under the filter. In `f32`, as PyTorch: its rounding of centres shows in the fifth digit.
fn taps(from: usize, to: usize) -> Vec<Taps> {
    let scale = from as f32 / to as f32;
    let reach = scale.max(1.0);
    let inverse = if scale >= 1.0 { 1.0 / scale } else { 1.0 };
    let tap = |at: usize| {
        let centre = scale * (at as f32 + 0.5);
        // Truncated as C does, and nothing negative remains.
        let start = ((centre - reach + 0.5).max(0.0) as usize).min(from - 1);
        let end = ((centre + reach + 0.5) as usize).clamp(start + 1, from);
        let from_centre = start as f32 - centre;
        let weight =
            |input: usize| (1.0 - ((input as f32 + from_centre + 0.5) * inverse).abs()).max(0.0);
        let mut weights: Vec<f32> = (0..end - start).map(weight).collect();
        let total: f32 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= total);
        Taps { start, weights }
    };
    (0..to).map(tap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of one channel's worth of values, as three equal planes.
    fn row(values: &[u8]) -> RgbImage {
        RgbImage::from_fn(values.len() as u32, 1, |x, _| image::Rgb([values[x as usize]; 3]))
    }

    fn identity() -> [f32; 256] {
        std::array::from_fn(|byte| byte as f32)
    }

    /// Expected values were printed by PyTorch 2.10.0, `interpolate(mode="bilinear", antialias=True)`.
    #[test]
    fn as_pytorch_does() {
        let of =
            |values: &[u8], to: usize| resize(&row(values), [to, 1], &identity()).planes[0].clone();
        let near = |found: Vec<f32>, expected: &[f32]| {
            assert_eq!(found.len(), expected.len());
            for (found, expected) in std::iter::zip(&found, expected) {
                assert!((found - expected).abs() < 2e-5, "{found} is not {expected}: {expected:?}");
            }
        };
        near(of(&[0, 10, 20, 30, 40, 50, 60], 3), PYTORCH_7_TO_3);
        near(of(&[0, 100, 50], 7), PYTORCH_3_TO_7);
        near(of(&[9, 0, 200, 3], 4), &[9.0, 0.0, 200.0, 3.0]);
        near(of(&[0, 255], 1), &[127.5]);
    }

    const PYTORCH_7_TO_3: &[f32] = &[8.571_428, 30.000_004, 51.428_57];
    const PYTORCH_3_TO_7: &[f32] =
        &[0.0, 14.285_713, 57.142_853, 100.0, 78.571_43, 57.142_853, 50.0];

    #[test]
    fn a_plain_picture_stays_plain() {
        let picture = RgbImage::from_pixel(37, 11, image::Rgb([7, 100, 250]));
        let small = resize(&picture, [5, 23], &identity());
        for (plane, expected) in std::iter::zip(&small.planes, [7.0, 100.0, 250.0]) {
            assert!(plane.iter().all(|value| (value - expected).abs() < 1e-4));
        }
    }
}
