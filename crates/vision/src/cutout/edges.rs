//! From a rough mask to soft edges at full resolution, and to colours without the backdrop's tint.

use image::RgbaImage;

use super::grid::Grid;
use crate::Matte;

/// The matte at the picture's size, and the object's colour.
pub(super) fn refine(picture: &RgbaImage, rough: &Matte) -> (Matte, Vec<[f32; 3]>) {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let values = rough.alpha.iter().map(|&alpha| [alpha]).collect();
    let rough = Grid { width: rough.width, height: rough.height, values };
    let alpha = rough.resampled(width, height).values.iter().map(|&[alpha]| alpha).collect();
    let matte = Matte { width, height, alpha };
    let colour = extended_colour(picture, &matte);
    (matte, colour)
}

/// The picture's colours.
pub(super) fn extended_colour(picture: &RgbaImage, _matte: &Matte) -> Vec<[f32; 3]> {
    picture.pixels().map(|p| [p[0], p[1], p[2]].map(|byte| f32::from(byte) / 255.0)).collect()
}
