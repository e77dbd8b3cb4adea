//! A splat seen from the corner of a tile: distances to its pixels, and which of them it can reach.
//! Source: rendering specification §B.6; the width of a row is where alpha falls to 1/255.

use crate::splats::{
    bin::TILE,
    project::{Projected, ProjectedSplat},
};

/// Side of a tile, pixels.
pub(super) const SIDE: usize = TILE as usize;

/// Pixels of a row that are worked on at once.
pub(super) const LANES: usize = 8;

/// Splats that are fetched together.
pub(super) const BATCH: usize = 32;

/// A splat moved to the corner of a tile.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Local {
    /// Centre minus pixel centre in x, for each column, pixels.
    pub(super) dx: [f32; SIDE],
    /// The same in y, for each row.
    pub(super) dy: [f32; SIDE],
    /// As [`ProjectedSplat::root`], scaled so that alpha = opacity · 2^−((a·δx + b·δy)² + (c·δy)²).
    pub(super) root: [f32; 3],
    pub(super) opacity: f32,
    pub(super) colour: [f32; 3],
    /// In each row, the first column and the end of those where alpha may reach 1/255.
    first: [u32; SIDE],
    end: [u32; SIDE],
    /// Rows that have such columns, first and end.
    pub(super) rows: [u8; 2],
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
            let left = centre[0] - ((i / LANES * LANES) as f32 + 0.5);
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
    pub(super) fn groups(&self, row: usize) -> (usize, usize) {
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
pub(super) fn fetch(
    batch: &mut [Local; BATCH],
    projected: &Projected,
    indexes: &[u32],
    place: [u32; 2],
) {
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
