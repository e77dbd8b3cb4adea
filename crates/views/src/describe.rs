//! Descriptors of a prompt and of the views before white, as `embeddings.npz` holds them. Facts: judging specification §6.1.
//!
//! Pictures are laid over white first, and the prompt is made square with the colour of its border, so that neither what is hidden
//! behind alpha nor the prompt's proportions count.

use bytes::Bytes;
use image::{Rgb, RgbImage, RgbaImage, imageops};
use rayon::prelude::*;
use vision::descriptor::{Descriptor, npz};

use crate::draw::over_white;
use crate::{ViewsError, WHITE, words};

/// `embeddings.npz`.
pub(crate) fn embeddings(
    descriptor: &dyn Descriptor,
    prompt: &RgbImage,
    white: &[RgbaImage],
) -> Result<Bytes, ViewsError> {
    let outage = |error: &dyn std::fmt::Display| ViewsError::Outage(words(&error.to_string()));
    let views: Vec<RgbImage> = white.par_iter().map(over_white).collect();
    let of_prompt = descriptor.describe(std::slice::from_ref(prompt));
    let of_views = descriptor.describe(&views).map_err(|error| outage(&error))?;
    let vectors = of_prompt.map_err(|error| outage(&error))?.into_iter().chain(of_views);
    let names = WHITE.iter().map(|(name, ..)| format!("view_{name}"));
    let names = std::iter::once("prompt".to_owned()).chain(names);
    let bytes = npz::write(&names.zip(vectors).collect::<Vec<_>>());
    bytes.map(Bytes::from).map_err(|error| outage(&error))
}

/// A prompt as it is described: without alpha, square.
pub(crate) fn prompt(file: &[u8]) -> Result<RgbImage, ViewsError> {
    let picture = vision::decode(file);
    let picture = picture.map_err(|error| ViewsError::Prompt(words(&error.to_string())))?;
    Ok(squared(over_white(&picture)))
}

/// With the mean colour of the border on both sides of the shorter side.
fn squared(picture: RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    if width == height {
        return picture;
    }
    let (mut sums, mut count) = ([0_u64; 3], 0);
    for (x, y, pixel) in picture.enumerate_pixels() {
        if x == 0 || y == 0 || x + 1 == width || y + 1 == height {
            count += 1;
            for (sum, &byte) in sums.iter_mut().zip(&pixel.0) {
                *sum += u64::from(byte);
            }
        }
    }
    let side = width.max(height);
    let border = Rgb(sums.map(|sum| ((sum + count / 2) / count) as u8));
    let mut square = RgbImage::from_pixel(side, side, border);
    let middle = |length: u32| i64::from((side - length) / 2);
    imageops::replace(&mut square, &picture, middle(width), middle(height));
    square
}
