//! Blending of the splats of one tile, near to far, lanes over the pixels of a row.
//! Source: rendering specification §B.6.

use super::{
    active::ALPHA_MIN,
    bin::TILE,
    project::{Projected, ProjectedSplat},
};
use crate::{
    exp,
    simd::{Kernel, Level},
};

/// No splat is more opaque than this at a pixel.
pub(crate) const ALPHA_MAX: f32 = 0.999;

/// A pixel is finished by the splat that would leave this transmittance or less; that splat is not blended.
pub(crate) const TRANSMITTANCE_MIN: f32 = 1e-4;

const SIDE: usize = TILE as usize;
const LANES: usize = 8;

/// What is blended so far at the pixels of a tile, row by row. Pixels beyond the rim of the picture are kept like the
/// others and never read.
#[derive(Debug, Clone)]
pub(crate) struct TileState {
    /// Left, negated once the pixel is finished: nothing is blended over a negative value.
    transmittance: [f32; SIDE * SIDE],
    /// `[channel][pixel]`
    colour: [[f32; SIDE * SIDE]; 3],
}

impl TileState {
    /// Nothing drawn yet.
    pub(crate) const EMPTY: Self =
        Self { transmittance: [1.0; SIDE * SIDE], colour: [[0.0; SIDE * SIDE]; 3] };

    /// Transmittance and colour of a pixel, x and y in the tile.
    #[inline(always)]
    pub(crate) fn pixel(&self, x: usize, y: usize) -> (f32, [f32; 3]) {
        let at = y * SIDE + x;
        let [r, g, b] = &self.colour;
        (self.transmittance[at].abs(), [r[at], g[at], b[at]])
    }

    /// Blends `list` (indexes into `projected`, near to far) over what is there, for the tile at `[column, row]` of the
    /// picture. False when every pixel is finished, so that later splats cannot change anything.
    pub(crate) fn blend(
        &mut self,
        projected: &Projected,
        list: &[u32],
        tile: [u32; 2],
        level: Level,
    ) -> bool {
        level.run(Blend { state: self, splats: &projected.splats, list, tile })
    }
}

struct Blend<'a> {
    state: &'a mut TileState,
    splats: &'a [ProjectedSplat],
    list: &'a [u32],
    tile: [u32; 2],
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

/// Splats fetched together before they are blended, so that their cache misses overlap.
const BATCH: usize = 32;

/// √(log₂ e): σ counts powers of e, the blend powers of 2.
const SQRT_LOG2_E: f32 = 1.201_122_4;

impl Kernel for Blend<'_> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let Self { state, splats, list, tile } = self;
        let mut batch = [Local::default(); BATCH];
        for indexes in list.chunks(BATCH) {
            for (local, &splat_idx) in batch.iter_mut().zip(indexes) {
                *local = Local::of(&splats[splat_idx as usize], tile);
            }
            for local in &batch[..indexes.len()] {
                blend_one(state, local);
            }
            if state.transmittance.iter().fold(-1.0_f32, |a, &b| if a > b { a } else { b }) < 0.0 {
                return false;
            }
        }
        true
    }
}

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

#[inline(always)]
fn blend_one(state: &mut TileState, splat: &Local) {
    let [a, b, c] = splat.root;
    let [red, green, blue] = &mut state.colour;
    for row in usize::from(splat.rows[0])..usize::from(splat.rows[1]) {
        let dy = splat.centre[1] - (row as f32 + 0.5);
        let along = b * dy;
        let across = c * dy;
        let across = across * across;
        for group in usize::from(splat.groups[0])..usize::from(splat.groups[1]) {
            let at = row * SIDE + group * LANES;
            let left = splat.centre[0] - (group * LANES) as f32 - 0.5;
            let pixels = at..at + LANES;
            let (Some(t), Some(red), Some(green), Some(blue)) = (
                state.transmittance[pixels.clone()].as_mut_array::<LANES>(),
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
                let open = next > TRANSMITTANCE_MIN;
                let weight = if hit & open { alpha * t[i] } else { 0.0 };
                red[i] += weight * splat.colour[0];
                green[i] += weight * splat.colour[1];
                blue[i] += weight * splat.colour[2];
                let closed = if hit { -t[i].abs() } else { t[i] };
                t[i] = if hit & open { next } else { closed };
            }
        }
    }
}
