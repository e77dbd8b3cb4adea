//! One working size of a picture, with what its backdrop looks like there; and how the backdrop is found at first: it
//! grows from the border through whatever looks like the backdrop near by.

use super::backdrop::Surface;
use super::gmm::Gaussian;
use super::grid::Grid;
use super::lab::distance2;
use super::local::LocalModel;
use super::regions::regions;

/// Squared Mahalanobis distance up to which the growing backdrop takes a pixel in.
const ALIKE: f32 = 6.0;
/// Squared colour step per pixel, by the backdrop's variance, that stops the growth where the backdrop is smooth.
const STEP: f32 = 6.0;
/// Pixels the backdrop grows by in a round; what lies farther is predicted anew first.
const GROWTH_PX: usize = 5;
const ROUNDS: usize = 20;
/// Median variance of the backdrop, in Lab, up to which it is smooth, and from which on it is busy.
const SMOOTH_VARIANCE: f32 = 5.0;
const BUSY_VARIANCE: f32 = 8.0;

/// A picture at one working size.
#[derive(Debug)]
pub(super) struct Scene {
    /// L*, a*, b*.
    pub(super) lab: Grid<[f32; 3]>,
    /// What the backdrop looks like at each pixel.
    pub(super) model: LocalModel,
    /// 1 before a smooth backdrop, such as a studio's, down to 0 before a busy one, such as gravel.
    pub(super) smooth: f32,
}

impl Scene {
    pub(super) fn size(&self) -> [usize; 2] {
        [self.lab.width, self.lab.height]
    }

    pub(super) fn longest_px(&self) -> usize {
        self.lab.width.max(self.lab.height)
    }

    /// The backdrop at a pixel, by its index.
    pub(super) fn backdrop(&self, at: usize) -> Gaussian {
        self.model.gaussian(at % self.lab.width, at / self.lab.width)
    }

    /// Squared Mahalanobis distance of a pixel from the backdrop.
    pub(super) fn strangeness2(&self, at: usize) -> f32 {
        self.backdrop(at).distance2(self.lab.values[at])
    }

    /// The same scene at a finer size.
    pub(super) fn finer(&self, lab: Grid<[f32; 3]>) -> Self {
        let model = self.model.resampled(lab.width, lab.height);
        Self { lab, model, smooth: self.smooth }
    }

    /// Learns the backdrop anew: from all that is not near the object, without what is strange there.
    pub(super) fn relearn(&mut self, object: &Grid<bool>) {
        let near = object.dilated(2);
        let [width, height] = self.size();
        let known = Grid::from_fn(width, height, |x, y| {
            !near.at(x, y) && self.strangeness2(y * width + x) < 16.0
        });
        self.model = LocalModel::fit(&self.lab, &known, self.smooth > 0.5);
    }

    /// Grows the backdrop. Gives the scene, and what the backdrop did not reach.
    pub(super) fn explore(lab: Grid<[f32; 3]>) -> (Self, Grid<bool>) {
        let (width, height) = (lab.width, lab.height);
        let mut known = border_seeds(&lab);
        let first = LocalModel::fit(&lab, &known, false);
        let smooth = smoothness(&first, width, height);
        let step = Grid::from_fn(width, height, |x, y| {
            let (x, y) = (x as isize, y as isize);
            let across =
                |dx, dy| distance2(lab.at_clamped(x + dx, y + dy), lab.at_clamped(x - dx, y - dy));
            0.25 * (across(1, 0) + across(0, 1)) / first.variance(x as usize, y as usize)
        });
        for _ in 0..ROUNDS {
            // The mean follows the backdrop inwards; the spread stays that of the border, or growth would feed itself.
            let model = LocalModel::fit(&lab, &known, smooth > 0.5);
            let reach = known.dilated(GROWTH_PX);
            let taken = Grid::from_fn(width, height, |x, y| {
                let free = smooth < 0.5 || step.at(x, y) < STEP;
                let alike = || {
                    let backdrop = first.gaussian(x, y).moved(model.mean(x, y));
                    backdrop.distance2(lab.at(x, y)) < ALIKE
                };
                known.at(x, y) || (free && reach.at(x, y) && alike())
            });
            let mut next = Grid::filled(width, height, false);
            for region in regions(&taken, true).iter().filter(|region| region.at_border) {
                region.pixels.iter().for_each(|&at| next.values[at] = true);
            }
            if next == known {
                break;
            }
            known = next;
        }
        let model = LocalModel::fit(&lab, &known, smooth > 0.5);
        (Self { lab, model, smooth }, known.map(|known| !known))
    }
}

/// The pixels along the border that lie on one smooth surface: what does not is an object that reaches the border.
fn border_seeds(lab: &Grid<[f32; 3]>) -> Grid<bool> {
    let (width, height) = (lab.width, lab.height);
    let strip = (width.min(height) / 40).max(1);
    let border = Grid::from_fn(width, height, |x, y| {
        x < strip || y < strip || x + strip >= width || y + strip >= height
    });
    let surface = Surface::fit(lab, &border, 1);
    let expected = surface.colours(width, height);
    let cut = (3.0 * surface.noise).max(6.0);
    Grid::from_fn(width, height, |x, y| {
        border.at(x, y) && distance2(lab.at(x, y), expected.at(x, y)) < cut * cut
    })
}

/// By the busier half, upper or lower: a wood may be blurred behind gravel that is sharp.
fn smoothness(model: &LocalModel, width: usize, height: usize) -> f32 {
    let mut variances = Grid::from_fn(width, height, |x, y| model.variance(x, y)).values;
    let (upper, lower) = variances.split_at_mut(width * (height / 2));
    let median = [upper, lower].map(|half| {
        let middle = half.len() / 2;
        *half.select_nth_unstable_by(middle, f32::total_cmp).1
    });
    let variance = median[0].max(median[1]);
    ((BUSY_VARIANCE - variance) / (BUSY_VARIANCE - SMOOTH_VARIANCE)).clamp(0.0, 1.0)
}
