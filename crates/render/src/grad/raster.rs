//! Blending of one tile forwards, keeping where each pixel ended, and backwards from there.
//! Source: rendering specification §B.6; lanes over the pixels of a row, as in `splats::raster`, whose bits it keeps.
//!
//! Backwards, far to near, a pixel carries T and `behind`, dL/d T after the splat: what one unit of the light that passes
//! the splat is worth. With `asked` = colour · dL/d pixel colour, dL/dα = T·(asked − behind), and before the splat one unit
//! is worth `behind + α·(asked − behind)`. No difference of large sums, no division but the one that restores T.

use super::{PixelGradients, project::PixelSums};
use crate::{
    exp,
    simd::{Kernel, Level},
    splats::{
        active::ALPHA_MIN,
        bin::TILE,
        project::{Projected, ProjectedSplat},
        raster::{ALPHA_MAX, TRANSMITTANCE_MIN},
    },
};

const SIDE: usize = TILE as usize;
const PIXELS: usize = SIDE * SIDE;
const LANES: usize = 8;

/// The pixels of a tile, row by row. Pixels beyond the rim of the picture are kept like the others; nothing is asked of
/// them, so that they add nothing on the way back.
#[derive(Debug, Clone)]
pub(super) struct TileTape {
    /// Light left after the splats that were blended; on the way back, after those not yet undone.
    transmittance: [f32; PIXELS],
    /// 1 while the pixel is open, 0 once it is finished.
    open: [f32; PIXELS],
    /// Splats seen up to and with the last that was blended, over all slabs.
    n_seen: [u32; PIXELS],
    /// Splats in the lists of all slabs so far.
    n_listed: u32,
    /// Forwards the colour; backwards dL/d colour. `[channel][pixel]`
    colour: [[f32; PIXELS]; 3],
    /// dL/d transmittance, where the way back is.
    behind: [f32; PIXELS],
}

impl TileTape {
    pub(super) const EMPTY: Self = Self {
        transmittance: [1.0; PIXELS],
        open: [1.0; PIXELS],
        n_seen: [0; PIXELS],
        n_listed: 0,
        colour: [[0.0; PIXELS]; 3],
        behind: [0.0; PIXELS],
    };

    /// Transmittance and colour of a pixel, x and y in the tile; only before [`Self::turn`].
    #[inline(always)]
    pub(super) fn pixel(&self, x: usize, y: usize) -> (f32, [f32; 3]) {
        let at = y * SIDE + x;
        let [r, g, b] = &self.colour;
        (self.transmittance[at], [r[at], g[at], b[at]])
    }

    /// Blends `list` (near to far) over what is there. False when every pixel is finished.
    pub(super) fn forward(
        &mut self,
        projected: &Projected,
        list: &[u32],
        place: [u32; 2],
        level: Level,
    ) -> bool {
        level.run(Forward { tape: self, projected, list, place })
    }

    /// Turns round: takes in what is asked of each pixel of a picture of `size_px`.
    pub(super) fn turn(&mut self, pixels: &PixelGradients, size_px: [u32; 2], place: [u32; 2]) {
        let [left, top] = place.map(|c| (c * TILE) as usize);
        let [width, height] = size_px.map(|c| c as usize);
        self.colour = [[0.0; PIXELS]; 3];
        self.behind = [0.0; PIXELS];
        for y in 0..SIDE.min(height - top) {
            for x in 0..SIDE.min(width - left) {
                let from = (top + y) * width + left + x;
                for channel in 0..3 {
                    self.colour[channel][y * SIDE + x] = pixels.colour[from][channel];
                }
                self.behind[y * SIDE + x] = pixels.transmittance[from];
            }
        }
    }

    /// Undoes `list`, the last not yet undone, far to near, and writes what the pixels ask of each of its splats.
    pub(super) fn backward(
        &mut self,
        projected: &Projected,
        list: &[u32],
        place: [u32; 2],
        sums: &mut [PixelSums],
        level: Level,
    ) {
        level.run(Backward { tape: self, projected, list, place, sums });
    }
}

/// A splat moved to the corner of a tile.
#[derive(Debug, Clone, Copy, Default)]
struct Local {
    /// Centre in pixels from the corner of the tile.
    centre: [f32; 2],
    /// As [`ProjectedSplat::root`], scaled so that alpha = opacity · 2^−((a·δx + b·δy)² + (c·δy)²).
    root: [f32; 3],
    opacity: f32,
    colour: [f32; 3],
    /// Rows to blend, first and end; first and end group of [`LANES`] pixels in them.
    rows: [u8; 2],
    groups: [u8; 2],
}

/// √(log₂ e): σ counts powers of e, the blend powers of 2.
const SQRT_LOG2_E: f32 = 1.201_122_4;

impl Local {
    #[inline(always)]
    fn of(splat: &ProjectedSplat, tile: [u32; 2]) -> Self {
        let centre =
            [0, 1].map(|axis: usize| (splat.centre[axis] - f64::from(tile[axis] * TILE)) as f32);
        // Pixels whose centres are inside the box: see `TileRect::of`.
        let [x, y] = [0, 1].map(|axis: usize| {
            let first = (centre[axis] - splat.reach[axis] + 0.5).clamp(0.0, SIDE as f32) as u8;
            let end = (centre[axis] + splat.reach[axis] + 0.5).clamp(0.0, SIDE as f32) as u8;
            [first, end]
        });
        Self {
            centre,
            root: splat.root.map(|c| c * SQRT_LOG2_E),
            opacity: splat.opacity,
            colour: splat.colour,
            rows: if x[0] < x[1] { y } else { [0, 0] },
            groups: [x[0] / LANES as u8, x[1].div_ceil(LANES as u8)],
        }
    }
}

struct Forward<'a> {
    tape: &'a mut TileTape,
    projected: &'a Projected,
    list: &'a [u32],
    place: [u32; 2],
}

/// Splats fetched together before they are blended, so that their cache misses overlap.
const BATCH: usize = 32;

impl Kernel for Forward<'_> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let Self { tape, projected, list, place } = self;
        let mut batch = [Local::default(); BATCH];
        let mut n_seen = tape.n_listed;
        tape.n_listed += list.len() as u32;
        for indexes in list.chunks(BATCH) {
            for (local, &splat_idx) in batch.iter_mut().zip(indexes) {
                *local = Local::of(&projected.splats[splat_idx as usize], place);
            }
            for local in &batch[..indexes.len()] {
                n_seen += 1;
                forward_one(tape, local, n_seen);
            }
            if tape.open.iter().all(|&open| open == 0.0) {
                return false;
            }
        }
        true
    }
}

#[inline(always)]
fn forward_one(tape: &mut TileTape, splat: &Local, n_seen: u32) {
    let [a, b, c] = splat.root;
    let [red, green, blue] = &mut tape.colour;
    for row in usize::from(splat.rows[0])..usize::from(splat.rows[1]) {
        let dy = splat.centre[1] - (row as f32 + 0.5);
        let along = b * dy;
        let across = c * dy;
        let across = across * across;
        for group in usize::from(splat.groups[0])..usize::from(splat.groups[1]) {
            let at = row * SIDE + group * LANES;
            let left = splat.centre[0] - (group * LANES) as f32 - 0.5;
            let pixels = at..at + LANES;
            let (Some(t), Some(open), Some(seen), Some(red), Some(green), Some(blue)) = (
                tape.transmittance[pixels.clone()].as_mut_array::<LANES>(),
                tape.open[pixels.clone()].as_mut_array::<LANES>(),
                tape.n_seen[pixels.clone()].as_mut_array::<LANES>(),
                red[pixels.clone()].as_mut_array::<LANES>(),
                green[pixels.clone()].as_mut_array::<LANES>(),
                blue[pixels].as_mut_array::<LANES>(),
            ) else {
                return;
            };
            for i in 0..LANES {
                let u = a * (left - i as f32) + along;
                let alpha = splat.opacity * exp::exp2_neg(u * u + across);
                let alpha = if alpha < ALPHA_MAX { alpha } else { ALPHA_MAX };
                let next = t[i] * (1.0 - alpha);
                let hit = alpha >= ALPHA_MIN;
                let stays = next > TRANSMITTANCE_MIN;
                let blended = hit & stays & (open[i] > 0.0);
                let weight = if blended { alpha * t[i] } else { 0.0 };
                red[i] += weight * splat.colour[0];
                green[i] += weight * splat.colour[1];
                blue[i] += weight * splat.colour[2];
                t[i] = if blended { next } else { t[i] };
                open[i] = if hit & !stays { 0.0 } else { open[i] };
                seen[i] = if blended { n_seen } else { seen[i] };
            }
        }
    }
}

struct Backward<'a> {
    tape: &'a mut TileTape,
    projected: &'a Projected,
    list: &'a [u32],
    place: [u32; 2],
    sums: &'a mut [PixelSums],
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { tape, projected, list, place, sums } = self;
        let mut batch = [Local::default(); BATCH];
        let mut n_seen = tape.n_listed;
        tape.n_listed -= list.len() as u32;
        for (indexes, sums) in list.chunks(BATCH).zip(sums.chunks_mut(BATCH)).rev() {
            for (local, &splat_idx) in batch.iter_mut().zip(indexes) {
                *local = Local::of(&projected.splats[splat_idx as usize], place);
            }
            for (local, sums) in batch.iter().zip(sums).rev() {
                *sums = backward_one(tape, local, n_seen);
                n_seen -= 1;
            }
        }
    }
}

/// Sums of the lanes of a row of pixels, in the order of [`PixelSums`].
#[derive(Debug, Clone, Copy, Default)]
struct Lanes {
    h: [f32; LANES],
    hx: [f32; LANES],
    hy: [f32; LANES],
    hxx: [f32; LANES],
    hxy: [f32; LANES],
    hyy: [f32; LANES],
    colour: [[f32; LANES]; 3],
    weight: [f32; LANES],
}

#[inline(always)]
fn backward_one(tape: &mut TileTape, splat: &Local, n_seen: u32) -> PixelSums {
    let [a, b, c] = splat.root;
    let [red, green, blue] = &tape.colour;
    let mut sums = Lanes::default();
    for row in usize::from(splat.rows[0])..usize::from(splat.rows[1]) {
        let dy = splat.centre[1] - (row as f32 + 0.5);
        let along = b * dy;
        let across = c * dy;
        let across = across * across;
        for group in usize::from(splat.groups[0])..usize::from(splat.groups[1]) {
            let at = row * SIDE + group * LANES;
            let left = splat.centre[0] - (group * LANES) as f32 - 0.5;
            let pixels = at..at + LANES;
            let (Some(t), Some(behind), Some(seen), Some(red), Some(green), Some(blue)) = (
                tape.transmittance[pixels.clone()].as_mut_array::<LANES>(),
                tape.behind[pixels.clone()].as_mut_array::<LANES>(),
                tape.n_seen[pixels.clone()].as_array::<LANES>(),
                red[pixels.clone()].as_array::<LANES>(),
                green[pixels.clone()].as_array::<LANES>(),
                blue[pixels].as_array::<LANES>(),
            ) else {
                return PixelSums::default();
            };
            for i in 0..LANES {
                let dx = left - i as f32;
                let u = a * dx + along;
                let uncapped = splat.opacity * exp::exp2_neg(u * u + across);
                let alpha = if uncapped < ALPHA_MAX { uncapped } else { ALPHA_MAX };
                let blended = (alpha >= ALPHA_MIN) & (n_seen <= seen[i]);
                let alpha = if blended { alpha } else { 0.0 };
                let before = t[i] / (1.0 - alpha);
                let asked = splat.colour[0] * red[i]
                    + splat.colour[1] * green[i]
                    + splat.colour[2] * blue[i];
                let gain = asked - behind[i];
                t[i] = before;
                behind[i] += alpha * gain;
                let weight = alpha * before;
                // dα/dσ = −α, unless the cap holds.
                let h = if uncapped > ALPHA_MAX { 0.0 } else { -(weight * gain) };
                let (hx, hy) = (h * dx, h * dy);
                sums.h[i] += h;
                sums.hx[i] += hx;
                sums.hy[i] += hy;
                sums.hxx[i] += hx * dx;
                sums.hxy[i] += hx * dy;
                sums.hyy[i] += hy * dy;
                sums.colour[0][i] += weight * red[i];
                sums.colour[1][i] += weight * green[i];
                sums.colour[2][i] += weight * blue[i];
                sums.weight[i] += weight;
            }
        }
    }
    PixelSums {
        h: sum(sums.h),
        hx: sum(sums.hx),
        hy: sum(sums.hy),
        hxx: sum(sums.hxx),
        hxy: sum(sums.hxy),
        hyy: sum(sums.hyy),
        colour: sums.colour.map(sum),
        weight: sum(sums.weight),
    }
}

/// In a fixed order: halves onto halves.
#[inline(always)]
fn sum(lanes: [f32; LANES]) -> f32 {
    let four = [0, 1, 2, 3].map(|i: usize| lanes[i] + lanes[i + 4]);
    (four[0] + four[2]) + (four[1] + four[3])
}
