//! From the values of one splat in a row to attributes: [`SplatsParts`] while they are being filled.

use rayon::prelude::*;

use crate::splats::{ShDegree, SplatsParts};

use super::layout::N_FIXED;

/// The most values that one splat has.
pub(super) const ROW_VALUES_MAX: usize = N_FIXED + ShDegree::MAX.rest_values();

/// Values of one splat: position, log scale, rotation, raw opacity, `sh_dc`, `sh_rest` (`[coefficient, channel]`).
pub(super) type Row = [f32; ROW_VALUES_MAX];

/// Splats decoded by one task.
const BLOCK_SPLATS: usize = 1024;

/// Splats to come: attributes that grow as the bytes arrive.
pub(super) struct Filling {
    parts: SplatsParts,
    splat_count: usize,
    /// Splats written so far.
    n_done: usize,
}

impl Filling {
    /// `is_justified` says that the file is long enough for `splat_count`: then room for all is taken at once.
    pub(super) fn new(splat_count: usize, sh_degree: ShDegree, is_justified: bool) -> Self {
        let mut parts = SplatsParts { sh_degree, ..SplatsParts::default() };
        if is_justified {
            parts = SplatsParts {
                positions: vec![[0.0; 3]; splat_count],
                log_scales: vec![[0.0; 3]; splat_count],
                rotations: vec![[0.0; 4]; splat_count],
                raw_opacities: vec![0.0; splat_count],
                sh_dc: vec![[0.0; 3]; splat_count],
                sh_degree,
                sh_rest: vec![0.0; splat_count * sh_degree.rest_values()],
            };
        }
        Self { parts, splat_count, n_done: 0 }
    }

    /// Splats that are still missing.
    pub(super) fn n_missing(&self) -> usize {
        self.splat_count - self.n_done
    }

    /// Room for the next `n_splats`, in blocks that can be filled in parallel.
    fn next_blocks(&mut self, n_splats: usize) -> Vec<Block<'_>> {
        let parts = &mut self.parts;
        let n_rest = parts.sh_degree.rest_values();
        let (start, end) = (self.n_done, self.n_done + n_splats);
        self.n_done = end;
        if parts.positions.len() < end {
            grow(&mut parts.positions, end, self.splat_count, [0.0; 3]);
            grow(&mut parts.log_scales, end, self.splat_count, [0.0; 3]);
            grow(&mut parts.rotations, end, self.splat_count, [0.0; 4]);
            grow(&mut parts.raw_opacities, end, self.splat_count, 0.0);
            grow(&mut parts.sh_dc, end, self.splat_count, [0.0; 3]);
            grow(&mut parts.sh_rest, end * n_rest, self.splat_count * n_rest, 0.0);
        }
        let mut rest = Block {
            n_rest,
            positions: &mut parts.positions[start..end],
            log_scales: &mut parts.log_scales[start..end],
            rotations: &mut parts.rotations[start..end],
            raw_opacities: &mut parts.raw_opacities[start..end],
            sh_dc: &mut parts.sh_dc[start..end],
            sh_rest: &mut parts.sh_rest[start * n_rest..end * n_rest],
        };
        let mut blocks = Vec::with_capacity(n_splats.div_ceil(BLOCK_SPLATS));
        while rest.positions.len() > BLOCK_SPLATS {
            let (head, tail) = rest.split(BLOCK_SPLATS);
            blocks.push(head);
            rest = tail;
        }
        blocks.push(rest);
        blocks
    }

    /// Fills the next `n_splats` in parallel. `row_of(idx, row)` writes splat `idx` of these.
    ///
    /// # Errors
    /// The error of the lowest `idx` that has one, at any number of threads.
    pub(super) fn fill<E: Send>(
        &mut self,
        n_splats: usize,
        row_of: impl Fn(usize, &mut Row) -> Result<(), E> + Sync,
    ) -> Result<(), E> {
        let blocks = self.next_blocks(n_splats);
        let failed = blocks.into_par_iter().enumerate().find_map_first(|(block_idx, mut block)| {
            let mut row = [0.0; ROW_VALUES_MAX];
            (0..block.positions.len()).find_map(|idx| {
                let result = row_of(block_idx * BLOCK_SPLATS + idx, &mut row);
                block.set(idx, &row);
                result.err()
            })
        });
        failed.map_or(Ok(()), Err)
    }

    /// The attributes, once all splats are there.
    pub(super) fn finish(self) -> SplatsParts {
        debug_assert_eq!(self.n_missing(), 0, "every record was read");
        self.parts
    }
}

/// Lengthens to `len`. Doubles the room, so that splats are copied rarely, but never beyond `len_max`.
pub(crate) fn grow<T: Clone>(values: &mut Vec<T>, len: usize, len_max: usize, zero: T) {
    if values.capacity() < len {
        let room = len.max(2 * values.len()).min(len_max);
        values.reserve_exact(room - values.len());
    }
    values.resize(len, zero);
}

/// Some splats in a row, by attribute, to be written to.
struct Block<'a> {
    n_rest: usize,
    positions: &'a mut [[f32; 3]],
    log_scales: &'a mut [[f32; 3]],
    rotations: &'a mut [[f32; 4]],
    raw_opacities: &'a mut [f32],
    sh_dc: &'a mut [[f32; 3]],
    sh_rest: &'a mut [f32],
}

impl<'a> Block<'a> {
    fn split(self, n_splats: usize) -> (Self, Self) {
        let n_rest = self.n_rest;
        let (positions, positions_tail) = self.positions.split_at_mut(n_splats);
        let (log_scales, log_scales_tail) = self.log_scales.split_at_mut(n_splats);
        let (rotations, rotations_tail) = self.rotations.split_at_mut(n_splats);
        let (raw_opacities, raw_opacities_tail) = self.raw_opacities.split_at_mut(n_splats);
        let (sh_dc, sh_dc_tail) = self.sh_dc.split_at_mut(n_splats);
        let (sh_rest, sh_rest_tail) = self.sh_rest.split_at_mut(n_splats * n_rest);
        let head =
            Block { n_rest, positions, log_scales, rotations, raw_opacities, sh_dc, sh_rest };
        let tail: Block<'a> = Block {
            n_rest,
            positions: positions_tail,
            log_scales: log_scales_tail,
            rotations: rotations_tail,
            raw_opacities: raw_opacities_tail,
            sh_dc: sh_dc_tail,
            sh_rest: sh_rest_tail,
        };
        (head, tail)
    }

    fn set(&mut self, idx: usize, row: &Row) {
        self.positions[idx] = [row[0], row[1], row[2]];
        self.log_scales[idx] = [row[3], row[4], row[5]];
        self.rotations[idx] = [row[6], row[7], row[8], row[9]];
        self.raw_opacities[idx] = row[10];
        self.sh_dc[idx] = [row[11], row[12], row[13]];
        let n_rest = self.n_rest;
        let rest = &mut self.sh_rest[idx * n_rest..(idx + 1) * n_rest];
        rest.copy_from_slice(&row[N_FIXED..N_FIXED + n_rest]);
    }
}
