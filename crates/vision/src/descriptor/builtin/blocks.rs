//! The blocks of numbers a vector is made of.

use std::array;

use super::colour::{usual, waves};
use super::object::Object;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    Palette,
    Bands,
    Layout,
    Edges,
    Outline,
}

/// Waves over colour of [`Block::Palette`].
const PALETTE_WAVES: usize = 48;
/// Bands of height, and waves in each, of [`Block::Bands`].
const BANDS: usize = 4;
const BAND_WAVES: usize = 6;
/// Cells along a side of [`Block::Layout`] and [`Block::Edges`].
const CELLS: usize = 4;
/// Directions of [`Block::Edges`], over half a turn.
const DIRECTIONS: usize = 8;
/// Cells along a side of [`Block::Outline`].
const OUTLINE_CELLS: usize = 8;

impl Block {
    pub(super) const ALL: [Self; 5] =
        [Self::Palette, Self::Bands, Self::Layout, Self::Edges, Self::Outline];

    /// Its share of the squared length is the square of this.
    pub(super) fn weight(self) -> f32 {
        match self {
            Self::Palette => 0.65,
            Self::Bands => 0.55,
            Self::Layout => 0.35,
            Self::Edges => 0.33,
            Self::Outline => 0.21,
        }
    }

    pub(super) fn values(self, object: &Object) -> Vec<f32> {
        match self {
            Self::Palette => palette(object),
            Self::Bands => bands(object),
            Self::Layout => layout(object),
            Self::Edges => edges(object),
            Self::Outline => outline(object),
        }
    }
}

/// Adds the cosine and the sine of each wave at a colour.
fn add_waves(sums: &mut [f32], waves: &[[f32; 3]], colour: [f32; 3], weight: f32) {
    for (sums, wave) in std::iter::zip(sums.chunks_exact_mut(2), waves) {
        let phase = wave[0] * colour[0] + wave[1] * colour[1] + wave[2] * colour[2];
        sums[0] += weight * libm::cosf(phase);
        sums[1] += weight * libm::sinf(phase);
    }
}

/// Subtracts what the same weight of usual colours would have.
fn centre_waves(sums: &mut [f32], usual: &[f32], weight: f32) {
    std::iter::zip(sums, usual).for_each(|(sum, usual)| *sum -= weight * usual);
}

fn palette(object: &Object) -> Vec<f32> {
    let waves = waves::<PALETTE_WAVES>(1);
    let mut sums = vec![0.0; 2 * PALETTE_WAVES];
    let mut total = 0.0;
    for (at, _, weight) in object.coloured() {
        add_waves(&mut sums, &waves, object.colours[at], weight);
        total += weight;
    }
    centre_waves(&mut sums, &usual(&waves), total);
    sums
}

fn bands(object: &Object) -> Vec<f32> {
    let waves = waves::<BAND_WAVES>(101);
    let mut sums = vec![0.0; BANDS * 2 * BAND_WAVES];
    let mut totals = [0.0; BANDS];
    for (at, [_, y], weight) in object.coloured() {
        for (band, share) in shares::<BANDS>(y).into_iter().enumerate() {
            if share > 0.0 {
                let sums = &mut sums[band * 2 * BAND_WAVES..][..2 * BAND_WAVES];
                add_waves(sums, &waves, object.colours[at], weight * share);
                totals[band] += weight * share;
            }
        }
    }
    let usual = usual(&waves);
    for (sums, total) in sums.chunks_exact_mut(2 * BAND_WAVES).zip(totals) {
        centre_waves(sums, &usual, total);
    }
    sums
}

/// Lightness against the object's mean, and the two opponent colours, in each cell.
fn layout(object: &Object) -> Vec<f32> {
    let total: f32 = object.weights.iter().sum();
    let lightness =
        std::iter::zip(&object.colours, &object.weights).map(|(colour, weight)| colour[0] * weight);
    let mean = lightness.sum::<f32>() / total;
    let mut sums = vec![0.0; CELLS * CELLS * 3];
    for (at, place, weight) in object.pixels() {
        let [l, a, b] = object.colours[at];
        for (cell, share) in cells::<CELLS>(place) {
            let parts = [l - mean, 2.0 * a, 2.0 * b];
            let sums = &mut sums[3 * cell..3 * cell + 3];
            std::iter::zip(sums, parts).for_each(|(sum, part)| *sum += weight * share * part);
        }
    }
    sums
}

/// Gradients of all three components, by direction, in each cell.
fn edges(object: &Object) -> Vec<f32> {
    let mut sums = vec![0.0; CELLS * CELLS * DIRECTIONS];
    let at = |x: usize, y: usize| object.colours[y * object.width + x];
    for y in 1..object.height.saturating_sub(1) {
        for x in 1..object.width.saturating_sub(1) {
            let (left, right, up, down) = (at(x - 1, y), at(x + 1, y), at(x, y - 1), at(x, y + 1));
            // The steepest of the components.
            let steps: [[f32; 2]; 3] = array::from_fn(|c| [right[c] - left[c], down[c] - up[c]]);
            let square = |[dx, dy]: [f32; 2]| dx * dx + dy * dy;
            let steepest = steps
                .into_iter()
                .fold([0.0; 2], |best, step| if square(step) > square(best) { step } else { best });
            let strength2 = square(steepest);
            // Noise is not an edge.
            let strength = strength2 / (strength2.sqrt() + 0.05);
            if strength < 1e-3 {
                continue;
            }
            let turn = libm::atan2f(steepest[1], steepest[0]) / std::f32::consts::PI;
            let direction = (turn + 1.0) * DIRECTIONS as f32;
            let (low, share_high) = (direction.floor(), direction - direction.floor());
            for (cell, share) in cells::<CELLS>(object.place(x, y)) {
                let sums = &mut sums[cell * DIRECTIONS..][..DIRECTIONS];
                sums[low as usize % DIRECTIONS] += strength * share * (1.0 - share_high);
                sums[(low as usize + 1) % DIRECTIONS] += strength * share * share_high;
            }
        }
    }
    // The root evens out strong and weak edges.
    sums.iter_mut().for_each(|sum| *sum = sum.sqrt());
    centre_rows_and_columns(&mut sums, DIRECTIONS);
    sums
}

/// How much of each cell the object fills, without what a round blob would.
fn outline(object: &Object) -> Vec<f32> {
    let mut sums = vec![0.0; OUTLINE_CELLS * OUTLINE_CELLS];
    for (_, place, weight) in object.pixels() {
        for (cell, share) in cells::<OUTLINE_CELLS>(place) {
            sums[cell] += weight * share;
        }
    }
    let middle = (OUTLINE_CELLS - 1) as f32 / 2.0;
    let away2 = |cell: usize| {
        let (x, y) = ((cell % OUTLINE_CELLS) as f32, (cell / OUTLINE_CELLS) as f32);
        ((x - middle) * (x - middle) + (y - middle) * (y - middle)) / (middle * middle)
    };
    // Means over cells at the same distance from the middle are what a round blob has.
    for ring in 0..sums.len() {
        let same: Vec<usize> = (0..sums.len()).filter(|&cell| away2(cell) == away2(ring)).collect();
        if same[0] == ring {
            let mean = same.iter().map(|&cell| sums[cell]).sum::<f32>() / same.len() as f32;
            same.iter().for_each(|&cell| sums[cell] -= mean);
        }
    }
    sums
}

/// Subtracts the mean of each row and of each column.
fn centre_rows_and_columns(values: &mut [f32], columns: usize) {
    let rows = values.len() / columns;
    for row in values.chunks_exact_mut(columns) {
        let mean = row.iter().sum::<f32>() / columns as f32;
        row.iter_mut().for_each(|value| *value -= mean);
    }
    for column in 0..columns {
        let mean = (0..rows).map(|row| values[row * columns + column]).sum::<f32>() / rows as f32;
        (0..rows).for_each(|row| values[row * columns + column] -= mean);
    }
}

/// How much of a point from −1 to 1 each of N equal stretches gets: it goes to the two nearest. Outside, the outermost
/// one gets all.
fn shares<const N: usize>(place: f32) -> [f32; N] {
    let at = ((place + 1.0) / 2.0 * N as f32 - 0.5).clamp(0.0, (N - 1) as f32);
    array::from_fn(|idx| (1.0 - (at - idx as f32).abs()).max(0.0))
}

/// The same over a square: cells, row by row, with a share.
fn cells<const N: usize>([x, y]: [f32; 2]) -> impl Iterator<Item = (usize, f32)> {
    let (columns, rows) = (shares::<N>(x), shares::<N>(y));
    (0..N * N).filter_map(move |cell| {
        let share = rows[cell / N] * columns[cell % N];
        (share > 0.0).then_some((cell, share))
    })
}
