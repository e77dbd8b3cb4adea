//! Structural similarity: Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to
//! structural similarity", IEEE TIP 2004. 11×11 Gaussian window of σ = 1.5, K1 = 0.01, K2 = 0.03, population
//! covariance; the mean of the three values of R, G and B (display-referred bytes).

use image::RgbaImage;
use rayon::prelude::*;

use super::{MetricError, checked_mask};
use crate::Matte;

/// The window reaches this many pixels to each side.
const RADIUS: usize = 5;
const SIGMA_PX: f64 = 1.5;
/// (K1 · 255)² and (K2 · 255)².
const C1: f32 = 6.5025;
const C2: f32 = 58.5225;
/// Values are taken about the middle grey, so that single precision loses nothing in E[x²] − E[x]².
const MIDDLE: f32 = 127.5;

/// Mean structural similarity, −1 to 1, and 1 for equal pictures.
///
/// Without a mask the mean is over the pixels whose whole window is in the picture (all pixels when there is none).
/// With a mask it is the mean of [`ssim_map`] inside it, rim included.
///
/// # Errors
/// Sizes differ, or there is no pixel to compare.
pub fn ssim(a: &RgbaImage, b: &RgbaImage, mask: Option<&Matte>) -> Result<f64, MetricError> {
    let inside = checked_mask(a, b, mask)?;
    let map = ssim_map(a, b)?;
    let (width, height) = (a.width() as usize, a.height() as usize);
    let whole = mask.is_none() && width > 2 * RADIUS && height > 2 * RADIUS;
    let margin = if whole { RADIUS } else { 0 };
    let (mut sum, mut count) = (0.0_f64, 0_u64);
    for y in margin..height - margin {
        for x in margin..width - margin {
            if inside(y * width + x) {
                sum += f64::from(map[y * width + x]);
                count += 1;
            }
        }
    }
    if count == 0 { Err(MetricError::Empty) } else { Ok(sum / count as f64) }
}

/// Similarity of the window about each pixel, mean of the channels, row by row. Windows that reach over the rim see the
/// picture mirrored there (the rim pixel twice).
///
/// # Errors
/// Sizes differ.
pub fn ssim_map(a: &RgbaImage, b: &RgbaImage) -> Result<Vec<f32>, MetricError> {
    let _ = checked_mask(a, b, None)?;
    let (width, height) = (a.width() as usize, a.height() as usize);
    if width == 0 || height == 0 {
        return Ok(Vec::new());
    }
    let kernel = kernel();
    // Along rows first: five moments of three channels, kept as 15 planes of one row each.
    let row_moments: Vec<[Vec<f32>; 15]> = (0..height)
        .into_par_iter()
        .map(|y| {
            let mut moments: [Vec<f32>; 15] = Default::default();
            for c in 0..3 {
                let [x1, x2] = [a, b].map(|picture| padded_row(picture, y, c));
                let product = |p: &[f32], q: &[f32]| -> Vec<f32> {
                    p.iter().zip(q).map(|(p, q)| p * q).collect()
                };
                moments[5 * c + 2] = along(&product(&x1, &x1), &kernel, width);
                moments[5 * c + 3] = along(&product(&x2, &x2), &kernel, width);
                moments[5 * c + 4] = along(&product(&x1, &x2), &kernel, width);
                moments[5 * c] = along(&x1, &kernel, width);
                moments[5 * c + 1] = along(&x2, &kernel, width);
            }
            moments
        })
        .collect();
    let rows = (0..height).into_par_iter().flat_map_iter(|y| {
        let mut moments = vec![0.0_f32; 15 * width];
        for (k, weight) in kernel.iter().enumerate() {
            let source = &row_moments[mirrored(y as isize + k as isize - RADIUS as isize, height)];
            for (sums, values) in moments.chunks_exact_mut(width).zip(source) {
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum += weight * value;
                }
            }
        }
        (0..width)
            .map(|x| {
                let at = |i: usize| moments[i * width + x];
                (0..3).map(|c| window(&[0, 1, 2, 3, 4].map(|m| at(5 * c + m)))).sum::<f32>() / 3.0
            })
            .collect::<Vec<f32>>()
    });
    Ok(rows.collect())
}

/// Similarity from E[x], E[y], E[x²], E[y²], E[xy] of values about [`MIDDLE`].
fn window(&[x, y, xx, yy, xy]: &[f32; 5]) -> f32 {
    let (var_x, var_y, cov) = (xx - x * x, yy - y * y, xy - x * y);
    let (mean_x, mean_y) = (x + MIDDLE, y + MIDDLE);
    let luminance = (2.0 * mean_x * mean_y + C1) / (mean_x * mean_x + mean_y * mean_y + C1);
    luminance * (2.0 * cov + C2) / (var_x + var_y + C2)
}

fn kernel() -> [f32; 2 * RADIUS + 1] {
    let weight = |k: usize| {
        let d = k as f64 - RADIUS as f64;
        libm::exp(-d * d / (2.0 * SIGMA_PX * SIGMA_PX))
    };
    let sum: f64 = (0..=2 * RADIUS).map(weight).sum();
    std::array::from_fn(|k| (weight(k) / sum) as f32)
}

/// One channel of one row about [`MIDDLE`], mirrored by [`RADIUS`] pixels at both ends.
fn padded_row(picture: &RgbaImage, y: usize, channel: usize) -> Vec<f32> {
    let width = picture.width() as usize;
    let row = &picture.as_raw()[4 * y * width..4 * (y + 1) * width];
    (0..width + 2 * RADIUS)
        .map(|x| mirrored(x as isize - RADIUS as isize, width))
        .map(|x| f32::from(row[4 * x + channel]) - MIDDLE)
        .collect()
}

fn along(padded: &[f32], kernel: &[f32], width: usize) -> Vec<f32> {
    let mut sums = vec![0.0; width];
    for (k, weight) in kernel.iter().enumerate() {
        for (sum, value) in sums.iter_mut().zip(&padded[k..k + width]) {
            *sum += weight * value;
        }
    }
    sums
}

/// Half-sample mirroring, as often as it takes: … 1 0 | 0 1 2 … n−1 | n−1 n−2 …
fn mirrored(at: isize, n: usize) -> usize {
    let period = 2 * n as isize;
    let at = at.rem_euclid(period);
    at.min(period - 1 - at) as usize
}
