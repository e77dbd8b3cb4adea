//! Object against backdrop by graph cut: how well each explains a pixel's colour, and edges that are cheap where the
//! picture has one. Iterated by the caller with models learnt anew, after Rother, Kolmogorov, Blake, "`GrabCut`",
//! SIGGRAPH 2004.

use super::gmm::Mixture;
use super::grid::Grid;
use super::lab::distance2;
use super::maxflow::{GridCut, OFFSETS};
use super::scene::Scene;
use super::shadow::Floor;

/// Gaussians in the object's colour model.
const N_COLOURS: usize = 6;
/// Colours it is fitted to, at most.
const SAMPLES_MAX: usize = 4000;
/// One colour convinces by at most this many nats.
const CONVICTION_MAX: f32 = 8.0;
/// What being deep inside the guess adds: holes of the backdrop's colour are not cut, but judged later.
const DEEP: f32 = 10.0;
/// Costs are integers in units of 1/256 nat.
const UNIT: f32 = 256.0;

/// A better guess at the object.
pub(super) fn cut(scene: &Scene, guess: &Grid<bool>) -> Grid<bool> {
    let [width, height] = scene.size();
    let rim = guess.map(|inside| !inside).dilated(1);
    let inside: Vec<usize> = (0..rim.values.len()).filter(|&at| !rim.values[at]).collect();
    let colours: Vec<[f32; 3]> = inside
        .iter()
        .step_by(inside.len() / SAMPLES_MAX + 1)
        .map(|&at| scene.lab.values[at])
        .collect();
    let Some(mixture) = Mixture::fit(&colours, N_COLOURS) else { return guess.clone() };
    let lean = lean(scene, guess, &mixture);
    let lean = lean.values.iter().map(|lean| (lean * UNIT) as i32).collect();
    let mut grid = GridCut::new(width, height, lean);
    for y in 0..height {
        for x in 0..width {
            for (d, &(dx, dy)) in OFFSETS.iter().enumerate().take(4) {
                let neighbour = x
                    .checked_add_signed(dx)
                    .zip(y.checked_add_signed(dy))
                    .filter(|&(x, y)| x < width && y < height);
                let Some((to_x, to_y)) = neighbour else { continue };
                // A step counts as an edge by how much the backdrop itself varies.
                let step2 = distance2(scene.lab.at(x, y), scene.lab.at(to_x, to_y));
                let flat = libm::expf(-step2 / (12.0 * scene.model.variance(x, y)));
                let nearness = if d % 2 == 0 { 1.0 } else { std::f32::consts::FRAC_1_SQRT_2 };
                let cost = 0.2 - 0.1 * scene.smooth + (2.0 - 0.5 * scene.smooth) * flat;
                grid.join(y * width + x, d, (nearness * cost * UNIT) as i32);
            }
        }
    }
    Grid { width, height, values: grid.cut() }
}

/// How much more likely each pixel is object than backdrop, in nats.
fn lean(scene: &Scene, guess: &Grid<bool>, mixture: &Mixture) -> Grid<f32> {
    let [width, height] = scene.size();
    let floor = Floor::below(guess, scene.smooth);
    let deep = guess.as_share().box_mean([(scene.longest_px() / 25).max(2); 2]);
    // An object may have any colour: less so where the backdrop, too, has many.
    let any_colour = 16.0 - 4.5 * scene.smooth;
    Grid::from_fn(width, height, |x, y| {
        let at = y * width + x;
        let colour = scene.lab.values[at];
        let at_border = x == 0 || y == 0 || x + 1 == width || y + 1 == height;
        if at_border && !guess.at(x, y) {
            return -CONVICTION_MAX;
        }
        let backdrop = scene.backdrop(at).cost(colour).min(floor.cost(scene, at));
        let object = mixture.cost(colour).min(any_colour);
        let [share] = deep.at(x, y);
        (backdrop - object).clamp(-CONVICTION_MAX, CONVICTION_MAX)
            + DEEP * ((share - 0.6) / 0.4).clamp(0.0, 1.0)
    })
}
