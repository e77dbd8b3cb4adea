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
    /// Light left after the splats that were blended, negated once the pixel is finished: nothing is blended over a negative
    /// value. On the way back, light left after those not yet undone.
    transmittance: [f32; PIXELS],
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
        (self.transmittance[at].abs(), [r[at], g[at], b[at]])
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
        self.transmittance.iter_mut().for_each(|t| *t = t.abs());
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
    /// Centre minus pixel centre in x, for each column, pixels.
    dx: [f32; SIDE],
    /// The same in y, for each row.
    dy: [f32; SIDE],
    /// As [`ProjectedSplat::root`], scaled so that alpha = opacity · 2^−((a·δx + b·δy)² + (c·δy)²).
    root: [f32; 3],
    opacity: f32,
    colour: [f32; 3],
    /// In each row, the first column and the end of those where alpha may reach 1/255.
    first: [u32; SIDE],
    end: [u32; SIDE],
    /// Rows that have such columns, first and end.
    rows: [u8; 2],
}

/// √(log₂ e): σ counts powers of e, the blend powers of 2.
const SQRT_LOG2_E: f32 = 1.201_122_4;

/// Adding this rounds an `f32` below 2^22 to an integer and leaves it in the low bits.
const ROUND: f32 = 12_582_912.0;

impl Local {
    #[inline(always)]
    fn of(splat: &ProjectedSplat, tile: [u32; 2]) -> Self {
        let centre =
            [0, 1].map(|axis: usize| (splat.centre[axis] - f64::from(tile[axis] * TILE)) as f32);
        let [a, b, c] = splat.root;
        let mut local = Self {
            root: splat.root.map(|c| c * SQRT_LOG2_E),
            opacity: splat.opacity,
            colour: splat.colour,
            ..Self::default()
        };
        // Alpha is 1/255 where (a·δx + b·δy)² = c²·(reach² − δy²).
        let (lean, width) = (b / a, c / a);
        let reach2 = splat.reach[1] * splat.reach[1];
        for i in 0..SIDE {
            // The same operations as in `splats::raster`, for the same bits.
            let left = centre[0] - (i / LANES * LANES) as f32 - 0.5;
            local.dx[i] = left - (i % LANES) as f32;
            let dy = centre[1] - (i as f32 + 0.5);
            local.dy[i] = dy;
            let room = reach2 - dy * dy;
            let half = width * (if room > 0.0 { room } else { 0.0 }).sqrt();
            let middle = centre[0] + lean * dy;
            // Rounding must not leave out a pixel.
            let half = half + (SPARE + 1e-5 * (half + middle.abs()));
            let low = clamp(middle - half) + ROUND;
            let high = clamp(middle + half) + ROUND;
            local.first[i] = low.to_bits() & 31;
            local.end[i] = if room > 0.0 { high.to_bits() & 31 } else { 0 };
        }
        let first = (centre[1] - splat.reach[1] + 0.5).clamp(0.0, SIDE as f32) as u8;
        let end = (centre[1] + splat.reach[1] + 0.5).clamp(0.0, SIDE as f32) as u8;
        local.rows = [first, end];
        local
    }

    /// Groups of [`LANES`] columns that hold all of this row: where the first starts, and how many. One is enough when the
    /// row is narrow.
    #[inline(always)]
    fn groups(&self, row: usize) -> (usize, usize) {
        let (first, end) = (self.first[row] as usize, self.end[row] as usize);
        if first + LANES < end {
            (0, SIDE / LANES)
        } else {
            (first.min(SIDE - LANES), usize::from(first < end))
        }
    }
}

/// Moves some splats to the corner of a tile. First they are copied, so that their cache misses overlap.
#[inline(always)]
fn fetch(batch: &mut [Local; BATCH], projected: &Projected, indexes: &[u32], place: [u32; 2]) {
    let mut splats = [ProjectedSplat::default(); BATCH];
    for (splat, &splat_idx) in splats.iter_mut().zip(indexes) {
        *splat = projected.splats[splat_idx as usize];
    }
    for (local, splat) in batch.iter_mut().zip(&splats[..indexes.len()]) {
        *local = Local::of(splat, place);
    }
}

/// Pixels by which a row of a splat is taken too wide.
const SPARE: f32 = 0.05;

/// Into 0..=16, columns of a tile; NaN to 0.
#[inline(always)]
fn clamp(x: f32) -> f32 {
    let x = if x > 0.0 { x } else { 0.0 };
    if x < SIDE as f32 { x } else { SIDE as f32 }
}

struct Forward<'a> {
    tape: &'a mut TileTape,
    projected: &'a Projected,
    list: &'a [u32],
    place: [u32; 2],
}

/// Splats that are fetched together.
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
            fetch(&mut batch, projected, indexes, place);
            for local in &batch[..indexes.len()] {
                n_seen += 1;
                forward_one(tape, local, n_seen);
            }
            if tape.transmittance.iter().fold(-1.0_f32, |a, &b| if a > b { a } else { b }) < 0.0 {
                return false;
            }
        }
        true
    }
}

#[inline(always)]
fn forward_one(tape: &mut TileTape, splat: &Local, n_seen: u32) {
    for row in usize::from(splat.rows[0])..usize::from(splat.rows[1]) {
        let (start, n) = splat.groups(row);
        for group in 0..n {
            forward_group(tape, splat, n_seen, row, start + group * LANES);
        }
    }
}

#[inline(always)]
fn forward_group(tape: &mut TileTape, splat: &Local, n_seen: u32, row: usize, start: usize) {
    let [a, b, c] = splat.root;
    let along = b * splat.dy[row];
    let across = c * splat.dy[row];
    let across = across * across;
    let [red, green, blue] = &mut tape.colour;
    let at = row * SIDE + start;
    let pixels = at..at + LANES;
    let (Some(dx), Some(t), Some(seen), Some(red), Some(green), Some(blue)) = (
        splat.dx[start..start + LANES].as_array::<LANES>(),
        tape.transmittance[pixels.clone()].as_mut_array::<LANES>(),
        tape.n_seen[pixels.clone()].as_mut_array::<LANES>(),
        red[pixels.clone()].as_mut_array::<LANES>(),
        green[pixels.clone()].as_mut_array::<LANES>(),
        blue[pixels].as_mut_array::<LANES>(),
    ) else {
        return;
    };
    for i in 0..LANES {
        let u = a * dx[i] + along;
        let alpha = splat.opacity * exp::exp2_neg(u * u + across);
        let alpha = if alpha < ALPHA_MAX { alpha } else { ALPHA_MAX };
        let next = t[i] * (1.0 - alpha);
        let hit = alpha >= ALPHA_MIN;
        let open = next > TRANSMITTANCE_MIN;
        let weight = if hit & open { alpha * t[i] } else { 0.0 };
        red[i] += weight * splat.colour[0];
        green[i] += weight * splat.colour[1];
        blue[i] += weight * splat.colour[2];
        let closed = if hit { -t[i].abs() } else { t[i] };
        t[i] = if hit & open { next } else { closed };
        // Not a conditional store, which is slow: the count only grows.
        seen[i] = seen[i].max(if hit & open { n_seen } else { 0 });
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
        tape.n_listed -= list.len() as u32;
        // What is behind the last splat that any pixel blended was not seen: often half of an asset.
        let last = tape.n_seen.iter().fold(0, |a, &b| a.max(b));
        let n = list.len().min(last.saturating_sub(tape.n_listed) as usize);
        let (list, (sums, hidden)) = (&list[..n], sums.split_at_mut(n));
        hidden.fill(PixelSums::default());
        let mut n_seen = tape.n_listed + n as u32;
        let mut batch = [Local::default(); BATCH];
        let mut lanes = [Lanes::ZERO; BATCH];
        for (indexes, sums) in list.chunks(BATCH).zip(sums.chunks_mut(BATCH)).rev() {
            fetch(&mut batch, projected, indexes, place);
            for (local, lanes) in batch[..indexes.len()].iter().zip(&mut lanes).rev() {
                *lanes = Lanes::ZERO;
                backward_one(tape, local, n_seen, lanes);
                n_seen -= 1;
            }
            for (sums, lanes) in sums.iter_mut().zip(&lanes) {
                *sums = lanes.sum();
            }
        }
    }
}

/// [`PixelSums`] of each lane.
#[derive(Debug, Clone, Copy)]
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

impl Lanes {
    const ZERO: Self = Self {
        h: [0.0; LANES],
        hx: [0.0; LANES],
        hy: [0.0; LANES],
        hxx: [0.0; LANES],
        hxy: [0.0; LANES],
        hyy: [0.0; LANES],
        colour: [[0.0; LANES]; 3],
        weight: [0.0; LANES],
    };

    #[inline(always)]
    fn sum(&self) -> PixelSums {
        PixelSums {
            h: sum(self.h),
            hx: sum(self.hx),
            hy: sum(self.hy),
            hxx: sum(self.hxx),
            hxy: sum(self.hxy),
            hyy: sum(self.hyy),
            colour: self.colour.map(sum),
            weight: sum(self.weight),
        }
    }
}

#[inline(always)]
fn backward_one(tape: &mut TileTape, splat: &Local, n_seen: u32, sums: &mut Lanes) {
    for row in usize::from(splat.rows[0])..usize::from(splat.rows[1]) {
        let (start, n) = splat.groups(row);
        for group in 0..n {
            backward_group(tape, splat, n_seen, [row, start + group * LANES], sums);
        }
    }
}

#[inline(always)]
fn backward_group(
    tape: &mut TileTape,
    splat: &Local,
    n_seen: u32,
    [row, start]: [usize; 2],
    sums: &mut Lanes,
) {
    let [a, b, c] = splat.root;
    let dy = splat.dy[row];
    let along = b * dy;
    let across = c * dy;
    let across = across * across;
    let [red, green, blue] = &tape.colour;
    let at = row * SIDE + start;
    let pixels = at..at + LANES;
    let (Some(dx), Some(t), Some(behind), Some(seen), Some(red), Some(green), Some(blue)) = (
        splat.dx[start..start + LANES].as_array::<LANES>(),
        tape.transmittance[pixels.clone()].as_mut_array::<LANES>(),
        tape.behind[pixels.clone()].as_mut_array::<LANES>(),
        tape.n_seen[pixels.clone()].as_array::<LANES>(),
        red[pixels.clone()].as_array::<LANES>(),
        green[pixels.clone()].as_array::<LANES>(),
        blue[pixels].as_array::<LANES>(),
    ) else {
        return;
    };
    for i in 0..LANES {
        let u = a * dx[i] + along;
        let uncapped = splat.opacity * exp::exp2_neg(u * u + across);
        let alpha = if uncapped < ALPHA_MAX { uncapped } else { ALPHA_MAX };
        let blended = (alpha >= ALPHA_MIN) & (n_seen <= seen[i]);
        let alpha = if blended { alpha } else { 0.0 };
        let before = t[i] / (1.0 - alpha);
        let asked =
            splat.colour[0] * red[i] + splat.colour[1] * green[i] + splat.colour[2] * blue[i];
        let gain = asked - behind[i];
        t[i] = before;
        behind[i] += alpha * gain;
        let weight = alpha * before;
        // dα/dσ = −α, unless the cap holds.
        let h = if uncapped > ALPHA_MAX { 0.0 } else { -(weight * gain) };
        let (hx, hy) = (h * dx[i], h * dy);
        sums.h[i] += h;
        sums.hx[i] += hx;
        sums.hy[i] += hy;
        sums.hxx[i] += hx * dx[i];
        sums.hxy[i] += hx * dy;
        sums.hyy[i] += hy * dy;
        sums.colour[0][i] += weight * red[i];
        sums.colour[1][i] += weight * green[i];
        sums.colour[2][i] += weight * blue[i];
        sums.weight[i] += weight;
    }
}

/// In a fixed order: halves onto halves.
#[inline(always)]
fn sum(lanes: [f32; LANES]) -> f32 {
    let four = [0, 1, 2, 3].map(|i: usize| lanes[i] + lanes[i + 4]);
    (four[0] + four[2]) + (four[1] + four[3])
}
