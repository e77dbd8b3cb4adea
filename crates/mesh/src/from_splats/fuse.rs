//! Depths of all views into one field: positive inside, metres, cut off at a few cells.

use glam::Vec3;
use rayon::prelude::*;

use super::views::{Pixel, Seen, View};
use crate::extract::Lattice;
use crate::orbit::Frame;
use crate::{MeshError, Stop};

/// A field on a lattice.
#[derive(Debug)]
pub(super) struct Fused {
    pub lattice: Lattice,
    pub values: Vec<f32>,
}

/// Values are cut off at so many cells.
const BAND: f32 = 3.0;
/// Free cells around the object.
const RIM: f32 = 4.0;
/// Side of a block of lattice points.
const BLOCK: usize = 8;
/// How many views have to look through a place before it is empty.
const EMPTY_MIN: f32 = 1.0;
/// How much a view counts that looks through next to something nearer: it may be a gap between splats.
const GAP: f32 = 0.3;
/// Surfaces that are seen at less than this cosine are not measured.
const FACING_MIN: f32 = 0.12;

/// Fuses. Only blocks near something seen, and those between full and empty ones, are computed point by point.
pub(super) fn fuse(
    seen: &Seen,
    frame: &Frame,
    cells: u32,
    stop: Stop<'_>,
) -> Result<Fused, MeshError> {
    let step = frame.size() / cells as f32;
    let margin = Vec3::splat(RIM * step);
    let bounds = [(frame.low - margin).to_array(), (frame.high + margin).to_array()];
    let lattice = Lattice::new(bounds, cells + 2 * RIM as u32)?;
    let work = Work { seen, lattice, band: BAND * lattice.step };
    let blocks = Blocks { counts: lattice.counts.map(|n| n.div_ceil(BLOCK)) };
    let mut is_near = work.near(&blocks);
    if stop() {
        return Err(MeshError::Stopped);
    }
    let middle = |idx: usize| {
        let at = blocks.at(idx).map(|b| b * BLOCK + BLOCK / 2);
        Vec3::from(lattice.point([0, 1, 2].map(|k| at[k].min(lattice.counts[k] - 1))))
    };
    let middles: Vec<f32> =
        (0..blocks.len()).into_par_iter().map(|idx| work.value(middle(idx))).collect();
    // Between full and empty.
    let edge: Vec<usize> = (0..blocks.len())
        .filter(|&idx| {
            blocks.beside(idx).any(|other| {
                !is_near[idx] && !is_near[other] && (middles[idx] > 0.0) != (middles[other] > 0.0)
            })
        })
        .collect();
    edge.into_iter().for_each(|idx| is_near[idx] = true);
    if stop() {
        return Err(MeshError::Stopped);
    }
    let [nx, ny, _] = lattice.counts;
    let mut values = vec![0.0_f32; lattice.len()];
    values.par_chunks_mut(nx).enumerate().for_each(|(row, values)| {
        let (y, z) = (row % ny, row / ny);
        for (x, value) in values.iter_mut().enumerate() {
            let block = blocks.of([x, y, z]);
            *value = if is_near[block] {
                if stop() { 0.0 } else { work.value(Vec3::from(lattice.point([x, y, z]))) }
            } else {
                work.band.copysign(middles[block])
            };
        }
    });
    if stop() {
        return Err(MeshError::Stopped);
    }
    soften(&mut values, lattice.counts);
    Ok(Fused { lattice, values })
}

/// Blocks of lattice points.
struct Blocks {
    counts: [usize; 3],
}

impl Blocks {
    const fn len(&self) -> usize {
        self.counts[0] * self.counts[1] * self.counts[2]
    }

    const fn of(&self, at: [usize; 3]) -> usize {
        let [x, y, z] = [at[0] / BLOCK, at[1] / BLOCK, at[2] / BLOCK];
        (z * self.counts[1] + y) * self.counts[0] + x
    }

    const fn at(&self, idx: usize) -> [usize; 3] {
        let [nx, ny, _] = self.counts;
        [idx % nx, idx / nx % ny, idx / (nx * ny)]
    }

    /// The six blocks beside one.
    fn beside(&self, idx: usize) -> impl Iterator<Item = usize> {
        let at = self.at(idx);
        let [nx, ny, nz] = self.counts;
        let steps = [(0, 1, nx), (1, nx, ny), (2, nx * ny, nz)];
        steps.into_iter().flat_map(move |(axis, stride, count)| {
            let before = (at[axis] > 0).then(|| idx - stride);
            let after = (at[axis] + 1 < count).then(|| idx + stride);
            [before, after].into_iter().flatten()
        })
    }
}

struct Work<'a> {
    seen: &'a Seen,
    lattice: Lattice,
    /// Metres.
    band: f32,
}

impl Work<'_> {
    /// Whether a block is within the band of a point that is seen.
    fn near(&self, blocks: &Blocks) -> Vec<bool> {
        let origin = Vec3::from(self.lattice.origin);
        let mark = |view: &View| {
            let mut found = vec![false; blocks.len()];
            for point in view.points() {
                let place = |side: f32| {
                    let at = (point + Vec3::splat(side * self.band) - origin) / self.lattice.step;
                    let at = at.to_array().map(|c| c.max(0.0) as usize);
                    [0, 1, 2].map(|k: usize| at[k].min(self.lattice.counts[k] - 1) / BLOCK)
                };
                let (low, high) = (place(-1.0), place(1.0));
                for z in low[2]..=high[2] {
                    for y in low[1]..=high[1] {
                        for x in low[0]..=high[0] {
                            found[(z * blocks.counts[1] + y) * blocks.counts[0] + x] = true;
                        }
                    }
                }
            }
            found
        };
        let all: Vec<Vec<bool>> = self.seen.views.par_iter().map(mark).collect();
        (0..blocks.len()).map(|idx| all.iter().any(|found| found[idx])).collect()
    }

    /// The field at a point.
    fn value(&self, p: Vec3) -> f32 {
        let (mut sum, mut weights, mut empty, mut empty_weights) = (0.0, 0.0, 0.0, 0.0);
        for view in &self.seen.views {
            let at = view.project(p);
            let Some(pixel) = view.pixel(at.x, at.y) else { continue };
            let (distance, weight) = if pixel.depth < 0.0 {
                // Beside the silhouette.
                (-pixel.depth * at.z / view.focal, 1.0)
            } else {
                let (depth, facing) = smooth(view, pixel, at, self.lattice.step);
                if facing < FACING_MIN {
                    // Too steep to say where exactly, but not whether there is room in front.
                    if depth - at.z < self.band / FACING_MIN {
                        continue;
                    }
                    (self.band, 0.3)
                } else {
                    ((depth - at.z) * facing, facing * facing)
                }
            };
            if distance <= -self.band {
                continue;
            }
            if distance >= self.band {
                empty += if pixel.nearest - at.z >= self.band { 1.0 } else { GAP };
                empty_weights += weight;
                continue;
            }
            // Behind a surface, the farther, the likelier it is another one's business.
            let behind = if distance < 0.0 { 1.0 + distance / self.band } else { 1.0 };
            sum += weight * behind * distance;
            weights += weight * behind;
        }
        if empty >= EMPTY_MIN {
            sum += empty_weights * self.band;
            weights += empty_weights;
        }
        // What nobody sees is full.
        if weights > 0.0 { -sum / weights } else { self.band }
    }
}

/// Depth and facing at a place: between the four pixels around it, unless they belong to different surfaces.
#[inline]
fn smooth(view: &View, nearest: &Pixel, at: Vec3, step: f32) -> (f32, f32) {
    let plain = (nearest.depth, nearest.facing);
    let Some(around) = view.around(at.x, at.y) else { return plain };
    let reach = step / nearest.facing.max(0.2);
    let (mut depth, mut facing) = (0.0, 0.0);
    for (pixel, weight) in around {
        if !(pixel.depth > 0.0 && (pixel.depth - nearest.depth).abs() <= reach) {
            return plain;
        }
        depth += weight * pixel.depth;
        facing += weight * pixel.facing;
    }
    (depth, facing)
}

/// Each value the mean of itself and its neighbours along each axis, with weights 1, 2, 1.
fn soften(values: &mut Vec<f32>, counts: [usize; 3]) {
    let [nx, ny, nz] = counts;
    for (stride, count) in [(1, nx), (nx, ny), (nx * ny, nz)] {
        let before = &*values;
        let after = (0..before.len()).into_par_iter().with_min_len(1 << 14).map(|at| {
            let place = at / stride % count;
            if place == 0 || place + 1 == count {
                return before[at];
            }
            0.25 * (before[at - stride] + before[at + stride]) + 0.5 * before[at]
        });
        *values = after.collect();
    }
}
