//! How far apart two pictures, or two masks, are: PSNR, SSIM and intersection over union.
//!
//! Pictures are compared by their display-referred RGB bytes; their alpha is not looked at, so lay transparent pictures
//! over the same background first. A mask is a [`Matte`] of the same size: a pixel counts where its coverage is at
//! least [`MASK_THRESHOLD`].

mod ssim;

use image::RgbaImage;
use rayon::prelude::*;

use crate::Matte;
pub use ssim::{ssim, ssim_map};

/// A pixel is inside a mask from this coverage on.
pub const MASK_THRESHOLD: f32 = 0.5;

/// Why two pictures have no distance.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetricError {
    /// Pictures are compared pixel by pixel, so their sizes have to be the same.
    #[error("{what}: {found:?} pixels beside {expected:?}: sizes must be equal")]
    Sizes {
        /// Which argument is of another size than the first picture.
        what: &'static str,
        /// Width and height of the first picture.
        expected: [usize; 2],
        /// Width and height of the other.
        found: [usize; 2],
    },
    /// A mean over no pixels is undefined.
    #[error("no pixel to compare: the picture or the mask is empty")]
    Empty,
}

/// Peak signal-to-noise ratio in dB over R, G and B together, peak 255. Equal pictures give +∞.
///
/// `10·log10(255² / MSE)`, the mean taken over all pixels, or over those inside the mask.
///
/// # Errors
/// Sizes differ, or there is no pixel to compare.
pub fn psnr(a: &RgbaImage, b: &RgbaImage, mask: Option<&Matte>) -> Result<f64, MetricError> {
    let inside = checked_mask(a, b, mask)?;
    let width = a.width() as usize;
    let row_bytes = 4 * width;
    // Integer sums: exact, so the order of the rows does not matter.
    let (sum, count) = (0..a.height() as usize)
        .into_par_iter()
        .map(|y| {
            let row = y * row_bytes..(y + 1) * row_bytes;
            let (row_a, row_b) = (&a.as_raw()[row.clone()], &b.as_raw()[row]);
            let mut sum = 0_u64;
            let mut count = 0_u64;
            for x in 0..width {
                if !inside(y * width + x) {
                    continue;
                }
                for c in 4 * x..4 * x + 3 {
                    let difference = u64::from(row_a[c].abs_diff(row_b[c]));
                    sum += difference * difference;
                }
                count += 3;
            }
            (sum, count)
        })
        .reduce(|| (0, 0), |one, other| (one.0 + other.0, one.1 + other.1));
    if count == 0 {
        return Err(MetricError::Empty);
    }
    let mean = sum as f64 / count as f64;
    Ok(10.0 * libm::log10(255.0 * 255.0 / mean))
}

/// Intersection over union of two masks: pixels with coverage of at least `threshold` in both, by those in either.
/// Two masks without any such pixel agree: 1.
///
/// # Errors
/// Sizes differ.
pub fn iou(a: &Matte, b: &Matte, threshold: f32) -> Result<f64, MetricError> {
    if [a.width, a.height] != [b.width, b.height] {
        return Err(MetricError::Sizes {
            what: "second mask",
            expected: [a.width, a.height],
            found: [b.width, b.height],
        });
    }
    let (mut both, mut either) = (0_u64, 0_u64);
    for (&one, &other) in a.alpha.iter().zip(&b.alpha) {
        let (one, other) = (one >= threshold, other >= threshold);
        both += u64::from(one && other);
        either += u64::from(one || other);
    }
    Ok(if either == 0 { 1.0 } else { both as f64 / either as f64 })
}

/// Checks that everything has the size of `a`, and gives the test "is this pixel inside the mask".
fn checked_mask<'a>(
    a: &RgbaImage,
    b: &RgbaImage,
    mask: Option<&'a Matte>,
) -> Result<impl Fn(usize) -> bool + Sync + use<'a>, MetricError> {
    let size = |picture: &RgbaImage| [picture.width() as usize, picture.height() as usize];
    let expected = size(a);
    let same = |what, found| {
        if found == expected { Ok(()) } else { Err(MetricError::Sizes { what, expected, found }) }
    };
    same("second picture", size(b))?;
    if let Some(mask) = mask {
        same("mask", [mask.width, mask.height])?;
    }
    Ok(move |at: usize| mask.is_none_or(|mask| mask.alpha[at] >= MASK_THRESHOLD))
}

#[cfg(test)]
mod tests;
