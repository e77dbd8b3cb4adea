//! When a picture's own alpha channel is the answer.

use image::RgbaImage;

use super::CutOutError;
use crate::Matte;

/// A pixel is clearly transparent up to this byte, and clearly opaque from its mirror (239) on.
const CLEAR: u8 = 16;
/// Of all pixels, this share has to be clearly transparent, or the channel only trims corners and specks.
const TRANSPARENT_MIN: f64 = 0.005;
/// Of all pixels, this share has to be clearly opaque, or the channel is a watermark or a fade.
const OPAQUE_MIN: f64 = 0.0005;

/// The alpha channel as a matte, when it tells an object from its surroundings: at least 0.5 % of the pixels are
/// clearly transparent and at least 0.05 % clearly opaque. `None` when it says nothing.
pub(super) fn meaningful(picture: &RgbaImage) -> Result<Option<Matte>, CutOutError> {
    let pixels = f64::from(picture.width()) * f64::from(picture.height());
    let share = |test: fn(u8) -> bool| {
        picture.pixels().filter(|pixel| test(pixel[3])).count() as f64 / pixels
    };
    if picture.pixels().all(|pixel| pixel[3] <= CLEAR) {
        return Err(CutOutError::Transparent);
    }
    if share(|alpha| alpha <= CLEAR) < TRANSPARENT_MIN
        || share(|alpha| alpha >= u8::MAX - CLEAR) < OPAQUE_MIN
    {
        return Ok(None);
    }
    Ok(Some(Matte {
        width: picture.width() as usize,
        height: picture.height() as usize,
        alpha: picture.pixels().map(|pixel| f32::from(pixel[3]) / 255.0).collect(),
    }))
}
