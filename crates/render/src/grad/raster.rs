//! Blending of one tile forwards, keeping where each pixel ended, and backwards from there.
//! Source: rendering specification §B.6; lanes over the pixels of a row, as in `splats::raster`, whose bits it keeps.
//!
//! Backwards, far to near, a pixel carries T and `behind`, dL/d T after the splat: what one unit of the light that passes
//! the splat is worth. With `asked` = colour · dL/d pixel colour, dL/dα = T·(asked − behind), and before the splat one unit
//! is worth `behind + α·(asked − behind)`. No difference of large sums, no division but the one that restores T.

use super::{
    PixelGradients,
    local::{BATCH, LANES, Local, SIDE, fetch},
    project::PixelSums,
};
use crate::{
    exp,
    simd::{Kernel, Level},
    splats::{
        active::ALPHA_MIN,
        bin::TILE,
        project::Projected,
        raster::{ALPHA_MAX, TRANSMITTANCE_MIN},
    },
};

const PIXELS: usize = SIDE * SIDE;

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

    /// Counts `list` without looking at it: every pixel is finished.
    pub(super) fn pass(&mut self, list: &[u32]) {
        self.n_listed += list.len() as u32;
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

struct Forward<'a> {
    tape: &'a mut TileTape,
    projected: &'a Projected,
    list: &'a [u32],
    place: [u32; 2],
}

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
