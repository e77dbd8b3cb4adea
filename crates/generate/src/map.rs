//! A picture of values: the two-dimensional array all stages work on. Pixel (i, j) has its centre at (i + ½, j + ½);
//! reading outside gives the value at the border.

use std::ops::{Add, Mul, Sub};

use rayon::prelude::*;

/// What a [`Map`] may hold: anything that can be mixed.
pub(crate) trait Value:
    Copy + Default + Send + Sync + Add<Output = Self> + Sub<Output = Self> + Mul<f32, Output = Self>
{
}

impl<T> Value for T where
    T: Copy + Default + Send + Sync + Add<Output = T> + Sub<Output = T> + Mul<f32, Output = T>
{
}

/// Values row by row from the top left: `[y * width + x]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Map<T = f32> {
    pub width: usize,
    pub height: usize,
    pub values: Vec<T>,
}

impl<T: Value> Map<T> {
    pub(crate) fn new(width: usize, height: usize, value: T) -> Self {
        Self { width, height, values: vec![value; width * height] }
    }

    /// Each pixel from its column and row.
    pub(crate) fn from_fn(
        width: usize,
        height: usize,
        value: impl Fn(usize, usize) -> T + Sync,
    ) -> Self {
        let mut map = Self::new(width, height, T::default());
        map.values.par_chunks_mut(width.max(1)).enumerate().for_each(|(y, row)| {
            for (x, slot) in row.iter_mut().enumerate() {
                *slot = value(x, y);
            }
        });
        map
    }

    pub(crate) fn get(&self, x: usize, y: usize) -> T {
        self.values[y * self.width + x]
    }

    /// Value of the pixel, that of the nearest border pixel outside.
    pub(crate) fn near(&self, x: isize, y: isize) -> T {
        let x = x.clamp(0, self.width as isize - 1) as usize;
        let y = y.clamp(0, self.height as isize - 1) as usize;
        self.get(x, y)
    }

    /// Bilinear between pixel centres.
    pub(crate) fn sample(&self, x: f32, y: f32) -> T {
        let x = (x - 0.5).clamp(0.0, self.width as f32 - 1.0);
        let y = (y - 0.5).clamp(0.0, self.height as f32 - 1.0);
        let (left, top) = (x as usize, y as usize);
        let (right, bottom) = ((left + 1).min(self.width - 1), (top + 1).min(self.height - 1));
        let (u, v) = (x - left as f32, y - top as f32);
        let upper = self.get(left, top) * (1.0 - u) + self.get(right, top) * u;
        let lower = self.get(left, bottom) * (1.0 - u) + self.get(right, bottom) * u;
        upper * (1.0 - v) + lower * v
    }

    /// Slope per pixel by central differences, x and y.
    pub(crate) fn slope(&self, x: usize, y: usize) -> [T; 2] {
        let (x, y) = (x as isize, y as isize);
        [
            (self.near(x + 1, y) - self.near(x - 1, y)) * 0.5,
            (self.near(x, y + 1) - self.near(x, y - 1)) * 0.5,
        ]
    }

    pub(crate) fn map<U: Value>(&self, change: impl Fn(T) -> U + Sync) -> Map<U> {
        let values = self.values.par_iter().map(|&value| change(value)).collect();
        Map { width: self.width, height: self.height, values }
    }

    /// Gaussian blur, standard deviation in pixels.
    pub(crate) fn blur(&self, sigma: f32) -> Self {
        if sigma <= 0.05 {
            return self.clone();
        }
        let reach = (sigma * 3.0).ceil() as isize;
        let mut kernel: Vec<f32> = (-reach..=reach)
            .map(|k| libm::expf(-0.5 * (k as f32 / sigma) * (k as f32 / sigma)))
            .collect();
        let sum: f32 = kernel.iter().sum();
        kernel.iter_mut().for_each(|weight| *weight *= 1.0 / sum);
        let along = |at: &(dyn Fn(isize) -> T + Sync)| {
            (-reach..=reach)
                .zip(&kernel)
                .fold(T::default(), |sum, (k, &weight)| sum + at(k) * weight)
        };
        let rows = Self::from_fn(self.width, self.height, |x, y| {
            along(&|k| self.near(x as isize + k, y as isize))
        });
        Self::from_fn(self.width, self.height, |x, y| {
            along(&|k| rows.near(x as isize, y as isize + k))
        })
    }

    /// Half the size: each pixel the mean of four. An odd last row or column is repeated.
    pub(crate) fn halve(&self) -> Self {
        Self::from_fn(self.width.div_ceil(2), self.height.div_ceil(2), |x, y| {
            let (x, y) = (2 * x as isize, 2 * y as isize);
            let upper = self.near(x, y) + self.near(x + 1, y);
            (upper + self.near(x, y + 1) + self.near(x + 1, y + 1)) * 0.25
        })
    }

    /// Values around `x, y` averaged over a box of `side` pixels, by a regular pattern of bilinear readings.
    pub(crate) fn area(&self, x: f32, y: f32, side: f32) -> T {
        let n = side.ceil().clamp(1.0, 8.0) as usize;
        let step = side / n as f32;
        let mut sum = T::default();
        for row in 0..n {
            for column in 0..n {
                let at = |k: usize| (k as f32 + 0.5) * step - side * 0.5;
                sum = sum + self.sample(x + at(column), y + at(row));
            }
        }
        sum * (1.0 / (n * n) as f32)
    }
}

/// A map with its halvings, finest first.
#[derive(Debug, Clone)]
pub(crate) struct Pyramid<T> {
    pub levels: Vec<Map<T>>,
}

impl<T: Value> Pyramid<T> {
    /// Halves until a side is one pixel.
    pub(crate) fn new(finest: Map<T>) -> Self {
        let mut levels = vec![finest];
        while let Some(last) = levels.last().filter(|last| last.width > 1 && last.height > 1) {
            levels.push(last.halve());
        }
        Self { levels }
    }

    /// Mean over about `side_px` finest pixels around a position in finest pixels.
    pub(crate) fn sample(&self, x: f32, y: f32, side_px: f32) -> T {
        let level = libm::log2f(side_px.max(1.0));
        let (low, share) = (level as usize, level - level.floor());
        let last = self.levels.len() - 1;
        let at = |level: usize| {
            let scale = 1.0 / (1_u32 << level.min(last).min(31)) as f32;
            self.levels[level.min(last)].sample(x * scale, y * scale)
        };
        at(low) * (1.0 - share) + at(low + 1) * share
    }
}

/// Fills pixels of weight zero from those around them, smoothly, leaving the others alone (weights 0 to 1):
/// averages go up a pyramid, and come down where nothing better is known.
pub(crate) fn fill<T: Value>(values: &Map<T>, weights: &Map<f32>) -> Map<T> {
    let mut sums = vec![Map::from_fn(values.width, values.height, |x, y| {
        values.get(x, y) * weights.get(x, y)
    })];
    let mut totals = vec![weights.clone()];
    while sums[sums.len() - 1].width > 1 || sums[sums.len() - 1].height > 1 {
        let (sum, total) = (sums[sums.len() - 1].halve(), totals[totals.len() - 1].halve());
        sums.push(sum);
        totals.push(total);
    }
    let mut filled: Option<Map<T>> = None;
    for (sum, total) in sums.iter().zip(&totals).rev() {
        let coarser = filled.take();
        filled = Some(Map::from_fn(sum.width, sum.height, |x, y| {
            let weight = total.get(x, y);
            let known = if weight > 1e-6 { sum.get(x, y) * (1.0 / weight) } else { T::default() };
            let Some(coarser) = &coarser else { return known };
            let trust = weight.min(1.0);
            let guess = coarser.sample((x as f32 + 0.5) * 0.5, (y as f32 + 0.5) * 0.5);
            known * trust + guess * (1.0 - trust)
        }));
    }
    filled.unwrap_or_else(|| values.clone())
}
