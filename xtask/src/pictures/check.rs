//! Whether the shipped pictures are what the scenes give: rendered again at a quarter of the size, which takes a
//! sixteenth of the time, and compared with the shipped ones scaled down.

use std::error::Error;
use std::path::Path;

use image::imageops::{FilterType, resize};
use image::{GrayImage, RgbImage};

use super::{SAMPLES, SIZE, film, scenes};

/// Least PSNR of a picture, dB. What is left is noise of the samples and JPEG: measured are 31.2 dB (the clock, which
/// mirrors its lamps) to 38.6 dB.
const PICTURE_DB_MIN: f64 = 29.5;
/// Least PSNR of a mask, dB; 36.4 dB to 39.0 dB were measured.
const MASK_DB_MIN: f64 = 32.0;
/// Largest files that may be shipped.
const PICTURE_BYTES_MAX: u64 = 250_000;
const MASK_BYTES_MAX: u64 = 30_000;

/// Compares the pictures in `folder` with their scenes.
pub(in super::super) fn check(folder: &Path, only: Option<&str>) -> Result<(), Box<dyn Error>> {
    let size = SIZE / 4;
    let mut stale = Vec::new();
    for shot in scenes::all() {
        if only.is_some_and(|only| only != shot.name) {
            continue;
        }
        let picture_path = folder.join(format!("{}.jpg", shot.name));
        let mask_path = folder.join(format!("{}.mask.png", shot.name));
        for (path, bytes_max) in [(&picture_path, PICTURE_BYTES_MAX), (&mask_path, MASK_BYTES_MAX)]
        {
            let found = fs_err::metadata(path)?.len();
            if found > bytes_max {
                stale.push(format!(
                    "{}: {found} bytes, at most {bytes_max} are shipped",
                    path.display()
                ));
            }
        }
        let open = |path| -> Result<_, Box<dyn Error>> {
            Ok(image::load_from_memory(&fs_err::read(path)?)?)
        };
        let shipped: RgbImage =
            resize(&open(&picture_path)?.to_rgb8(), size, size, FilterType::Triangle);
        let shipped_mask: GrayImage =
            resize(&open(&mask_path)?.to_luma8(), size / 2, size / 2, FilterType::Triangle);
        let again = film::develop(&shot, size, SAMPLES);
        let picture_db = psnr(shipped.as_raw(), again.colour.as_raw());
        let mask_db =
            psnr(shipped_mask.as_raw(), film::half_size_mask(&again.coverage, size).as_raw());
        super::super::say(&format!(
            "{}: picture {picture_db:.1} dB, mask {mask_db:.1} dB",
            shot.name
        ));
        if picture_db < PICTURE_DB_MIN || mask_db < MASK_DB_MIN {
            stale.push(format!("{} is not what its scene gives: cargo xtask pictures", shot.name));
        }
    }
    if stale.is_empty() { Ok(()) } else { Err(stale.join("; ").into()) }
}

fn psnr(a: &[u8], b: &[u8]) -> f64 {
    let squares = a.iter().zip(b).map(|(&one, &other)| f64::from(one.abs_diff(other)));
    let mean = squares.map(|d| d * d).sum::<f64>() / a.len().max(1) as f64;
    10.0 * libm::log10(255.0 * 255.0 / mean.max(1e-9))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Same bytes on any number of threads, and the solid is in the picture.
    #[test]
    fn a_picture_does_not_depend_on_the_threads() {
        let shot = &scenes::all()[0];
        let developed = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| film::develop(shot, 32, 2))
        };
        let (one, three) = (developed(1), developed(3));
        assert_eq!(one.colour, three.colour);
        assert_eq!(one.coverage, three.coverage);
        let covered = one.coverage.iter().sum::<f32>() / 1024.0;
        assert!((0.15..0.6).contains(&covered), "{covered} of the picture is covered");
    }
}
