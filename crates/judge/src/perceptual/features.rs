//! How far a view is from a prompt, in figures that are 0 for the same picture and around 1 for pictures with nothing in common.

use super::colour::{distance, oklab};
use super::frame::{CELLS, Framed, Place, align, apart};
use super::hull::filled;
use super::layer::{Layer, Sample};

/// Of one view.
pub(super) const VIEW_FEATURES: [&str; 6] =
    ["outline", "colours", "light", "places", "edges", "detail"];

/// A prompt made ready.
#[derive(Debug)]
pub(super) struct Target {
    framed: Framed,
    palette: Vec<Vec<f64>>,
    edges: Vec<f64>,
    detail: [f64; DETAIL.len()],
}

impl Target {
    pub(super) fn new(layer: &Layer) -> Self {
        Self::of(Framed::at(layer, Place::around(layer)))
    }

    fn of(framed: Framed) -> Self {
        let (palette, edges, detail) = (palette(&framed), edges(&framed), detail(&framed));
        Self { framed, palette, edges, detail }
    }

    /// How much of its hull the object fills.
    pub(super) fn filled(&self) -> f64 {
        filled(&self.framed)
    }

    /// In the order of [`VIEW_FEATURES`].
    pub(super) fn compare(&self, layer: &Layer) -> [f64; VIEW_FEATURES.len()] {
        if layer.is_empty() {
            return [1.0; VIEW_FEATURES.len()];
        }
        let view = Self::of(Framed::at(layer, align(&self.framed, layer)));
        let palette: Vec<f64> =
            std::iter::zip(&self.palette, &view.palette).map(apart_quantiles).collect();
        let detail = std::iter::zip(&self.detail, &view.detail);
        let detail = detail.map(|(one, other)| libm::log(one / other).abs());
        [
            apart(self.framed.cells.iter(), view.framed.cells.iter()),
            4.0 * palette[1..].iter().sum::<f64>() / (palette.len() - 1) as f64,
            2.0 * palette[0],
            places(&self.framed, &view.framed),
            1.0 - std::iter::zip(&self.edges, &view.edges).map(|(a, b)| a * b).sum::<f64>(),
            (detail.sum::<f64>() / DETAIL.len() as f64).min(2.0) / 2.0,
        ]
    }
}

/// Colour of a cell that shows the object, in Oklab.
fn colour(sample: &Sample) -> [f64; 3] {
    let a = sample[3].max(1e-9);
    oklab([sample[0] / a, sample[1] / a, sample[2] / a])
}

/// Quantiles of each distribution.
const QUANTILES: usize = 32;

/// Distributions of the object's colours along lightness and along four directions of colour, as quantiles.
fn palette(framed: &Framed) -> Vec<Vec<f64>> {
    let cells: Vec<([f64; 3], f64)> = framed
        .cells
        .iter()
        .filter(|cell| cell[3] > 0.5)
        .map(|cell| (colour(cell), cell[3]))
        .collect();
    let h = std::f64::consts::FRAC_1_SQRT_2;
    let directions = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, h, h], [0.0, h, -h]];
    let along = |direction: &[f64; 3]| {
        let mut values: Vec<(f64, f64)> = cells
            .iter()
            .map(|(colour, weight)| {
                ((0..3).map(|c| colour[c] * direction[c]).sum::<f64>(), *weight)
            })
            .collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = values.iter().map(|value| value.1).sum();
        let (mut quantiles, mut sum) = (Vec::with_capacity(QUANTILES), 0.0);
        for (value, weight) in values {
            sum += weight;
            while quantiles.len() < QUANTILES
                && sum >= total * (quantiles.len() as f64 + 0.5) / QUANTILES as f64
            {
                quantiles.push(value);
            }
        }
        quantiles.resize(QUANTILES, 0.0);
        quantiles
    };
    directions.iter().map(along).collect()
}

/// Mean distance that a distribution has to be moved to become the other.
fn apart_quantiles((one, other): (&Vec<f64>, &Vec<f64>)) -> f64 {
    std::iter::zip(one, other).map(|(a, b)| (a - b).abs()).sum::<f64>() / QUANTILES as f64
}

/// Mean distance of colours at the same place, where both objects are.
fn places(one: &Framed, other: &Framed) -> f64 {
    let (mut sum, mut total) = (0.0, 0.0);
    for (one, other) in std::iter::zip(one.coarse(6), other.coarse(6)) {
        let weight = one[3].min(other[3]);
        if weight > 0.05 {
            sum += weight * distance(colour(&one), colour(&other));
            total += weight;
        }
    }
    if total > 0.0 { (3.0 * sum / total).min(1.0) } else { 1.0 }
}

/// Lightness of each cell, the object before white.
fn lightness(framed: &Framed) -> Vec<f64> {
    let over = |sample: &Sample| {
        let behind = 1.0 - sample[3];
        oklab([sample[0] + behind, sample[1] + behind, sample[2] + behind])[0]
    };
    framed.cells.iter().map(over).collect()
}

/// Squares of the frame with a histogram each, along a side; and directions of each.
const SQUARES: usize = 6;
const DIRECTIONS: usize = 8;

/// Which way lightness changes, where: length 1.
fn edges(framed: &Framed) -> Vec<f64> {
    let lightness = lightness(framed);
    let mut sums = vec![0.0; SQUARES * SQUARES * DIRECTIONS];
    let at = |x: usize, y: usize| lightness[y * CELLS + x];
    for y in 1..CELLS - 1 {
        for x in 1..CELLS - 1 {
            let (dx, dy) = (at(x + 1, y) - at(x - 1, y), at(x, y + 1) - at(x, y - 1));
            let strength = (dx * dx + dy * dy).sqrt();
            if strength < 0.01 {
                continue;
            }
            let turn = libm::atan2(dy, dx) / std::f64::consts::TAU + 1.0;
            let direction = turn * DIRECTIONS as f64;
            let (low, part) = (direction as usize, direction - direction.floor());
            let square = y * SQUARES / CELLS * SQUARES + x * SQUARES / CELLS;
            let sums = &mut sums[square * DIRECTIONS..][..DIRECTIONS];
            sums[low % DIRECTIONS] += strength * (1.0 - part);
            sums[(low + 1) % DIRECTIONS] += strength * part;
        }
    }
    // The root evens out strong and weak edges.
    let length = sums.iter().sum::<f64>().max(1e-12);
    sums.iter().map(|sum| (sum / length).sqrt()).collect()
}

/// Distances over which changes of lightness are looked at, cells.
const DETAIL: [usize; 3] = [1, 2, 4];

/// How much lightness changes over each of these distances, inside of the object.
fn detail(framed: &Framed) -> [f64; DETAIL.len()] {
    let lightness = lightness(framed);
    DETAIL.map(|step| {
        let (mut sum, mut count) = (0.0, 0.0);
        for y in step..CELLS - step {
            for x in step..CELLS - step {
                let here = y * CELLS + x;
                let around = [here - step, here + step, here - step * CELLS, here + step * CELLS];
                if framed.cells[here][3] < 0.9 || around.iter().any(|&at| framed.cells[at][3] < 0.9)
                {
                    continue;
                }
                let mean = around.iter().map(|&at| lightness[at]).sum::<f64>() / 4.0;
                sum += (lightness[here] - mean).abs();
                count += 1.0;
            }
        }
        // Below this it is noise.
        (if count > 0.0 { sum / count } else { 0.0 }) + 0.004
    })
}
