//! What the backdrop looks like at each pixel: a Gaussian over Lab, from the known backdrop near by. A smooth surface
//! takes the trend; what is left is averaged in windows of several sizes, the small ones counting where they hold
//! enough backdrop. Windows are wider than high, because floors and walls change with the row.

use super::backdrop::Surface;
use super::gmm::Gaussian;
use super::grid::Grid;

/// Half widths and half heights of the windows as shares of the longer side; those that say more come first.
const WINDOWS: [[f32; 2]; 4] = [[0.04, 0.02], [0.1, 0.05], [0.24, 0.12], [0.6, 0.3]];
/// Nearly the whole row: it knows on which side of the horizon a pixel is that has no backdrop near by.
const ROW: [f32; 2] = [0.5, 0.01];
/// Share of a window that has to be known for it to count as much as all larger ones together.
const ENOUGH: f32 = 0.08;
/// Variance of L*, a*, b* that any backdrop has: compression, noise, gentle shading.
const VARIANCE_FLOOR: [f32; 3] = [4.0, 1.5, 1.5];

/// The backdrop at each pixel: mean Lab, then the upper triangle of its covariance.
#[derive(Debug)]
pub(super) struct LocalModel {
    statistics: Grid<[f32; 9]>,
}

impl LocalModel {
    /// From the `known` pixels of the backdrop. `by_row` when it is the same along a row, as a studio's is.
    pub(super) fn fit(lab: &Grid<[f32; 3]>, known: &Grid<bool>, by_row: bool) -> Self {
        let (width, height) = (lab.width, lab.height);
        let longest = width.max(height) as f32;
        let n_known = known.values.iter().filter(|&&known| known).count();
        let trend = Surface::fit(lab, known, n_known / 4000 + 1).colours(width, height);
        let moments = Grid::from_fn(width, height, |x, y| {
            if !known.at(x, y) {
                return [0.0; 10];
            }
            let ([l, a, b], [tl, ta, tb]) = (lab.at(x, y), trend.at(x, y));
            let (l, a, b) = (l - tl, a - ta, b - tb);
            [1.0, l, a, b, l * l, l * a, l * b, a * a, a * b, b * b]
        });
        let n_known = n_known.max(1) as f64;
        let whole: [f32; 10] = std::array::from_fn(|k| {
            let sum: f64 = moments.values.iter().map(|m| f64::from(m[k])).sum();
            (sum / n_known) as f32
        });
        let mut blended = Grid::filled(width, height, whole);
        let [near, middle, far, farthest] = WINDOWS;
        let row = by_row.then_some(ROW);
        let windows = [Some(farthest), Some(far), row, Some(middle), Some(near)];
        for window in windows.into_iter().flatten() {
            let radius = window.map(|share| ((share * longest) as usize).max(1));
            let near = moments.box_mean(radius).box_mean(radius);
            for (blended, near) in blended.values.iter_mut().zip(&near.values) {
                let sum = near[0] + ENOUGH;
                *blended = std::array::from_fn(|k| (near[k] + ENOUGH * blended[k]) / sum);
            }
        }
        let statistics = Grid::from_fn(width, height, |x, y| {
            let [_, l, a, b, ll, la, lb, aa, ab, bb] = blended.at(x, y);
            let [tl, ta, tb] = trend.at(x, y);
            let [fl, fa, fb] = VARIANCE_FLOOR;
            let (vl, va, vb) = (ll - l * l, aa - a * a, bb - b * b);
            let [vl, va, vb] = [vl.max(0.0) + fl, va.max(0.0) + fa, vb.max(0.0) + fb];
            [tl + l, ta + a, tb + b, vl, la - l * a, lb - l * b, va, ab - a * b, vb]
        });
        Self { statistics }
    }

    /// The same model on a finer grid.
    pub(super) fn resampled(&self, width: usize, height: usize) -> Self {
        Self { statistics: self.statistics.resampled(width, height) }
    }

    /// Mean and covariance at a pixel, by its index.
    pub(super) fn statistics(&self, at: usize) -> [f32; 9] {
        self.statistics.values[at]
    }

    /// The backdrop's colour at a pixel.
    pub(super) fn mean(&self, x: usize, y: usize) -> [f32; 3] {
        let [l, a, b, ..] = self.statistics.at(x, y);
        [l, a, b]
    }

    /// The backdrop's colours at a pixel.
    pub(super) fn gaussian(&self, x: usize, y: usize) -> Gaussian {
        let [l, a, b, covariance @ ..] = self.statistics.at(x, y);
        Gaussian::new([l, a, b], covariance)
    }

    /// Mean variance over L*, a*, b*.
    pub(super) fn variance(&self, x: usize, y: usize) -> f32 {
        let [.., ll, _, _, aa, _, bb] = self.statistics.at(x, y);
        (ll + aa + bb) / 3.0
    }
}
