//! Positions in 16 bits an axis, and the order of splats along a Morton curve through those.

use rayon::prelude::*;

/// Splats treated by one task.
const BLOCK_SPLATS: usize = 8192;
/// Of the stored numbers.
const STEPS: f32 = 65_535.0;
/// Logarithms beyond this are those of no `f32`.
pub(super) const LOG_MAX: f64 = 88.73;

/// sign(x) · ln(1 + |x|).
fn compress(coordinate: f32) -> f32 {
    libm::log1pf(coordinate.abs()).copysign(coordinate)
}

/// The other way.
fn expand(value: f32) -> f32 {
    libm::expm1f(value.abs()).min(f32::MAX).copysign(value)
}

/// Range of the compressed coordinates, `[axis]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    pub(super) mins: [f32; 3],
    pub(super) maxs: [f32; 3],
}

impl Range {
    pub(super) fn of(positions: &[[f32; 3]]) -> Self {
        let empty = || ([f32::INFINITY; 3], [f32::NEG_INFINITY; 3]);
        let join = |a: ([f32; 3], [f32; 3]), b: ([f32; 3], [f32; 3])| {
            let axes = [0, 1, 2];
            (axes.map(|axis| a.0[axis].min(b.0[axis])), axes.map(|axis| a.1[axis].max(b.1[axis])))
        };
        let (lowest, highest) = positions
            .par_iter()
            .with_min_len(BLOCK_SPLATS)
            .map(|position| (*position, *position))
            .reduce(empty, join);
        if positions.is_empty() {
            return Self { mins: [0.0; 3], maxs: [0.0; 3] };
        }
        Self { mins: lowest.map(compress), maxs: highest.map(compress) }
    }

    /// The nearest stored numbers.
    pub(super) fn quantise(&self, positions: &[[f32; 3]]) -> Vec<[u16; 3]> {
        let factors = [0, 1, 2].map(|axis| {
            let span = self.maxs[axis] - self.mins[axis];
            if span > 0.0 { STEPS / span } else { 0.0 }
        });
        let store = |position: &[f32; 3]| {
            [0, 1, 2].map(|axis| {
                ((compress(position[axis]) - self.mins[axis]) * factors[axis]).round() as u16
            })
        };
        positions.par_iter().with_min_len(BLOCK_SPLATS).map(store).collect()
    }

    pub(super) fn restore(&self, stored: [u16; 3]) -> [f32; 3] {
        [0, 1, 2].map(|axis| {
            let share = f64::from(stored[axis]) / f64::from(STEPS);
            let (min, max) = (f64::from(self.mins[axis]), f64::from(self.maxs[axis]));
            expand((min + (max - min) * share) as f32)
        })
    }
}

/// Splats in the order of the file: along the curve, and in their own order where they share a place.
pub(super) fn order(stored: &[[u16; 3]]) -> Vec<u32> {
    let mut keyed: Vec<(u64, u32)> = stored
        .par_iter()
        .with_min_len(BLOCK_SPLATS)
        .enumerate()
        .map(|(splat_idx, place)| (morton(*place), splat_idx as u32))
        .collect();
    keyed.par_sort_unstable();
    keyed.par_iter().with_min_len(BLOCK_SPLATS).map(|(_, splat_idx)| *splat_idx).collect()
}

/// Bits of x, y, z in turn, x lowest.
fn morton(place: [u16; 3]) -> u64 {
    let [x, y, z] = place.map(|coordinate| {
        let mut bits = u64::from(coordinate);
        bits = (bits | bits << 32) & 0x001f_0000_0000_ffff;
        bits = (bits | bits << 16) & 0x001f_0000_ff00_00ff;
        bits = (bits | bits << 8) & 0x100f_00f0_0f00_f00f;
        bits = (bits | bits << 4) & 0x10c3_0c30_c30c_30c3;
        (bits | bits << 2) & 0x1249_2492_4924_9249
    });
    x | y << 1 | z << 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_in_turn() {
        for place in [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0xffff, 0, 0], [0x8001, 0x4321, 0xfffe]] {
            let expected =
                (0..48).fold(0, |sum, bit| sum | u64::from(place[bit % 3] >> (bit / 3) & 1) << bit);
            assert_eq!(morton(place), expected, "{place:?}");
        }
    }

    #[test]
    fn positions_come_back_within_half_a_step() {
        let positions: Vec<[f32; 3]> =
            (0..2000).map(|i| [i as f32 * 0.01 - 3.0, 5e4 * (i % 7) as f32, 2.5]).collect();
        let range = Range::of(&positions);
        for (position, stored) in positions.iter().zip(range.quantise(&positions)) {
            for (axis, found) in range.restore(stored).into_iter().enumerate() {
                let step = (range.maxs[axis] - range.mins[axis]) / STEPS;
                let limit = (0.5 * step + 2e-6) * (1.0 + position[axis].abs());
                let error = (found - position[axis]).abs();
                assert!(error <= limit, "axis {axis}: {found} for {}", position[axis]);
            }
        }
    }
}
