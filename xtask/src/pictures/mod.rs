//! `cargo xtask pictures`: renders the photographs that the project ships, and the exact mask of each.
//!
//! `assets/pictures/NAME.jpg` is 1024², `NAME.mask.png` its coverage at 512². `--check` renders all again at a quarter
//! of the size and compares with what is shipped; `--only NAME` does one; `--draft DIR` writes small quick ones to DIR.

mod check;
mod film;
mod random;
mod scenes;
mod set;
mod shot;

pub(super) use check::check;

use std::error::Error;
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::{GrayImage, ImageEncoder, RgbImage, codecs::png};

/// Side of a shipped picture, pixels.
const SIZE: u32 = 1024;
/// Samples per pixel.
const SAMPLES: u32 = 16;
const JPEG_QUALITY: u8 = 90;

/// Renders everything into `folder`.
pub(super) fn write(folder: &Path, only: Option<&str>, draft: bool) -> Result<(), Box<dyn Error>> {
    fs_err::create_dir_all(folder)?;
    let (size, samples) = if draft { (400, 6) } else { (SIZE, SAMPLES) };
    for shot in scenes::all() {
        if only.is_some_and(|only| only != shot.name) {
            continue;
        }
        let picture = film::develop(&shot, size, samples);
        let mask = film::half_size_mask(&picture.coverage, size);
        if draft {
            picture.colour.save(folder.join(format!("{}.png", shot.name)))?;
            continue;
        }
        let (jpeg, mask) = (jpeg(&picture.colour)?, mask_png(&mask)?);
        fs_err::write(folder.join(format!("{}.jpg", shot.name)), &jpeg)?;
        fs_err::write(folder.join(format!("{}.mask.png", shot.name)), &mask)?;
        super::say(&format!("{}: {} + {} bytes", shot.name, jpeg.len(), mask.len()));
    }
    Ok(())
}

fn jpeg(picture: &RgbImage) -> Result<Vec<u8>, image::ImageError> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY).encode_image(picture)?;
    Ok(bytes)
}

fn mask_png(mask: &GrayImage) -> Result<Vec<u8>, image::ImageError> {
    let mut bytes = Vec::new();
    png::PngEncoder::new_with_quality(
        &mut bytes,
        png::CompressionType::Best,
        png::FilterType::Adaptive,
    )
    .write_image(mask.as_raw(), mask.width(), mask.height(), image::ExtendedColorType::L8)?;
    Ok(bytes)
}
