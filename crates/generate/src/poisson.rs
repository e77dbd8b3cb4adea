//! Poisson's equation on a mask: Δu = −1 inside, u = 0 outside. √u is a cushion whose cross-section over a long
//! strip is an ellipse. Solved coarse to fine by red-black over-relaxation, so the result does not depend on threads.

use rayon::prelude::*;

use crate::map::Map;

/// Over-relaxation factor: well below 2, since each level starts from a good guess.
const RELAXATION: f32 = 1.7;
/// Sweeps on each level.
const N_SWEEPS: usize = 36;
/// Below this side a level is solved by many sweeps instead of another halving.
const COARSEST_PX: usize = 12;

/// u in pixels². `alpha` is the coverage; pixels of at most one half are outside.
pub(crate) fn solve(alpha: &Map) -> Map {
    let (width, height) = (alpha.width, alpha.height);
    if width.min(height) <= COARSEST_PX {
        let mut u = Map::new(width, height, 0.0);
        relax(&mut u, alpha, 200);
        return u;
    }
    let coarse = solve(&alpha.halve());
    let mut u = Map::from_fn(width, height, |x, y| {
        if alpha.get(x, y) <= 0.5 {
            return 0.0;
        }
        // Lengths double from a level to the next, so u, a squared length, grows by four.
        coarse.sample((x as f32 + 0.5) * 0.5, (y as f32 + 0.5) * 0.5) * 4.0
    });
    relax(&mut u, alpha, N_SWEEPS);
    u
}

fn relax(u: &mut Map, alpha: &Map, n_sweeps: usize) {
    let (width, height) = (u.width, u.height);
    let inside = alpha.map(|a| if a > 0.5 { 1.0 } else { 0.0 });
    // A colour of the chessboard is computed from the other one alone, into its own buffer.
    let mut fresh = vec![0.0_f32; width * height];
    for half_sweep in 0..2 * n_sweeps {
        let parity = half_sweep % 2;
        fresh.par_chunks_mut(width).enumerate().for_each(|(y, row)| {
            let upper = if y > 0 { &u.values[(y - 1) * width..y * width] } else { &[] };
            let lower =
                if y + 1 < height { &u.values[(y + 1) * width..(y + 2) * width] } else { &[] };
            let here = &u.values[y * width..(y + 1) * width];
            let mask = &inside.values[y * width..(y + 1) * width];
            for x in (0..width).skip((parity + y) % 2).step_by(2) {
                if mask[x] == 0.0 {
                    continue;
                }
                let left = if x > 0 { here[x - 1] } else { 0.0 };
                let right = if x + 1 < width { here[x + 1] } else { 0.0 };
                let above = upper.get(x).copied().unwrap_or(0.0);
                let below = lower.get(x).copied().unwrap_or(0.0);
                let target = (left + right + above + below + 1.0) * 0.25;
                row[x] = here[x] + RELAXATION * (target - here[x]);
            }
        });
        u.values.par_chunks_mut(width).zip(fresh.par_chunks(width)).enumerate().for_each(
            |(y, (row, fresh))| {
                let mask = &inside.values[y * width..(y + 1) * width];
                for x in (0..width).skip((parity + y) % 2).step_by(2) {
                    if mask[x] != 0.0 {
                        row[x] = fresh[x].max(0.0);
                    }
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On a disc of radius R the solution is (R² − r²)/4.
    #[test]
    fn a_disc_gives_a_paraboloid() {
        let radius = 70.0_f32;
        let disc = Map::from_fn(160, 160, |x, y| {
            let (dx, dy) = (x as f32 - 79.5, y as f32 - 79.5);
            (radius - (dx * dx + dy * dy).sqrt() + 0.5).clamp(0.0, 1.0)
        });
        let u = solve(&disc);
        for (x, y) in [(80, 80), (110, 80), (80, 40), (60, 120)] {
            let (dx, dy) = (x as f32 - 79.5, y as f32 - 79.5);
            // The first pixel that is zero lies a pixel outside of the rim.
            let to_zero = radius + 1.0;
            let exact = (to_zero * to_zero - dx * dx - dy * dy) / 4.0;
            let found = u.get(x, y);
            assert!((found / exact - 1.0).abs() < 0.02, "at {x},{y}: {found} is not {exact}");
        }
    }
}
