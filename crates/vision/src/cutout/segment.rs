//! The built-in cut-out model: colours and a graph cut, no weights.
//!
//! The backdrop grows from the border at a small size, through what looks like the backdrop near by ([`Scene::explore`]).
//! What it does not reach is the first guess; plain shadows come off it. Graph cuts with colour models learnt anew sharpen
//! the guess at a middle size, and once more at the fine size, where soft shadows are taken off, separate parts are judged
//! and holes opened.

use image::RgbaImage;

use super::grid::Grid;
use super::scene::Scene;
use super::{
    CutOutError, CutOutModel, Effort, Note, Segmentation, Source, cut, lab, parts, shadow,
};
use crate::Matte;

/// Longer side, in pixels, at which the backdrop is found.
const EXPLORE_PX: usize = 128;
/// Cuts at the middle size.
const ROUNDS: usize = 3;
/// A dark picture is brightened to this (of its lighter pixels, the channel that is brightest), but not above the gain.
const BRIGHT: f32 = 0.7;
const GAIN_MAX: f32 = 6.0;
/// Less than this, in pixels of the fine size, is a speck.
const OBJECT_PX_MIN: usize = 6;
/// An object that covers this share of each of the four borders leaves no backdrop to know it by.
const BORDER_SHARE_MAX: f32 = 0.15;

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
        let (middle_px, fine_px) = match self.effort {
            Effort::Draft => (160, 320),
            Effort::Standard => (256, 512),
        };
        let full = [picture.width() as usize, picture.height() as usize];
        let light = exposed(lab::linear(picture, fitted(full, fine_px)));
        let lab_at = |side_px| {
            let [width, height] = fitted([light.width, light.height], side_px);
            light.shrunk(width, height).map(lab::lab)
        };

        let (small, mut object) = Scene::explore(lab_at(EXPLORE_PX));
        let others = parts::keep_significant(&small, &mut object);
        if let Some(unshaded) = shadow::without_plain_shadow(&small, &object) {
            object = unshaded;
            parts::keep_significant(&small, &mut object);
            parts::fill_holes(&small, &mut object);
        }
        parts::open_holes(&small, &mut object);

        let mut middle = small.finer(lab_at(middle_px));
        let mut object = object.resized(middle.size());
        shadow::remove_soft(&middle, &mut object);
        for _ in 0..ROUNDS {
            object = cut::cut(&middle, &object);
            parts::keep_significant(&middle, &mut object);
            parts::fill_holes(&middle, &mut object);
            parts::open_holes(&middle, &mut object);
            middle.relearn(&object);
        }

        let fine = middle.finer(lab_at(fine_px));
        let mut object = cut::cut(&fine, &object.resized(fine.size()));
        shadow::remove_soft(&fine, &mut object);
        parts::keep_significant(&fine, &mut object);
        parts::fill_holes(&fine, &mut object);
        parts::open_holes(&fine, &mut object);
        if object.count() < OBJECT_PX_MIN {
            // Before a plain backdrop nothing is there; else nobody can tell.
            let plain = small.smooth >= 0.5;
            return Err(if plain { CutOutError::NoObject } else { CutOutError::NoBackdrop });
        }
        if border_shares(&object).into_iter().all(|share| share > BORDER_SHARE_MAX) {
            return Err(CutOutError::NoBackdrop);
        }

        let mut notes = Vec::new();
        if small.smooth < 0.5 {
            notes.push(Note::BusyBackdrop);
        }
        if others > 0 {
            notes.push(Note::OthersLeftOut(others));
        }
        let [width, height] = fine.size();
        let alpha =
            object.as_share().box_mean([1, 1]).values.iter().map(|&[share]| share).collect();
        Ok(Segmentation { matte: Matte { width, height, alpha }, notes })
    }
}

/// The size of the same aspect whose longer side is at most `side_px`.
pub(super) fn fitted([width, height]: [usize; 2], side_px: usize) -> [usize; 2] {
    let longest = width.max(height);
    let side_px = side_px.min(longest);
    [width, height].map(|n| (n * side_px / longest).max(1))
}

/// Brightens a dark picture, so that its colours are as far apart as those of any other.
fn exposed(linear: Grid<[f32; 3]>) -> Grid<[f32; 3]> {
    let mut light: Vec<f32> = linear.values.iter().map(|[r, g, b]| r.max(*g).max(*b)).collect();
    let rank = light.len() * 98 / 100;
    let bright = *light.select_nth_unstable_by(rank, f32::total_cmp).1;
    let gain = (BRIGHT / bright.max(1e-3)).clamp(1.0, GAIN_MAX);
    linear.map(|rgb| rgb.map(|value| value * gain))
}

/// The object's share of the top, right, bottom and left border.
fn border_shares(object: &Grid<bool>) -> [f32; 4] {
    let (width, height) = (object.width, object.height);
    let row = |y: usize| (0..width).filter(|&x| object.at(x, y)).count() as f32 / width as f32;
    let column = |x: usize| (0..height).filter(|&y| object.at(x, y)).count() as f32 / height as f32;
    [row(0), column(width - 1), row(height - 1), column(0)]
}
