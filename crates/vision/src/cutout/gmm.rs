//! A mixture of Gaussians over Lab: the colours of an object, by expectation–maximisation from a fixed start (each next
//! centre is the colour worst served so far), so it is the same on every run.

use super::lab::distance2;

/// Added to each variance: what one colour is known to.
const VARIANCE_FLOOR: f32 = 4.0;
const ROUNDS: usize = 6;

/// One Gaussian over Lab, ready to be evaluated.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gaussian {
    mean: [f32; 3],
    /// Upper triangle of the inverse covariance: LL, La, Lb, aa, ab, bb.
    inverse: [f32; 6],
    /// −ln of the density at the mean.
    least: f32,
}

impl Gaussian {
    /// From a mean and the upper triangle of a covariance, which must be positive definite.
    pub(super) fn new(mean: [f32; 3], covariance: [f32; 6]) -> Self {
        let [ll, la, lb, aa, ab, bb] = covariance;
        let (c_ll, c_la, c_lb) = (aa * bb - ab * ab, ab * lb - la * bb, la * ab - aa * lb);
        let determinant = (ll * c_ll + la * c_la + lb * c_lb).max(1e-6);
        let cofactors = [c_ll, c_la, c_lb, ll * bb - lb * lb, la * lb - ll * ab, ll * aa - la * la];
        // 3/2 · ln 2π.
        let least = 2.756_815_6 + 0.5 * libm::logf(determinant);
        Self { mean, inverse: cofactors.map(|c| c / determinant), least }
    }

    /// −ln of the density at the mean.
    pub(super) fn least(&self) -> f32 {
        self.least
    }

    /// The same spread about another mean.
    pub(super) fn moved(self, mean: [f32; 3]) -> Self {
        Self { mean, ..self }
    }

    /// Squared Mahalanobis distance.
    pub(super) fn distance2(&self, colour: [f32; 3]) -> f32 {
        let [l, a, b]: [f32; 3] = std::array::from_fn(|c| colour[c] - self.mean[c]);
        let [ll, la, lb, aa, ab, bb] = self.inverse;
        ll * l * l + aa * a * a + bb * b * b + 2.0 * (la * l * a + lb * l * b + ab * a * b)
    }

    /// The light, as a share of the cube root of what falls on the mean, under which the mean comes closest to a colour.
    ///
    /// Where less light of the same colour falls, X, Y and Z all shrink by one factor s, and by their definition L* + 16,
    /// a* and b* all shrink by its cube root: shades lie on a ray from (−16, 0, 0).
    pub(super) fn shade(&self, colour: [f32; 3]) -> f32 {
        let [l, a, b]: [f32; 3] = [self.mean[0] + 16.0, self.mean[1], self.mean[2]];
        let [cl, ca, cb] = [colour[0] + 16.0, colour[1], colour[2]];
        (l * cl + a * ca + b * cb) / (l * l + a * a + b * b).max(1e-6)
    }

    /// −ln of the density.
    pub(super) fn cost(&self, colour: [f32; 3]) -> f32 {
        self.least + 0.5 * self.distance2(colour)
    }
}

/// A weighted sum of Gaussians.
#[derive(Debug, Clone)]
pub(super) struct Mixture {
    parts: Vec<(f32, Gaussian)>,
}

impl Mixture {
    /// Fits at most `n_parts` Gaussians to the colours; `None` without colours.
    pub(super) fn fit(colours: &[[f32; 3]], n_parts: usize) -> Option<Self> {
        let centres = spread_centres(colours, n_parts)?;
        // Start: each colour belongs to the nearest centre.
        let mut shares: Vec<Vec<f32>> = colours
            .iter()
            .map(|&colour| {
                let nearest = (0..centres.len())
                    .min_by(|&i, &j| {
                        distance2(colour, centres[i]).total_cmp(&distance2(colour, centres[j]))
                    })
                    .unwrap_or(0);
                (0..centres.len()).map(|i| f32::from(u8::from(i == nearest))).collect()
            })
            .collect();
        let mut mixture = Self { parts: Vec::new() };
        for _ in 0..ROUNDS {
            mixture.parts = (0..centres.len()).filter_map(|i| part(colours, &shares, i)).collect();
            for (share, &colour) in shares.iter_mut().zip(colours) {
                let costs: Vec<f32> =
                    mixture.parts.iter().map(|(w, g)| g.cost(colour) - libm::logf(*w)).collect();
                let least = costs.iter().copied().fold(f32::INFINITY, f32::min);
                share.clear();
                share.extend(costs.iter().map(|cost| libm::expf(least - cost)));
                let sum: f32 = share.iter().sum();
                share.iter_mut().for_each(|share| *share /= sum);
                share.resize(centres.len(), 0.0);
            }
        }
        Some(mixture)
    }

    /// −ln of the density.
    pub(super) fn cost(&self, colour: [f32; 3]) -> f32 {
        let costs = self.parts.iter().map(|(weight, g)| g.cost(colour) - libm::logf(*weight));
        // The best part alone: within ln(parts) of the sum, at a tenth of the time.
        costs.fold(f32::INFINITY, f32::min)
    }
}

/// Centres far apart: the mean's farthest colour, then always the colour farthest from all centres, twice damped so that
/// single outliers do not take a centre: distances are those of a grid sample.
fn spread_centres(colours: &[[f32; 3]], n_parts: usize) -> Option<Vec<[f32; 3]>> {
    let mut centres = vec![*colours.get(colours.len() / 2)?];
    while centres.len() < n_parts {
        let mut distances: Vec<(f32, usize)> = colours
            .iter()
            .enumerate()
            .map(|(i, &colour)| {
                let nearest = centres.iter().map(|&centre| distance2(colour, centre));
                (nearest.fold(f32::INFINITY, f32::min), i)
            })
            .collect();
        // The colour at the 98th percentile of distance.
        let rank = distances.len() * 98 / 100;
        let (_, &mut (distance, i), _) = distances.select_nth_unstable_by(rank, |one, other| {
            one.0.total_cmp(&other.0).then(one.1.cmp(&other.1))
        });
        if distance < VARIANCE_FLOOR {
            break;
        }
        centres.push(colours[i]);
    }
    Some(centres)
}

/// Weight, mean and covariance of the colours by their shares in part `i`; `None` when (nearly) nothing is left of it.
fn part(colours: &[[f32; 3]], shares: &[Vec<f32>], i: usize) -> Option<(f32, Gaussian)> {
    let mut weight = 0.0_f64;
    let mut sums = [0.0_f64; 3];
    let mut squares = [0.0_f64; 6];
    for (colour, share) in colours.iter().zip(shares) {
        let share = f64::from(share[i]);
        let [l, a, b] = colour.map(f64::from);
        weight += share;
        std::iter::zip(&mut sums, [l, a, b]).for_each(|(s, v)| *s += share * v);
        std::iter::zip(&mut squares, [l * l, l * a, l * b, a * a, a * b, b * b])
            .for_each(|(s, v)| *s += share * v);
    }
    if weight < 1e-3 * colours.len() as f64 {
        return None;
    }
    let [l, a, b] = sums.map(|sum| sum / weight);
    let means = [l * l, l * a, l * b, a * a, a * b, b * b];
    let mut covariance: [f32; 6] = std::array::from_fn(|k| (squares[k] / weight - means[k]) as f32);
    [0, 3, 5].into_iter().for_each(|k| covariance[k] += VARIANCE_FLOOR);
    let gaussian = Gaussian::new([l as f32, a as f32, b as f32], covariance);
    Some(((weight / colours.len() as f64) as f32, gaussian))
}
