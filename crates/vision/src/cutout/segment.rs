//! The built-in cut-out model.

use image::RgbaImage;

use super::grid::Grid;
use super::{CutOutError, CutOutModel, Effort, Segmentation, Source, backdrop, lab, regions};
use crate::Matte;

/// Segmentation without weights.
#[derive(Debug, Clone, Copy, Default)]
pub struct Segmenter {
    /// How much time to spend.
    pub effort: Effort,
}

impl CutOutModel for Segmenter {
    fn source(&self) -> Source {
        Source::Segmented
    }

    fn segment(&self, picture: &RgbaImage) -> Result<Segmentation, CutOutError> {
        let side_px = match self.effort {
            Effort::Draft => 256,
            Effort::Standard => 512,
        };
        let linear = lab::linear(picture);
        let longest = linear.width.max(linear.height).max(side_px);
        let scaled = |n: usize| (n * side_px / longest).max(1);
        let small = linear.shrunk(scaled(linear.width), scaled(linear.height)).map(lab::lab);
        let (width, height) = (small.width, small.height);
        let backdrop = backdrop::fit(&small, (width.min(height) / 40).max(1));
        let threshold = (4.0 * backdrop.noise).clamp(8.0, 30.0);
        let mut mask = Grid::from_fn(width, height, |x, y| {
            lab::distance2(small.at(x, y), backdrop.colour.at(x, y)) > threshold * threshold
        });
        let objects = regions::regions(&mask, true);
        let largest = objects.iter().max_by_key(|region| region.pixels.len());
        let largest = largest.ok_or(CutOutError::NoObject)?;
        mask.values.fill(false);
        largest.pixels.iter().for_each(|&at| mask.values[at] = true);
        for hole in regions::regions(&mask, false).iter().filter(|hole| !hole.at_border) {
            hole.pixels.iter().for_each(|&at| mask.values[at] = true);
        }
        let alpha = mask.map(|inside| [f32::from(u8::from(inside))]).box_mean(1);
        let alpha = alpha.values.iter().map(|&[alpha]| alpha).collect();
        Ok(Segmentation { matte: Matte { width, height, alpha }, notes: Vec::new() })
    }
}
