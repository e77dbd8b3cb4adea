//! From a rough mask to soft edges at full resolution, and to colours without the backdrop's tint.
//!
//! In a band about the rough edge each pixel is a mixture I = α·F + (1 − α)·B. F and B are sampled from the sure object
//! and the sure backdrop along eight rays, and the pair that explains the pixel best wins (after Gastal and Oliveira,
//! "Shared sampling for real-time alpha matting", Eurographics 2010). A guided filter then makes α follow the picture's
//! edges (He, Sun, Tang, "Guided image filtering", TPAMI 2013). All in display-referred values: that is how cameras'
//! soft edges look after tone mapping, and how pictures are laid over backgrounds again.

use image::RgbaImage;

use super::grid::Grid;
use super::guided;
use super::lab::{self, distance2};
use super::segment::fitted;
use crate::Matte;

/// Longer side, in pixels, up to which edges are found at full resolution.
const SIDE_PX_MAX: usize = 2048;
/// A ray looks for samples over this many times the band's half width.
const REACH: usize = 5;
/// Colour error, in the units of display-referred RGB, that costs as much as 1.
const COLOUR_ERROR: f32 = 0.03;
/// What a sample at the end of its ray costs.
const DISTANCE_COST: f32 = 1.0;
/// What it costs to differ from the rough mask by all.
const PRIOR_COST: f32 = 2.0;
/// α below and above which a pixel is called fully outside and inside.
const CLEAN: [f32; 2] = [0.06, 0.94];

/// Which side a pixel surely is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Object,
    Backdrop,
    Unknown,
}

/// What sampling found for a pixel of the band.
#[derive(Debug, Clone, Copy)]
struct Mixed {
    alpha: f32,
    object: [f32; 3],
    backdrop: [f32; 3],
    /// 0 to 1: how far apart object and backdrop are, for the error that is left.
    trust: f32,
}

/// The matte at the picture's size, and the object's colour. Edges of a picture above [`SIDE_PX_MAX`] are found at that
/// size, and enlarged.
pub(super) fn refine(picture: &RgbaImage, rough: &Matte) -> (Matte, Vec<[f32; 3]>) {
    let full = [picture.width() as usize, picture.height() as usize];
    let [width, height] = fitted(full, SIDE_PX_MAX);
    let (alpha, colour) = refined(lab::display(picture, [width, height]), rough);
    if [width, height] == full {
        return (Matte { width, height, alpha: alpha.values }, colour.values);
    }
    let [width, height] = full;
    let alpha = alpha.map(|alpha| [alpha]).resampled(width, height).map(|[alpha]| alpha);
    let mut colour = colour.resampled(width, height).values;
    for ((colour, pixel), &alpha) in colour.iter_mut().zip(picture.pixels()).zip(&alpha.values) {
        if alpha >= 1.0 {
            let [r, g, b, _] = pixel.0;
            *colour = [r, g, b].map(|byte| f32::from(byte) / 255.0);
        }
    }
    (Matte { width, height, alpha: alpha.values }, colour)
}

/// Coverage and the object's colour at the size of `colour`.
fn refined(colour: Grid<[f32; 3]>, rough: &Matte) -> (Grid<f32>, Grid<[f32; 3]>) {
    let (width, height) = (colour.width, colour.height);
    let values = rough.alpha.iter().map(|&alpha| [alpha]).collect();
    let scale = (width as f32 / rough.width as f32).max(height as f32 / rough.height as f32);
    let rough = Grid { width: rough.width, height: rough.height, values }.resampled(width, height);
    let rough = rough.map(|[alpha]| alpha);
    let half_px = (1.5 * scale + 0.5) as usize;
    let half_px = half_px.clamp(1, 24);
    let sides = sides(&colour, &rough, half_px);
    let mixed = Grid::from_fn(width, height, |x, y| match sides.at(x, y) {
        Side::Object => mixed_of(1.0, colour.at(x, y)),
        Side::Backdrop => mixed_of(0.0, colour.at(x, y)),
        Side::Unknown => sample(&colour, &sides, rough.at(x, y), [x, y], REACH * half_px),
    });
    let unknown = sides.map(|side| side == Side::Unknown);
    let radius = (half_px / 2).max(1);
    let alpha = guided::filter(&colour, &mixed.map(|m| [m.alpha, m.trust]), &unknown, radius);
    let alpha = Grid::from_fn(width, height, |x, y| match sides.at(x, y) {
        Side::Object => 1.0,
        Side::Backdrop => 0.0,
        Side::Unknown => ((alpha.at(x, y) - CLEAN[0]) / (CLEAN[1] - CLEAN[0])).clamp(0.0, 1.0),
    });
    let unmixed = Grid::from_fn(width, height, |x, y| {
        let (alpha, seen) = (alpha.at(x, y), colour.at(x, y));
        if alpha <= 0.0 || alpha >= 1.0 {
            return seen;
        }
        let Mixed { object, backdrop, .. } = mixed.at(x, y);
        // What is left after the backdrop's share is taken off is exact where α is large, and noise where it is small.
        let trust = alpha * alpha;
        std::array::from_fn(|c| {
            let left = ((seen[c] - (1.0 - alpha) * backdrop[c]) / alpha).clamp(0.0, 1.0);
            trust * left + (1.0 - trust) * object[c]
        })
    });
    let colour = Grid { width, height, values: extended(&unmixed, &alpha) };
    (alpha, colour)
}

/// The colours of a picture with an alpha channel of its own, continued where it is transparent.
pub(super) fn extended_colour(picture: &RgbaImage, matte: &Matte) -> Vec<[f32; 3]> {
    let alpha = Grid { width: matte.width, height: matte.height, values: matte.alpha.clone() };
    extended(&lab::display(picture, [matte.width, matte.height]), &alpha)
}

fn mixed_of(alpha: f32, colour: [f32; 3]) -> Mixed {
    Mixed { alpha, object: colour, backdrop: colour, trust: 1.0 }
}

/// Sure object and sure backdrop: farther from the rough edge than the band is wide. A part that is thinner than the band
/// would have no sure object at all: there the pixels that differ most from the backdrop near by are its core.
fn sides(colour: &Grid<[f32; 3]>, rough: &Grid<f32>, half_px: usize) -> Grid<Side> {
    let (width, height) = (rough.width, rough.height);
    let inside = rough.map(|alpha| alpha >= 0.5);
    let outside = inside.map(|inside| !inside);
    let (near_inside, near_outside) = (inside.dilated(half_px), outside.dilated(half_px));
    let sure_near = near_outside.map(|near| !near).dilated(2 * half_px);
    let thin = |x: usize, y: usize| inside.at(x, y) && !sure_near.at(x, y);
    let contrast = Grid::from_fn(width, height, |x, y| {
        if !thin(x, y) {
            return 0.0;
        }
        // Against the mean of the sure backdrop near by.
        let (mut sum, mut count) = ([0.0_f32; 3], 0.0);
        let reach = 3 * half_px;
        for y in (y.saturating_sub(reach)..=(y + reach).min(height - 1)).step_by(half_px) {
            for x in (x.saturating_sub(reach)..=(x + reach).min(width - 1)).step_by(half_px) {
                if !near_inside.at(x, y) {
                    std::iter::zip(&mut sum, colour.at(x, y)).for_each(|(s, v)| *s += v);
                    count += 1.0;
                }
            }
        }
        if count == 0.0 { 0.0 } else { distance2(colour.at(x, y), sum.map(|s| s / count)) }
    });
    Grid::from_fn(width, height, |x, y| {
        if !near_outside.at(x, y) {
            return Side::Object;
        }
        if !near_inside.at(x, y) {
            return Side::Backdrop;
        }
        let own = contrast.at(x, y);
        if own > 0.0 {
            let reach = half_px as isize;
            let rival = |dx, dy| contrast.at_clamped(x as isize + dx, y as isize + dy);
            let best = (-reach..=reach)
                .flat_map(|dy| (-reach..=reach).map(move |dx| (dx, dy)))
                .fold(0.0_f32, |best, (dx, dy)| best.max(rival(dx, dy)));
            if own >= 0.8 * best {
                return Side::Object;
            }
        }
        Side::Unknown
    })
}

/// The best pair of an object's and a backdrop's colour for one pixel.
fn sample(
    colour: &Grid<[f32; 3]>,
    sides: &Grid<Side>,
    rough: f32,
    [x, y]: [usize; 2],
    reach: usize,
) -> Mixed {
    const RAYS: [(isize, isize); 8] =
        [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)];
    let seen = colour.at(x, y);
    let mut objects = [([0.0; 3], 0.0); 8];
    let mut backdrops = [([0.0; 3], 0.0); 8];
    let (mut n_objects, mut n_backdrops) = (0, 0);
    for (dx, dy) in RAYS {
        let (mut object, mut backdrop) = (false, false);
        for step in 1..=reach as isize {
            let place = (
                x.checked_add_signed(step * dx).filter(|&x| x < sides.width),
                y.checked_add_signed(step * dy).filter(|&y| y < sides.height),
            );
            let (Some(at_x), Some(at_y)) = place else { break };
            let cost = DISTANCE_COST * step as f32 / reach as f32;
            match sides.at(at_x, at_y) {
                Side::Object if !object => {
                    objects[n_objects] = (colour.at(at_x, at_y), cost);
                    n_objects += 1;
                    object = true;
                }
                Side::Backdrop if !backdrop => {
                    backdrops[n_backdrops] = (colour.at(at_x, at_y), cost);
                    n_backdrops += 1;
                    backdrop = true;
                }
                _ => {}
            }
            if object && backdrop {
                break;
            }
        }
    }
    let nothing = Mixed { alpha: rough, object: seen, backdrop: seen, trust: 0.05 };
    let mut best = (f32::INFINITY, nothing);
    for &(object, object_cost) in &objects[..n_objects] {
        for &(backdrop, backdrop_cost) in &backdrops[..n_backdrops] {
            let across: [f32; 3] = std::array::from_fn(|c| object[c] - backdrop[c]);
            let length2 = across.iter().map(|d| d * d).sum::<f32>();
            let along: f32 = (0..3).map(|c| (seen[c] - backdrop[c]) * across[c]).sum();
            let alpha = (along / (length2 + 1e-4)).clamp(0.0, 1.0);
            let error2: f32 = (0..3)
                .map(|c| seen[c] - backdrop[c] - alpha * across[c])
                .map(|error| error * error)
                .sum();
            let cost = error2 / (COLOUR_ERROR * COLOUR_ERROR)
                + object_cost
                + backdrop_cost
                + PRIOR_COST * (alpha - rough).abs();
            if cost < best.0 {
                let trust = length2 / (length2 + 4.0 * error2 + 0.01);
                let alpha = trust * alpha + (1.0 - trust) * rough;
                best = (cost, Mixed { alpha, object, backdrop, trust: trust.max(0.05) });
            }
        }
    }
    best.1
}

/// Continues the object's colours over everything outside of it: means over ever larger boxes, weighted by α, where the
/// smaller ones hold nothing.
fn extended(colour: &Grid<[f32; 3]>, alpha: &Grid<f32>) -> Vec<[f32; 3]> {
    let (width, height) = (colour.width, colour.height);
    let mut levels = vec![Grid::from_fn(width, height, |x, y| {
        let ([r, g, b], alpha) = (colour.at(x, y), alpha.at(x, y));
        [alpha * r, alpha * g, alpha * b, alpha]
    })];
    while let Some(last) = levels.last()
        && (last.width > 1 || last.height > 1)
    {
        levels.push(last.shrunk(last.width.div_ceil(2), last.height.div_ceil(2)));
    }
    let mut filled: Option<Grid<[f32; 3]>> = None;
    for level in levels.iter().skip(1).rev() {
        let above = filled.map(|above| above.resampled(level.width, level.height));
        filled = Some(Grid::from_fn(level.width, level.height, |x, y| {
            let [r, g, b, weight] = level.at(x, y);
            let own = (4.0 * weight).min(1.0);
            let above = above.as_ref().map_or([0.0; 3], |above| above.at(x, y));
            let mean = [r, g, b].map(|sum| sum / weight.max(1e-9));
            std::array::from_fn(|c| own * mean[c] + (1.0 - own) * above[c])
        }));
    }
    let Some(filled) = filled else { return colour.values.clone() };
    let filled = filled.resampled(width, height);
    std::iter::zip(&colour.values, &alpha.values)
        .zip(&filled.values)
        .map(|((&colour, &alpha), &filled)| if alpha > 0.0 { colour } else { filled })
        .collect()
}
