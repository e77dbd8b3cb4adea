//! Which triangles meet at which edges.

use rayon::prelude::*;

/// One side of a triangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Side {
    /// The lower vertex of the edge.
    pub low: u32,
    /// The higher vertex of the edge.
    pub high: u32,
    /// The triangle.
    pub triangle: u32,
    /// Whether the triangle goes from low to high.
    pub forward: bool,
}

/// All sides, sorted by edge: sides of one edge are next to each other. Sides from a vertex to itself are left out.
pub(crate) fn sides(triangles: &[[u32; 3]]) -> Vec<Side> {
    let mut sides: Vec<Side> = Vec::with_capacity(3 * triangles.len());
    for (idx, corners) in triangles.iter().enumerate() {
        for k in 0..3 {
            let (from, to) = (corners[k], corners[(k + 1) % 3]);
            let (low, high) = (from.min(to), from.max(to));
            if low != high {
                sides.push(Side { low, high, triangle: idx as u32, forward: from == low });
            }
        }
    }
    sides.par_sort_unstable();
    sides
}

/// Calls `visit` with the sides of each edge.
pub(crate) fn for_each_edge(sides: &[Side], mut visit: impl FnMut(&[Side])) {
    sides.chunk_by(|a, b| a.low == b.low && a.high == b.high).for_each(&mut visit);
}

/// Sets that are joined step by step.
#[derive(Debug, Clone)]
pub(crate) struct Unions(Vec<u32>);

impl Unions {
    /// Each on its own.
    pub(crate) fn new(count: usize) -> Self {
        Self((0..count as u32).collect())
    }

    /// The lowest member of the set.
    pub(crate) fn find(&mut self, item: u32) -> u32 {
        let mut at = item;
        while self.0[at as usize] != at {
            let above = self.0[self.0[at as usize] as usize];
            self.0[at as usize] = above;
            at = above;
        }
        at
    }

    /// Makes one set of two.
    pub(crate) fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        self.0[a.max(b) as usize] = a.min(b);
    }
}
