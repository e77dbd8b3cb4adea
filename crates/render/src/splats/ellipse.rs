//! Where, between two heights, the ellipse of a splat lies: for leaving out tiles and pixels that its box covers and it
//! does not. A long splat at an angle covers the whole picture with its box and one tile in twenty with its ellipse.
//!
//! In the notation of [`ProjectedSplat::root`], with e = pixel − centre, the edge is where
//! (a·ex + b·ey)² + (c·ey)² = τ; at one height that is ex = −(b/a)·ey ± √(τ − (c·ey)²)/a.

use super::project::ProjectedSplat;

/// The part of the plane where a splat may have alpha ≥ 1/255.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ellipse {
    centre: [f64; 2],
    /// Pixels to the right, per pixel down, of the middle of the chord at a height.
    slant: f64,
    /// 1/a: half a chord, in units of √(τ − (c·ey)²).
    width: f64,
    /// (c·ey)² in units of ey².
    fall: f64,
    /// τ, a little too large, as the reach is.
    limit: f64,
    /// ey of the rightmost point; the leftmost is opposite.
    right_at: f64,
    /// Pixels added on both sides for the rounding of `f32` in the blend.
    spare: f64,
}

impl Ellipse {
    /// `None` when the splat is so large that its numbers say nothing: then its box must do.
    #[inline(always)]
    pub(crate) fn of(splat: &ProjectedSplat) -> Option<Self> {
        let [a, b, c] = splat.root.map(f64::from);
        let [reach_x, reach_y] = splat.reach.map(f64::from);
        if !(reach_x < REACH_MAX && reach_y < REACH_MAX && a > 0.0) {
            return None;
        }
        let ey = c * reach_y;
        Some(Self {
            centre: splat.centre,
            slant: -b / a,
            width: 1.0 / a,
            fall: c * c,
            limit: ey * ey,
            right_at: -a * b / (b * b + c * c) * reach_x,
            spare: 0.05 + 1e-6 * (reach_x + reach_y),
        })
    }

    /// First and last x, pixels, of the part between two heights y (both inside, lower first); NaN when there is none.
    #[inline(always)]
    pub(crate) fn x_between(&self, y: [f64; 2]) -> [f64; 2] {
        let [top, end] = y.map(|y| y - self.centre[1]);
        // The edge is convex: its outermost point between two heights is at the outermost of all, or at the nearer end.
        let edge = |at: f64, side: f64| {
            let ey = at.clamp(top, end);
            let left_over = self.limit - self.fall * ey * ey;
            self.slant * ey + side * (left_over.sqrt() * self.width + self.spare)
        };
        [self.centre[0] + edge(-self.right_at, -1.0), self.centre[0] + edge(self.right_at, 1.0)]
    }
}

/// Reach in pixels from which on the box of a splat must do: `f32` says too little about where an edge is.
pub(crate) const REACH_MAX: f64 = 1e5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenes::Random;

    /// A splat from the variances and covariance of its ellipse, as `project` makes it.
    fn splat([xx, xy, yy]: [f64; 3], centre: [f64; 2], extent: f64) -> ProjectedSplat {
        let det = xx * yy - xy * xy;
        let a = (0.5 * yy / det).sqrt();
        ProjectedSplat {
            centre,
            root: [a, -a * xy / yy, (0.5 / yy).sqrt()].map(|c| c as f32),
            reach: [extent * xx.sqrt() + 0.01, extent * yy.sqrt() + 0.01].map(|c| c as f32),
            ..ProjectedSplat::default()
        }
    }

    /// Every pixel of the ellipse is inside, and the range is not much wider than the pixels need.
    #[test]
    fn holds_all_pixels_and_few_others() {
        let mut random = Random(1);
        for case in 0..100 {
            let mut number = |low: f32, high: f32| f64::from(random.within(low, high));
            let (long, short) = (number(1.0, 40.0), number(0.6, 8.0));
            let (sin, cos) = libm::sincos(number(0.0, 3.2));
            let xx = long * long * cos * cos + short * short * sin * sin;
            let yy = long * long * sin * sin + short * short * cos * cos;
            let xy = (long * long - short * short) * sin * cos;
            let centre = [number(-20.0, 80.0), number(-20.0, 80.0)];
            let extent = number(0.5, 3.3);
            let ellipse = Ellipse::of(&splat([xx, xy, yy], centre, extent)).unwrap();
            let det = xx * yy - xy * xy;
            let inside = |x: f64, y: f64| {
                let (ex, ey) = (x - centre[0], y - centre[1]);
                (yy * ex * ex - 2.0 * xy * ex * ey + xx * ey * ey) / det <= extent * extent
            };
            for band in 0..4 {
                // The band is scanned finely, so that its edge is found to a quarter of a pixel.
                let y = [f64::from(band) * 16.0 + 0.5, f64::from(band) * 16.0 + 15.5];
                let (mut first, mut last) = (f64::INFINITY, f64::NEG_INFINITY);
                for iy in 0..=60 {
                    let at = y[0] + f64::from(iy) * 0.25;
                    for ix in -800..1200 {
                        let x = f64::from(ix) * 0.25;
                        if inside(x, at) {
                            (first, last) = (first.min(x), last.max(x));
                        }
                    }
                }
                let [low, high] = ellipse.x_between(y);
                if first <= last {
                    let fits =
                        low <= first && low > first - 2.0 && high >= last && high < last + 2.0;
                    assert!(fits, "case {case}: {low}..{high} for {first}..{last}");
                } else {
                    // None is said, or something as small as the spare.
                    assert!(
                        (high - low).is_nan() || high - low < 6.0,
                        "case {case}: {low}..{high} for nothing"
                    );
                }
            }
        }
    }
}
