//! A palette of spherical harmonics: k-means over whole vectors, by a tree.
//!
//! The tree halves the splats again and again, across the direction in which they differ most, and gives each half its
//! share of the palette by its error. Lloyd's algorithm follows; the nearest entry is looked for in the leaves of the
//! tree that seem nearest, not in all. Nothing is random, and no result depends on the number of threads.

mod tree;

use rayon::prelude::*;

use crate::splats::ShDegree;

use super::PALETTE_MAX;
use super::codebook::Codebook;
use tree::{Query, Tree};

/// Rounds of Lloyd's algorithm.
const ROUNDS: usize = 4;
/// Splats looked up by one task.
const BLOCK_SPLATS: usize = 4096;

#[derive(Debug)]
pub(super) struct Palette {
    /// `[splat]`.
    pub(super) labels: Vec<u16>,
    /// Codebook of the bytes.
    pub(super) levels: Vec<f32>,
    /// `[entry, coefficient, channel]` flat.
    pub(super) places: Vec<u8>,
    n_values: usize,
}

impl Palette {
    /// `sh_rest`: `[splat, coefficient, channel]`, not empty; the degree is not 0.
    pub(super) fn of(sh_rest: &[f32], degree: ShDegree) -> Self {
        let points = Points { values: sh_rest, n_values: degree.rest_values() };
        let (mut tree, order) = Tree::grow(&points, size(points.len()));
        let mut labels = vec![0; points.len()];
        for round in 0..ROUNDS {
            look_up(&points, &tree, &order, &mut labels);
            if round + 1 < ROUNDS {
                tree.move_entries(&points, &labels);
            }
        }
        let entries = tree.entries(points.n_values);
        let (values, _) = entries.as_chunks::<3>();
        let codebook = Codebook::of(values);
        let places = entries.iter().map(|value| codebook.place(*value)).collect();
        Self { labels, levels: codebook.padded(), places, n_values: points.n_values }
    }

    pub(super) fn n_entries(&self) -> usize {
        self.places.len() / self.n_values
    }
}

/// Entries for so many splats: all of them while they are few, then a power of two, 8 to 16 splats an entry at a million.
fn size(splat_count: usize) -> usize {
    if splat_count <= 1024 { splat_count } else { (1 << splat_count.ilog2()).min(PALETTE_MAX) }
}

/// Vectors in a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Points<'a> {
    values: &'a [f32],
    n_values: usize,
}

impl<'a> Points<'a> {
    const fn len(&self) -> usize {
        self.values.len() / self.n_values
    }

    fn get(&self, idx: u32) -> &'a [f32] {
        let at = idx as usize * self.n_values;
        &self.values[at..at + self.n_values]
    }
}

/// Labels every splat. `order`: splats that are alike follow each other, so that a task stays in one part of the tree.
fn look_up(points: &Points<'_>, tree: &Tree, order: &[u32], labels: &mut [u16]) {
    let found: Vec<Vec<u16>> = order
        .par_chunks(BLOCK_SPLATS)
        .map(|block| {
            let mut query = Query::default();
            block.iter().map(|splat_idx| tree.nearest(points.get(*splat_idx), &mut query)).collect()
        })
        .collect();
    for (splat_idx, label) in order.iter().zip(found.iter().flatten()) {
        labels[*splat_idx as usize] = *label;
    }
}

#[cfg(test)]
mod tests;
