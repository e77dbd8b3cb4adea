//! Values on a pixel grid, and the few filters the cut-out needs.

use rayon::prelude::*;

/// One value per pixel, row by row from the top left.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grid<T> {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) values: Vec<T>,
}

impl<T: Copy + Send + Sync> Grid<T> {
    pub(super) fn filled(width: usize, height: usize, value: T) -> Self {
        Self { width, height, values: vec![value; width * height] }
    }

    pub(super) fn from_fn(
        width: usize,
        height: usize,
        value: impl Fn(usize, usize) -> T + Sync,
    ) -> Self {
        let row = |y: usize| (0..width).map(|x| value(x, y)).collect::<Vec<_>>();
        let values = (0..height).into_par_iter().flat_map_iter(row).collect();
        Self { width, height, values }
    }

    pub(super) fn at(&self, x: usize, y: usize) -> T {
        self.values[y * self.width + x]
    }

    /// The value at the nearest pixel of the grid.
    pub(super) fn at_clamped(&self, x: isize, y: isize) -> T {
        let x = x.clamp(0, self.width as isize - 1) as usize;
        self.at(x, y.clamp(0, self.height as isize - 1) as usize)
    }

    fn transposed(&self) -> Self {
        Self::from_fn(self.height, self.width, |x, y| self.at(y, x))
    }

    pub(super) fn map<U: Copy + Send + Sync>(&self, value: impl Fn(T) -> U + Sync) -> Grid<U> {
        let values = self.values.par_iter().with_min_len(1 << 14).map(|&v| value(v)).collect();
        Grid { width: self.width, height: self.height, values }
    }
}

impl<const N: usize> Grid<[f32; N]> {
    /// Averages over equal boxes: `width` and `height` are at most those of the grid.
    pub(super) fn shrunk(&self, width: usize, height: usize) -> Self {
        let spans = |from: usize, to: usize| -> Vec<(usize, usize)> {
            (0..to).map(|i| (i * from / to, ((i + 1) * from).div_ceil(to).min(from))).collect()
        };
        let (columns, rows) = (spans(self.width, width), spans(self.height, height));
        Self::from_fn(width, height, |x, y| {
            let ((x0, x1), (y0, y1)) = (columns[x], rows[y]);
            let mut sum = [0.0_f32; N];
            for row in y0..y1 {
                for value in &self.values[row * self.width + x0..row * self.width + x1] {
                    for (sum, value) in sum.iter_mut().zip(value) {
                        *sum += value;
                    }
                }
            }
            let count = ((x1 - x0) * (y1 - y0)) as f32;
            sum.map(|sum| sum / count)
        })
    }

    /// Bilinear enlargement (or plain resampling), pixel centres at half-integers.
    pub(super) fn resampled(&self, width: usize, height: usize) -> Self {
        let [scale_x, scale_y] =
            [self.width as f32 / width as f32, self.height as f32 / height as f32];
        Self::from_fn(width, height, |x, y| {
            let place = |at: usize, scale: f32, n: usize| {
                let at = ((at as f32 + 0.5) * scale - 0.5).clamp(0.0, n as f32 - 1.0);
                (at as usize, (at as usize + 1).min(n - 1), at - (at as usize) as f32)
            };
            let ((x0, x1, u), (y0, y1, v)) =
                (place(x, scale_x, self.width), place(y, scale_y, self.height));
            let corners = [self.at(x0, y0), self.at(x1, y0), self.at(x0, y1), self.at(x1, y1)];
            std::array::from_fn(|c| {
                let top = corners[0][c] * (1.0 - u) + corners[1][c] * u;
                let bottom = corners[2][c] * (1.0 - u) + corners[3][c] * u;
                top * (1.0 - v) + bottom * v
            })
        })
    }

    /// Mean over the box of (2 · rx + 1) × (2 · ry + 1) about each pixel, clipped at the rim. Sums in `f64` run along
    /// whole rows and columns, so the result does not depend on the thread count.
    pub(super) fn box_mean(&self, [rx, ry]: [usize; 2]) -> Self {
        self.row_mean(rx).transposed().row_mean(ry).transposed()
    }

    fn row_mean(&self, radius: usize) -> Self {
        let width = self.width;
        let row = |row: &[[f32; N]]| {
            let mut out = Vec::with_capacity(width);
            let mut sum = [0.0_f64; N];
            for value in &row[..radius.min(width)] {
                std::iter::zip(&mut sum, value).for_each(|(s, v)| *s += f64::from(*v));
            }
            for x in 0..width {
                if x + radius < width {
                    std::iter::zip(&mut sum, &row[x + radius])
                        .for_each(|(s, v)| *s += f64::from(*v));
                }
                if x > radius {
                    let gone = &row[x - radius - 1];
                    std::iter::zip(&mut sum, gone).for_each(|(s, v)| *s -= f64::from(*v));
                }
                let count = (x + radius).min(width - 1) + 1 - x.saturating_sub(radius);
                out.push(sum.map(|s| (s / count as f64) as f32));
            }
            out
        };
        let values = self.values.par_chunks(width).flat_map_iter(row).collect();
        Self { width, height: self.height, values }
    }
}

impl Grid<bool> {
    /// 1 where it is set.
    pub(super) fn as_share(&self) -> Grid<[f32; 1]> {
        self.map(|set| [f32::from(u8::from(set))])
    }

    /// Set where any pixel of the box about it is.
    pub(super) fn dilated(&self, radius: usize) -> Self {
        let along_rows = |grid: &Self| {
            let width = grid.width;
            let row = |row: &[bool]| {
                let mut out = vec![false; width];
                let mut last = None;
                for x in 0..width + radius {
                    if row.get(x) == Some(&true) {
                        last = Some(x);
                    }
                    // `last` is the last set pixel up to `at + radius`.
                    if let (Some(last), Some(at)) = (last, x.checked_sub(radius)) {
                        out[at] = last + radius >= at;
                    }
                }
                out
            };
            let values = grid.values.par_chunks(width).flat_map_iter(row).collect();
            Self { width, height: grid.height, values }
        };
        along_rows(&along_rows(self).transposed()).transposed()
    }

    /// At another size, by which side of one half the bilinear share is on.
    pub(super) fn resized(&self, [width, height]: [usize; 2]) -> Self {
        self.as_share().resampled(width, height).map(|[share]| share >= 0.5)
    }

    /// How many are set.
    pub(super) fn count(&self) -> usize {
        self.values.iter().filter(|&&set| set).count()
    }
}
