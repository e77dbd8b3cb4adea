//! Blending of the splats of one tile, near to far, lanes over the pixels of a row.
//! Source: rendering specification §B.6.

use super::{
    active::ALPHA_MIN,
    bin::TILE,
    ellipse::REACH_MAX,
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
/// Groups of [`LANES`] pixels in a row, and in a tile: one bit each of a `u32`.
const ROW_GROUPS: usize = SIDE / LANES;
const GROUPS: usize = SIDE * ROW_GROUPS;

/// What is blended so far at the pixels of a tile, row by row. Pixels beyond the rim of the picture are kept like the
/// others and never read.
#[derive(Debug, Clone)]
pub(crate) struct TileState {
    groups: [Group; GROUPS],
}

/// [`LANES`] pixels of a row, side by side.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(32))]
struct Group {
    /// Left, negated once the pixel is finished: nothing is blended over a negative value.
    transmittance: [f32; LANES],
    red: [f32; LANES],
    green: [f32; LANES],
    blue: [f32; LANES],
}

impl Group {
    const EMPTY: Self = Self {
        transmittance: [1.0; LANES],
        red: [0.0; LANES],
        green: [0.0; LANES],
        blue: [0.0; LANES],
    };
}

impl TileState {
    /// Nothing drawn yet.
    pub(crate) const EMPTY: Self = Self { groups: [Group::EMPTY; GROUPS] };

    /// Transmittance and colour of a pixel, x and y in the tile.
    #[inline(always)]
    pub(crate) fn pixel(&self, x: usize, y: usize) -> (f32, [f32; 3]) {
        let (group, i) = (&self.groups[y * ROW_GROUPS + x / LANES], x % LANES);
        (group.transmittance[i].abs(), [group.red[i], group.green[i], group.blue[i]])
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

    /// The groups with a pixel that is not finished, one bit each.
    #[inline(always)]
    fn open(&self) -> u32 {
        let mut open = 0;
        for (bit, group) in self.groups.iter().enumerate() {
            let finished = group.transmittance.iter().fold(1, |all, t| all & (t.to_bits() >> 31));
            open |= (1 - finished) << bit;
        }
        open
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
    /// The groups its box touches, one bit each.
    groups: u32,
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
        let mut fetched = [ProjectedSplat::default(); BATCH];
        let mut batch = [Local::default(); BATCH];
        let mut open = state.open();
        for indexes in list.chunks(BATCH) {
            for (to, &splat_idx) in fetched.iter_mut().zip(indexes) {
                *to = splats[splat_idx as usize];
            }
            for (local, splat) in batch.iter_mut().zip(&fetched[..indexes.len()]) {
                *local = Local::of(splat, tile);
            }
            for local in &batch[..indexes.len()] {
                let mut groups = local.groups & open;
                while groups != 0 {
                    let group_idx = groups.trailing_zeros() as usize;
                    groups &= groups - 1;
                    blend_group(&mut state.groups[group_idx % GROUPS], group_idx, local);
                }
            }
            open = state.open();
            if open == 0 {
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
            let first = (centre[axis] - splat.reach[axis] + 0.5).clamp(0.0, SIDE as f32) as u32;
            let end = (centre[axis] + splat.reach[axis] + 0.5).clamp(0.0, SIDE as f32) as u32;
            [first, end]
        });
        let mut groups = groups_of_box(x, y);
        let precise = splat.reach[0].max(splat.reach[1]) < REACH_MAX as f32;
        if precise && groups.count_ones() >= LARGE {
            groups &= groups_of_ellipse(centre, splat);
        }
        Self {
            centre,
            root: splat.root.map(|c| c * SQRT_LOG2_E),
            opacity: splat.opacity,
            colour: splat.colour,
            groups,
        }
    }
}

/// From this many groups on it pays to look where in its box the ellipse is.
const LARGE: u32 = 8;

/// The groups that hold a pixel centre which the ellipse may cover, one bit each. `centre` is that of the splat, from
/// the corner of the tile. The formulas are those of `splats::ellipse`, for single rows.
#[inline(always)]
fn groups_of_ellipse(centre: [f32; 2], splat: &ProjectedSplat) -> u32 {
    let [a, b, c] = splat.root;
    let (slant, width) = (-b / a, 1.0 / a);
    let limit = c * splat.reach[1] * c * splat.reach[1];
    let mut groups = 0;
    for row in 0..SIDE {
        let ey = row as f32 + 0.5 - centre[1];
        let left_over = limit - c * ey * c * ey;
        let half = if left_over > 0.0 { left_over } else { 0.0 }.sqrt() * width;
        let shift = slant * ey;
        let middle = centre[0] + shift;
        let half = half + 0.05 + 1e-6 * (centre[0].abs() + shift.abs() + half);
        let (first, last) = (middle - half, middle + half);
        let left = (first <= 7.5) & (last >= 0.5);
        let right = (first <= 15.5) & (last >= 8.5);
        groups |= (u32::from(left) | (u32::from(right) << 1)) << (2 * row);
    }
    groups
}

/// The groups that hold a pixel with `x[0] <= x < x[1]` and `y[0] <= y < y[1]`, one bit each.
#[inline(always)]
fn groups_of_box(x: [u32; 2], y: [u32; 2]) -> u32 {
    /// The left group of each row.
    const LEFT: u32 = 0x5555_5555;
    let below = |end: u32| ((1_u64 << (2 * end)) - 1) as u32;
    let rows = below(y[1]) & !below(y[0]);
    let left = if x[0] < LANES as u32 && x[1] > x[0] { LEFT } else { 0 };
    let right = if x[1] > LANES as u32 && x[1] > x[0] { LEFT << 1 } else { 0 };
    rows & (left | right)
}

#[inline(always)]
fn blend_group(group: &mut Group, group_idx: usize, splat: &Local) {
    let [a, b, c] = splat.root;
    let left = splat.centre[0] - ((group_idx % ROW_GROUPS * LANES) as f32 + 0.5);
    let dy = splat.centre[1] - ((group_idx / ROW_GROUPS) as f32 + 0.5);
    let along = b * dy;
    let across = c * dy;
    let across = across * across;
    let mut weights = [0.0; LANES];
    let t = &mut group.transmittance;
    for i in 0..LANES {
        let u = a * (left - i as f32) + along;
        let alpha = splat.opacity * exp::exp2_neg(u * u + across);
        let alpha = if alpha < ALPHA_MAX { alpha } else { ALPHA_MAX };
        let next = t[i] * (1.0 - alpha);
        // Masks, all ones or all zeros: a choice between values would become a store under a condition.
        let hit = mask(alpha >= ALPHA_MIN);
        let blended = hit & mask(next > TRANSMITTANCE_MIN);
        weights[i] = f32::from_bits((alpha * t[i]).to_bits() & blended);
        // Hit but not blended: finished, which sets the sign.
        let kept = t[i].to_bits() | (hit & SIGN);
        t[i] = f32::from_bits((next.to_bits() & blended) | (kept & !blended));
    }
    for (sums, colour) in
        [&mut group.red, &mut group.green, &mut group.blue].into_iter().zip(splat.colour)
    {
        for (sum, weight) in sums.iter_mut().zip(weights) {
            *sum += weight * colour;
        }
    }
}

/// The sign bit of an `f32`.
const SIGN: u32 = 1 << 31;

/// All bits set, or none.
#[inline(always)]
fn mask(condition: bool) -> u32 {
    u32::from(condition).wrapping_neg()
}
