//! An object in a frame of its own: centred, of one size, laid over another as well as a shift and a scale can do.

use super::layer::{Layer, Sample};

/// Side of the frame, cells.
pub(super) const CELLS: usize = 96;
/// Longer side of the object's box in the frame, cells.
const OBJECT: f64 = 72.0;

/// Where the frame is on a picture: its middle, and the side of a cell, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    centre: [f64; 2],
    cell: f64,
}

impl Place {
    /// Around the object.
    pub(super) fn around(layer: &Layer) -> Self {
        let [[left, top], [right, bottom]] = layer.extent();
        let side = (right - left).max(bottom - top).max(1.0);
        Self { centre: [(left + right) / 2.0, (top + bottom) / 2.0], cell: side / OBJECT }
    }

    /// Moved by so many cells, and scaled.
    fn moved(self, [dx, dy]: [f64; 2], scale: f64) -> Self {
        let Self { centre: [x, y], cell } = self;
        Self { centre: [x + dx * cell, y + dy * cell], cell: cell * scale }
    }

    /// What is in the frame, `side` × `side` boxes over the whole of it.
    fn cells(self, layer: &Layer, side: usize) -> impl Iterator<Item = Sample> {
        let step = self.cell * CELLS as f64 / side as f64;
        let from = move |axis: usize, at: usize| {
            self.centre[axis] - self.cell * CELLS as f64 / 2.0 + at as f64 * step
        };
        (0..side * side).map(move |at| {
            let (x, y) = (at % side, at / side);
            layer.mean([from(0, x), from(1, y)], [from(0, x + 1), from(1, y + 1)])
        })
    }
}

/// An object in its frame.
#[derive(Debug, Clone)]
pub(super) struct Framed {
    /// Row by row, [`CELLS`] each.
    pub(super) cells: Vec<Sample>,
}

impl Framed {
    pub(super) fn at(layer: &Layer, place: Place) -> Self {
        Self { cells: place.cells(layer, CELLS).collect() }
    }

    /// Means of squares of so many cells.
    pub(super) fn coarse(&self, square: usize) -> Vec<Sample> {
        let side = CELLS / square;
        let mut sums = vec![[0.0; 4]; side * side];
        for (at, cell) in self.cells.iter().enumerate() {
            let sum = &mut sums[at / CELLS / square * side + at % CELLS / square];
            for c in 0..4 {
                sum[c] += cell[c] / (square * square) as f64;
            }
        }
        sums
    }
}

/// One less what two coverages share of what either covers.
pub(super) fn apart<'a>(
    one: impl Iterator<Item = &'a Sample>,
    other: impl Iterator<Item = &'a Sample>,
) -> f64 {
    let (mut both, mut either) = (0.0, 0.0);
    for (one, other) in one.zip(other) {
        both += one[3].min(other[3]);
        either += one[3].max(other[3]);
    }
    if either > 0.0 { 1.0 - both / either } else { 1.0 }
}

/// The place on `layer` where its object lies best over `target`.
pub(super) fn align(target: &Framed, layer: &Layer) -> Place {
    /// Cells of the frame that are compared as one.
    const SQUARE: usize = 3;
    let wanted = target.coarse(SQUARE);
    let start = Place::around(layer);
    let mut best = (f64::INFINITY, start);
    let mut try_out = |place: Place| {
        let here: Vec<Sample> = place.cells(layer, CELLS / SQUARE).collect();
        let apart = apart(wanted.iter(), here.iter());
        // The first of equals stays: nothing depends on more than the pictures.
        if apart < best.0 {
            best = (apart, place);
        }
        best.1
    };
    let mut centre = start;
    for (step, scales) in
        [(4.0, [1.0, 0.9, 1.11]), (2.0, [1.0, 0.95, 1.053]), (1.0, [1.0, 0.975, 1.026])]
    {
        let from = centre;
        for scale in scales {
            for dy in [0.0, -1.0, 1.0] {
                for dx in [0.0, -1.0, 1.0] {
                    centre = try_out(from.moved([dx * step, dy * step], scale));
                }
            }
        }
    }
    centre
}
