//! The arithmetic of a transformer, on rows of `f32`.
//!
//! Why not a library: those that are fast choose fused or wider instructions by what the machine has, so their last bits
//! differ between machines. Here every sum is made in one order, by multiplication and addition apart, on any machine and
//! any number of threads; compilers may only use more lanes, which changes nothing.

use pulp::Arch;
use rayon::prelude::*;

/// Columns of a panel: what the inner loop computes side by side.
const LANES: usize = 16;
/// Rows that the inner loop computes side by side.
const ROWS: usize = 4;
/// Rows of one parallel task: enough to keep a panel in the cache, few enough for all cores.
const TASK_ROWS: usize = 7 * ROWS;

/// A matrix to multiply with, laid out in panels of [`LANES`] columns: `[panel][row][lane]`, zeros at the end.
#[derive(Debug, Clone)]
pub(super) struct Panels {
    rows: usize,
    columns: usize,
    values: Vec<f32>,
}

impl Panels {
    /// Of a matrix `[row][column]`, by what is at a row and a column.
    fn new(rows: usize, columns: usize, at: impl Fn(usize, usize) -> f32) -> Self {
        let mut values = Vec::with_capacity(columns.div_ceil(LANES) * rows * LANES);
        for first in (0..columns).step_by(LANES) {
            for row in 0..rows {
                let lanes = first..first + LANES;
                values.extend(
                    lanes.map(|column| if column < columns { at(row, column) } else { 0.0 }),
                );
            }
        }
        Self { rows, columns, values }
    }

    /// Of a matrix given as `[row][column]`.
    pub(super) fn of(matrix: &[f32], columns: usize) -> Self {
        Self::new(matrix.len() / columns, columns, |row, column| matrix[row * columns + column])
    }

    /// Of a matrix given as `[column][row]`, as weights are stored.
    pub(super) fn of_transposed(matrix: &[f32], rows: usize) -> Self {
        Self::new(rows, matrix.len() / rows, |row, column| matrix[column * rows + row])
    }

    /// Each row of `left` times this matrix.
    pub(super) fn multiply(&self, left: &[f32]) -> Vec<f32> {
        let mut product = vec![0.0; left.len() / self.rows * self.columns];
        let tasks = product.par_chunks_mut(TASK_ROWS * self.columns);
        tasks.zip(left.par_chunks(TASK_ROWS * self.rows)).for_each(|(product, left)| {
            Arch::new().dispatch(|| self.multiply_some(left, product));
        });
        product
    }

    #[inline(always)]
    fn multiply_some(&self, left: &[f32], product: &mut [f32]) {
        for (panel_idx, panel) in self.values.chunks_exact(self.rows * LANES).enumerate() {
            let columns = panel_idx * LANES..self.columns.min((panel_idx + 1) * LANES);
            let blocks = product.chunks_mut(ROWS * self.columns);
            for (product, left) in blocks.zip(left.chunks(ROWS * self.rows)) {
                let n_rows = left.len() / self.rows;
                // A short last block reads its first row again and throws the result away.
                let row = |idx: usize| {
                    let idx = if idx < n_rows { idx } else { 0 };
                    &left[idx * self.rows..(idx + 1) * self.rows]
                };
                let sums = multiply_block([row(0), row(1), row(2), row(3)], panel);
                let rows = product.chunks_exact_mut(self.columns);
                for (product, sums) in rows.zip(&sums) {
                    product[columns.clone()].copy_from_slice(&sums[..columns.len()]);
                }
            }
        }
    }
}

/// [`ROWS`] rows times a panel.
#[inline(always)]
fn multiply_block(left: [&[f32]; ROWS], panel: &[f32]) -> [[f32; LANES]; ROWS] {
    let mut sums = [[0.0_f32; LANES]; ROWS];
    let [a, b, c, d] = left;
    let lanes = panel.as_chunks::<LANES>().0;
    for ((((lanes, &a), &b), &c), &d) in lanes.iter().zip(a).zip(b).zip(c).zip(d) {
        for (sums, value) in std::iter::zip(&mut sums, [a, b, c, d]) {
            for (sum, lane) in std::iter::zip(sums, lanes) {
                *sum += value * lane;
            }
        }
    }
    sums
}

/// A matrix and what is added to each row.
#[derive(Debug, Clone)]
pub(super) struct Linear {
    pub(super) weight: Panels,
    pub(super) bias: Option<Vec<f32>>,
}

impl Linear {
    pub(super) fn apply(&self, rows: &[f32]) -> Vec<f32> {
        let mut product = self.weight.multiply(rows);
        if let Some(bias) = &self.bias {
            for row in product.chunks_exact_mut(bias.len()) {
                std::iter::zip(row, bias).for_each(|(value, bias)| *value += bias);
            }
        }
        product
    }
}

/// Layer normalisation.
#[derive(Debug, Clone)]
pub(super) struct Norm {
    pub(super) weight: Vec<f32>,
    pub(super) bias: Vec<f32>,
    pub(super) epsilon: f64,
}

impl Norm {
    pub(super) fn apply(&self, rows: &[f32]) -> Vec<f32> {
        let width = self.weight.len();
        let mut normal = rows.to_vec();
        for row in normal.chunks_exact_mut(width) {
            let mean = row.iter().map(|&value| f64::from(value)).sum::<f64>() / width as f64;
            let square = |&value: &f32| (f64::from(value) - mean) * (f64::from(value) - mean);
            let variance = row.iter().map(square).sum::<f64>() / width as f64;
            let scale = 1.0 / (variance + self.epsilon).sqrt();
            for ((value, weight), bias) in row.iter_mut().zip(&self.weight).zip(&self.bias) {
                *value = ((f64::from(*value) - mean) * scale) as f32 * weight + bias;
            }
        }
        normal
    }
}

/// Shares that sum to 1 in each row: exponentials, after scaling.
pub(super) fn softmax(rows: &mut [f32], width: usize, scale: f32) {
    for row in rows.chunks_exact_mut(width) {
        row.iter_mut().for_each(|value| *value *= scale);
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut sum = 0.0;
        for value in row.iter_mut() {
            *value = libm::expf(*value - largest);
            sum += *value;
        }
        row.iter_mut().for_each(|value| *value /= sum);
    }
}

/// What makes a transformer's MLP more than a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activation {
    /// x · Φ(x), Φ the normal distribution, exact.
    Gelu,
    /// x / (1 + e^−x).
    Silu,
}

impl Activation {
    pub(super) fn apply(self, values: &mut [f32]) {
        values.par_chunks_mut(1 << 13).for_each(|values| match self {
            Self::Gelu => values.iter_mut().for_each(|value| {
                *value *= 0.5 * (1.0 + libm::erff(*value * std::f32::consts::FRAC_1_SQRT_2));
            }),
            Self::Silu => values.iter_mut().for_each(|value| {
                *value /= 1.0 + libm::expf(-*value);
            }),
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Every size, also those that fill no block: the same bits as a plain loop.
        #[test]
        fn a_product_is_that_of_the_plain_loop(m in 1_usize..70, k in 1_usize..40, n in 1_usize..40, seed: u32) {
            let values = |salt: u32, len: usize| -> Vec<f32> {
                (0..len as u32)
                    .map(|at| (at.wrapping_add(seed).wrapping_mul(2_654_435_761 + salt) >> 8) as f32 / 8.4e6 - 1.0)
                    .collect()
            };
            let (left, right) = (values(1, m * k), values(2, k * n));
            let mut expected = vec![0.0_f32; m * n];
            for row in 0..m {
                for column in 0..n {
                    for at in 0..k {
                        expected[row * n + column] += left[row * k + at] * right[at * n + column];
                    }
                }
            }
            prop_assert_eq!(&Panels::of(&right, n).multiply(&left), &expected);
            let transposed: Vec<f32> =
                (0..n * k).map(|at| right[at % k * n + at / k]).collect();
            prop_assert_eq!(&Panels::of_transposed(&transposed, k).multiply(&left), &expected);
        }
    }

    /// Values of PyTorch 2.10.0, whose own are a few 1e-7 off.
    #[test]
    fn functions_are_those_of_pytorch() {
        let near = |found: &[f32], expected: &[f32]| {
            for (found, expected) in std::iter::zip(found, expected) {
                assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
            }
        };
        let mut values = [-3.0, -0.5, 0.0, 0.7, 4.0];
        Activation::Gelu.apply(&mut values);
        near(&values, &[-0.004_050_225, -0.154_268_77, 0.0, 0.530_625_4, 3.999_873_4]);
        let mut values = [-3.0, -0.5, 0.0, 0.7, 4.0];
        Activation::Silu.apply(&mut values);
        near(&values, &[-0.142_277_62, -0.188_770_34, 0.0, 0.467_731_27, 3.928_055_2]);
        let mut values = [1.0, 2.0, 4.0, 1000.0, 0.0, 0.0];
        softmax(&mut values, 3, 0.5);
        near(&values, &[0.140_244_38, 0.231_223_9, 0.628_531_34, 1.0, 0.0, 0.0]);
    }
}
