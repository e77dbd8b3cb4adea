//! Pictures to short vectors whose angles say how alike the pictures look.
//!
//! A [`Descriptor`] gives each picture a vector of length 1; [`distance`] of two vectors is 0 for pictures that look the
//! same, about 1 for pictures that have nothing in common, at most 2. [`BuiltIn`] needs nothing but the picture;
//! [`DinoV3`] needs weights from disk. Vectors of different descriptors cannot be compared: their [`Descriptor::id`]s differ.

mod builtin;
pub mod dinov3;
mod kernel;
pub mod npz;
mod resize;

use image::RgbImage;
use rayon::prelude::*;

pub use builtin::BuiltIn;
pub use dinov3::{DinoV3, ModelError};

/// Gives pictures their vectors. The same picture gets the same bytes at any thread count.
pub trait Descriptor: std::fmt::Debug + Send + Sync {
    /// Which descriptor this is. Vectors are comparable if, and only if, this text is the same.
    fn id(&self) -> &str;

    /// Numbers in a vector.
    fn dimension(&self) -> usize;

    /// One vector for each picture, in order, each of length 1 (or all zero where a picture has nothing to describe).
    /// The pictures are taken as sRGB without alpha and may have any size.
    ///
    /// # Errors
    /// A picture has no pixels, or its vector is not finite.
    fn describe(&self, pictures: &[RgbImage]) -> Result<Vec<Vec<f32>>, DescribeError>;
}

/// Why a picture has no vector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DescribeError {
    /// Nothing to look at.
    #[error("picture {picture_idx}: it has no pixels")]
    Empty {
        /// Which of the pictures, from 0.
        picture_idx: usize,
    },
    /// Weights so large that numbers overflow.
    #[error(
        "picture {picture_idx}: the vector that {id} gives is not finite, so its weights are unusable"
    )]
    NotFinite {
        /// Which of the pictures, from 0.
        picture_idx: usize,
        /// Of the descriptor.
        id: String,
    },
}

/// `1 − a·b` of two vectors of length 1: 0 identical, 1 unrelated, 2 opposite. Rounding can make it a hair less than 0.
///
/// Vectors of different lengths have nothing in common where one of them ends.
#[must_use]
pub fn distance(a: &[f32], b: &[f32]) -> f64 {
    1.0 - std::iter::zip(a, b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>()
}

/// Divides by the length. All zeros stay so.
fn normalise(vector: &mut [f32]) {
    let square: f64 = vector.iter().map(|&value| f64::from(value) * f64::from(value)).sum();
    let length = if square > 0.0 { square.sqrt() } else { 1.0 };
    vector.iter_mut().for_each(|value| *value = (f64::from(*value) / length) as f32);
}

/// Describes pictures side by side.
fn each(
    pictures: &[RgbImage],
    describe: impl Fn(usize, &RgbImage) -> Result<Vec<f32>, DescribeError> + Sync,
) -> Result<Vec<Vec<f32>>, DescribeError> {
    let described = pictures.par_iter().enumerate().map(|(picture_idx, picture)| {
        if picture.width() == 0 || picture.height() == 0 {
            return Err(DescribeError::Empty { picture_idx });
        }
        describe(picture_idx, picture)
    });
    // In order, so that the first picture that fails is the one told of.
    described.collect::<Vec<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests;
