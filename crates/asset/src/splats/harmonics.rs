//! Rotation of real spherical harmonics, bands 1 to 4: what becomes of a splat's colour when the splat is turned.
//!
//! Facts: J. Ivanic and K. Ruedenberg, "Rotation Matrices for Real Spherical Harmonics", J. Phys. Chem. 100 (1996), with
//! the additions and corrections of 1998. Their functions have no Condon–Shortley sign; those of 3DGS (rendering
//! specification §B.7) have (−1)^m, which is put on both sides of each matrix.

use super::ShDegree;

/// Bands above degree 0.
const BANDS: usize = ShDegree::MAX.get() as usize;
/// Functions of the highest band.
const SIZE: usize = 2 * BANDS + 1;

/// A square matrix of band `l`; row and column `m + l` belong to the function of order `m`.
type Matrix = [[f64; SIZE]; SIZE];

/// For each band, the matrix from the coefficients before to those after.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Turn {
    bands: [[[f32; SIZE]; SIZE]; BANDS],
}

impl Turn {
    /// `rotation`: rows of a rotation matrix. `is_mirrored`: every direction is reversed afterwards.
    pub(super) fn new(rotation: [[f64; 3]; 3], is_mirrored: bool) -> Self {
        let mut bands = [[[0.0; SIZE]; SIZE]; BANDS];
        let first = first_band(rotation);
        let mut matrix = first;
        for band in 1..=BANDS {
            if band > 1 {
                matrix = next_band(band as isize, &first, &matrix);
            }
            // Odd functions change their sign where directions are reversed.
            let mirror = if is_mirrored && band % 2 == 1 { -1.0 } else { 1.0 };
            for (row_idx, row) in matrix.iter().enumerate() {
                for (column_idx, value) in row.iter().enumerate() {
                    let sign = if (row_idx + column_idx) % 2 == 1 { -1.0 } else { 1.0 };
                    bands[band - 1][row_idx][column_idx] = (sign * mirror * value) as f32;
                }
            }
        }
        Self { bands }
    }

    /// Turns the coefficients of one splat above degree 0, `[coefficient, channel]` flat.
    pub(super) fn apply(&self, sh_rest: &mut [f32]) {
        let (coefficients, _) = sh_rest.as_chunks_mut::<3>();
        let mut rest = coefficients;
        for (band_idx, matrix) in self.bands.iter().enumerate() {
            let size = 2 * band_idx + 3;
            let Some((band, tail)) = rest.split_at_mut_checked(size) else { return };
            let mut before = [[0.0_f32; 3]; SIZE];
            before[..size].copy_from_slice(band);
            for (after, row) in band.iter_mut().zip(matrix) {
                *after = [0.0; 3];
                for (coefficient, factor) in before[..size].iter().zip(row) {
                    for channel in 0..3 {
                        after[channel] += factor * coefficient[channel];
                    }
                }
            }
            rest = tail;
        }
    }
}

/// Band 1 turns like the axes y, z, x.
fn first_band(rotation: [[f64; 3]; 3]) -> Matrix {
    const AXES: [usize; 3] = [1, 2, 0];
    let mut matrix = [[0.0; SIZE]; SIZE];
    for row in 0..3 {
        for column in 0..3 {
            matrix[row][column] = rotation[AXES[row]][AXES[column]];
        }
    }
    matrix
}

/// The matrix of band `l` from those of band 1 and band `l` − 1.
fn next_band(l: isize, first: &Matrix, before: &Matrix) -> Matrix {
    let mut matrix = [[0.0; SIZE]; SIZE];
    // The products of the paper's table 2: of an entry of band 1 and entries of the band before.
    let product = |i: isize, a: isize, b: isize| {
        let one = |column: isize| first[(i + 1) as usize][(column + 1) as usize];
        let earlier = |column: isize| before[(a + l - 1) as usize][(column + l - 1) as usize];
        if b == l {
            one(1) * earlier(l - 1) - one(-1) * earlier(1 - l)
        } else if b == -l {
            one(1) * earlier(1 - l) + one(-1) * earlier(l - 1)
        } else {
            one(0) * earlier(b)
        }
    };
    for m in -l..=l {
        for n in -l..=l {
            let size = m.abs();
            let below = if n.abs() == l { 2 * l * (2 * l - 1) } else { (l + n) * (l - n) } as f64;
            let root = |value: isize| (value as f64 / below).sqrt();
            let mut sum = 0.0;
            if size < l {
                sum += root((l + m) * (l - m)) * product(0, m, n);
            }
            let v = 0.5 * root((l + size - 1) * (l + size));
            sum += v * match m {
                0 => -f64::sqrt(2.0) * (product(1, 1, n) + product(-1, -1, n)),
                1 => f64::sqrt(2.0) * product(1, 0, n),
                -1 => f64::sqrt(2.0) * product(-1, 0, n),
                _ if m > 0 => product(1, m - 1, n) - product(-1, 1 - m, n),
                _ => product(1, m + 1, n) + product(-1, -m - 1, n),
            };
            if m != 0 && size < l - 1 {
                let w = -0.5 * root((l - size - 1) * (l - size));
                sum += w * if m > 0 {
                    product(1, m + 1, n) + product(-1, -m - 1, n)
                } else {
                    product(1, m - 1, n) - product(-1, 1 - m, n)
                };
            }
            matrix[(m + l) as usize][(n + l) as usize] = sum;
        }
    }
    matrix
}

#[cfg(test)]
mod tests;
