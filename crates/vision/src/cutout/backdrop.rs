//! What the backdrop looks like where the object hides it: a low-order polynomial per Lab channel, fitted to the pixels
//! along the border by reweighted least squares, so that an object that reaches the border does not pull it.

use super::grid::Grid;
use super::lab::distance2;

/// Monomials of x and y up to degree 3, x and y from −1 to 1.
const TERMS: usize = 10;
/// Rounds of reweighting.
const ROUNDS: usize = 8;

fn terms(x: f64, y: f64) -> [f64; TERMS] {
    [1.0, x, y, x * x, x * y, y * y, x * x * x, x * x * y, x * y * y, y * y * y]
}

/// A smooth surface in Lab.
#[derive(Debug, Clone)]
pub(super) struct Surface {
    coefficients: [[f64; TERMS]; 3],
    /// Median distance of the fitted pixels from it.
    pub(super) noise: f32,
}

impl Surface {
    /// Fits to the pixels that are `known`, each `stride`-th of them.
    pub(super) fn fit(lab: &Grid<[f32; 3]>, known: &Grid<bool>, stride: usize) -> Self {
        let (width, height) = (lab.width, lab.height);
        let known = (0..lab.values.len()).filter(|&at| known.values[at]).step_by(stride);
        let samples: Vec<_> = known
            .map(|at| (place(at % width, at / width, [width, height]), lab.values[at]))
            .collect();
        let mut weights = vec![1.0_f64; samples.len()];
        let mut surface = Self { coefficients: [[0.0; TERMS]; 3], noise: 0.0 };
        if samples.is_empty() {
            return surface;
        }
        for _ in 0..ROUNDS {
            surface.coefficients = solve(&samples, &weights);
            let residuals: Vec<f32> = samples
                .iter()
                .map(|(terms, colour)| libm::sqrtf(distance2(surface.evaluate(terms), *colour)))
                .collect();
            let mut sorted = residuals.clone();
            surface.noise = *sorted.select_nth_unstable_by(residuals.len() / 2, f32::total_cmp).1;
            // Tukey's weight: nothing beyond three times the noise counts, and at least 1 is noise.
            let cut = 3.0 * f64::from(surface.noise.max(1.0));
            for (weight, residual) in weights.iter_mut().zip(&residuals) {
                let r = f64::from(*residual) / cut;
                *weight = if r < 1.0 { (1.0 - r * r) * (1.0 - r * r) } else { 1e-6 };
            }
        }
        surface
    }

    /// Its colour at every pixel of a grid.
    pub(super) fn colours(&self, width: usize, height: usize) -> Grid<[f32; 3]> {
        Grid::from_fn(width, height, |x, y| self.evaluate(&place(x, y, [width, height])))
    }

    fn evaluate(&self, terms: &[f64; TERMS]) -> [f32; 3] {
        let value = |c: [f64; TERMS]| c.iter().zip(terms).map(|(c, t)| c * t).sum::<f64>();
        self.coefficients.map(|c| value(c) as f32)
    }
}

fn place(x: usize, y: usize, [width, height]: [usize; 2]) -> [f64; TERMS] {
    let scaled = |at: usize, n: usize| (2 * at + 1) as f64 / n as f64 - 1.0;
    terms(scaled(x, width), scaled(y, height))
}

/// Weighted normal equations by Gauss–Jordan elimination, with a ridge that keeps them regular.
fn solve(samples: &[([f64; TERMS], [f32; 3])], weights: &[f64]) -> [[f64; TERMS]; 3] {
    let mut rows = [[0.0_f64; TERMS + 3]; TERMS];
    for ((terms, colour), weight) in samples.iter().zip(weights) {
        for i in 0..TERMS {
            let scaled = weight * terms[i];
            for j in 0..TERMS {
                rows[i][j] += scaled * terms[j];
            }
            for c in 0..3 {
                rows[i][TERMS + c] += scaled * f64::from(colour[c]);
            }
        }
    }
    let ridge = 1e-6 * rows[0][0] + 1e-12;
    for (i, row) in rows.iter_mut().enumerate() {
        row[i] += ridge;
    }
    for i in 0..TERMS {
        let pivot = rows[i];
        for (j, row) in rows.iter_mut().enumerate() {
            if j != i {
                let factor = row[i] / pivot[i];
                for (value, above) in row.iter_mut().zip(&pivot) {
                    *value -= factor * above;
                }
            }
        }
    }
    std::array::from_fn(|c| std::array::from_fn(|i| rows[i][TERMS + c] / rows[i][i]))
}
