//! Which samples of a tile a primitive covers, and the depth test: eight pixels of a row at a time.
//!
//! Edge functions are exact: whole numbers, with 64 bits at the corner of an 8 × 8 block and 32 bits inside it.

use asset::scene::DepthFunc;

use super::prim::{DEPTH_SAMPLES, Prim, SAMPLES, STEPS};
use crate::simd::{Kernel, Level};

/// Side of a tile, pixels.
pub(super) const TILE: usize = 32;
/// Pixels of a tile.
pub(super) const PIXELS: usize = TILE * TILE;
/// Side of a block, pixels: as many as there are lanes.
const BLOCK: usize = 8;

/// Depth and pending primitive of every sample of a tile: `[sample][row, column]`.
#[derive(Debug)]
#[repr(C, align(32))]
pub(super) struct Samples {
    pub(super) depth: [[f32; PIXELS]; 4],
    /// 0 is none.
    pub(super) id: [[u32; PIXELS]; 4],
}

impl Samples {
    pub(super) const CLEAR: Self = Self { depth: [[1.0; PIXELS]; 4], id: [[0; PIXELS]; 4] };

    pub(super) fn clear(&mut self) {
        for plane in &mut self.depth {
            plane.fill(1.0);
        }
        for plane in &mut self.id {
            plane.fill(0);
        }
    }
}

/// Whether a depth passes against what is there.
#[inline(always)]
fn passes(func: DepthFunc, new: f32, old: f32) -> bool {
    match func {
        DepthFunc::Never => false,
        DepthFunc::Always => true,
        DepthFunc::Less => new < old,
        DepthFunc::LessEqual => new <= old,
        DepthFunc::Equal => new == old,
        DepthFunc::GreaterEqual => new >= old,
        DepthFunc::Greater => new > old,
        DepthFunc::NotEqual => new != old,
    }
}

/// Depth of a sample, 0 to 1; `x` and `y` are the pixel's.
#[inline(always)]
pub(super) fn depth_at(prim: &Prim, x: i32, y: i32, sample: usize) -> f32 {
    let w = &prim.weights;
    let [sx, sy] = DEPTH_SAMPLES[sample].map(|s| s as f32 / STEPS as f32);
    let row = w.depth.at + w.depth.dy * (y as f32 + (sy - w.anchor.y));
    let z = row + w.depth.dx * (x as f32 + (sx - w.anchor.x));
    z.max(0.0).min(1.0)
}

/// A primitive over a tile.
pub(super) struct Cover<'a> {
    pub(super) samples: &'a mut Samples,
    pub(super) prim: &'a Prim,
    /// First pixel of the tile.
    pub(super) origin: [i32; 2],
    pub(super) func: DepthFunc,
}

impl Cover<'_> {
    /// Takes the samples that pass: writes depth and the primitive's number, as asked.
    pub(super) fn take(self, level: Level, id: Option<u32>, write_depth: bool) {
        match (id, write_depth) {
            (Some(id), true) => level.run(Run { cover: self, out: Take::<true, true> { id } }),
            (Some(id), false) => level.run(Run { cover: self, out: Take::<true, false> { id } }),
            (None, true) => level.run(Run { cover: self, out: Take::<false, true> { id: 0 } }),
            (None, false) => {}
        }
    }

    /// Leaves the tile as it is and tells the samples that pass, one bit each. Returns the rows that may have some.
    pub(super) fn masks(self, level: Level, masks: &mut [u8; PIXELS]) {
        masks.fill(0);
        level.run(Run { cover: self, out: Look { masks } });
    }
}

/// What happens to samples that pass.
trait Out {
    /// Of the eight pixels from `at` on, those that pass have all bits of `pass` set, the others none.
    fn row(
        &mut self,
        samples: &mut Samples,
        sample: usize,
        at: usize,
        z: &[f32; BLOCK],
        pass: &[u32; BLOCK],
    );
}

/// Eight values from a place on, if they are there.
#[inline(always)]
fn lanes<T>(values: &mut [T; PIXELS], at: usize) -> Option<&mut [T; BLOCK]> {
    values.get_mut(at..)?.first_chunk_mut()
}

struct Take<const ID: bool, const DEPTH: bool> {
    id: u32,
}

impl<const ID: bool, const DEPTH: bool> Out for Take<ID, DEPTH> {
    #[inline(always)]
    fn row(
        &mut self,
        samples: &mut Samples,
        sample: usize,
        at: usize,
        z: &[f32; BLOCK],
        pass: &[u32; BLOCK],
    ) {
        if DEPTH {
            let Some(depth) = lanes(&mut samples.depth[sample], at) else { return };
            for lane in 0..BLOCK {
                let kept = depth[lane].to_bits() & !pass[lane];
                depth[lane] = f32::from_bits(kept | z[lane].to_bits() & pass[lane]);
            }
        }
        if ID {
            let Some(id) = lanes(&mut samples.id[sample], at) else { return };
            for lane in 0..BLOCK {
                id[lane] = id[lane] & !pass[lane] | self.id & pass[lane];
            }
        }
    }
}

struct Look<'a> {
    masks: &'a mut [u8; PIXELS],
}

impl Out for Look<'_> {
    #[inline(always)]
    fn row(
        &mut self,
        _: &mut Samples,
        sample: usize,
        at: usize,
        _: &[f32; BLOCK],
        pass: &[u32; BLOCK],
    ) {
        let Some(masks) = lanes(self.masks, at) else { return };
        for lane in 0..BLOCK {
            masks[lane] |= (pass[lane] as u8 & 1) << sample;
        }
    }
}

struct Run<'a, O> {
    cover: Cover<'a>,
    out: O,
}

impl<O: Out> Kernel for Run<'_, O> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        if self.cover.func == DepthFunc::LessEqual {
            self.blocks(|new, old| new <= old);
        } else {
            let func = self.cover.func;
            self.blocks(|new, old| passes(func, new, old));
        }
    }
}

impl<O: Out> Run<'_, O> {
    #[inline(always)]
    fn blocks(&mut self, passes: impl Fn(f32, f32) -> bool + Copy) {
        let prim = self.cover.prim;
        let origin = self.cover.origin;
        let side = TILE as i32;
        let low = [0, 1].map(|axis| (prim.bounds[axis] - origin[axis]).clamp(0, side));
        let high = [0, 1].map(|axis| (prim.bounds[axis + 2] - origin[axis]).clamp(0, side));
        if low[0] >= high[0] || low[1] >= high[1] {
            return;
        }
        let block = BLOCK as i32;
        for block_y in low[1] / block..=(high[1] - 1) / block {
            let rows = (block_y * block).max(low[1])..((block_y + 1) * block).min(high[1]);
            for block_x in low[0] / block..=(high[0] - 1) / block {
                let at = [origin[0] + block_x * block, origin[1] + block_y * block];
                let mut edges = [[0_i32; 3]; 4];
                let mut crossing = 0;
                let mut is_out = false;
                for edge in &prim.edges {
                    let corner = edge.at(at[0] * STEPS, at[1] * STEPS);
                    // The samples of a block lie within 2 and 126 steps of its corner.
                    let (near, far) = (2_i64, i64::from(block * STEPS - 2));
                    let (a, b) = (i64::from(edge.a), i64::from(edge.b));
                    let reach = |a: i64, low: bool| if (a < 0) == low { a * far } else { a * near };
                    is_out |= corner + reach(a, false) + reach(b, false) < 0;
                    if corner + reach(a, true) + reach(b, true) < 0 {
                        edges[crossing] = [edge.a, edge.b, corner as i32];
                        crossing += 1;
                    }
                }
                if is_out {
                    continue;
                }
                let first = [block_x * block, 0];
                let rows = rows.clone();
                let at = [at[0], origin[1]];
                let top = block_y * block;
                match crossing {
                    0 => self.rows::<0>(&edges, at, first[0], top, rows, passes),
                    1 => self.rows::<1>(&edges, at, first[0], top, rows, passes),
                    2 => self.rows::<2>(&edges, at, first[0], top, rows, passes),
                    3 => self.rows::<3>(&edges, at, first[0], top, rows, passes),
                    _ => self.rows::<4>(&edges, at, first[0], top, rows, passes),
                }
            }
        }
    }

    /// Rows of a block that `EDGES` edges cross. `at`: picture x of the block's first column, picture y of the tile.
    #[inline(always)]
    fn rows<const EDGES: usize>(
        &mut self,
        edges: &[[i32; 3]; 4],
        at: [i32; 2],
        column: i32,
        top: i32,
        rows: std::ops::Range<i32>,
        passes: impl Fn(f32, f32) -> bool + Copy,
    ) {
        let w = &self.cover.prim.weights;
        for y in rows {
            let first = y as usize * TILE + column as usize;
            for (sample, &[sx, sy]) in SAMPLES.iter().enumerate() {
                let mut inside = [0_i32; BLOCK];
                for [a, b, c] in edges.iter().take(EDGES) {
                    let start = c
                        .wrapping_add(b.wrapping_mul((y - top) * STEPS + sy))
                        .wrapping_add(a.wrapping_mul(sx));
                    let step = a.wrapping_mul(STEPS);
                    for (lane, inside) in inside.iter_mut().enumerate() {
                        *inside |= start.wrapping_add(step.wrapping_mul(lane as i32));
                    }
                }
                let [fx, fy] = DEPTH_SAMPLES[sample].map(|s| s as f32 / STEPS as f32);
                let row = w.depth.at + w.depth.dy * ((at[1] + y) as f32 + (fy - w.anchor.y));
                let left = fx - w.anchor.x;
                let mut z = [0.0_f32; BLOCK];
                for (lane, z) in z.iter_mut().enumerate() {
                    let x = (at[0] + lane as i32) as f32 + left;
                    let depth = row + w.depth.dx * x;
                    let depth = if depth > 0.0 { depth } else { 0.0 };
                    *z = if depth < 1.0 { depth } else { 1.0 };
                }
                let Some(&mut old) = lanes(&mut self.cover.samples.depth[sample], first) else {
                    return;
                };
                let mut pass = [0_u32; BLOCK];
                for lane in 0..BLOCK {
                    let passed = (inside[lane] >= 0) & passes(z[lane], old[lane]);
                    pass[lane] = if passed { u32::MAX } else { 0 };
                }
                self.out.row(self.cover.samples, sample, first, &z, &pass);
            }
        }
    }
}
