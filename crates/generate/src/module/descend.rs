//! Gradient descent over all strokes of a painting at once: exact derivatives of the weighted squared error, Adam.
//! Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1.

use glam::Vec3;
use rayon::prelude::*;

use super::strokes::{Ellipse, Goal, Painting, Stroke};

/// What a stroke can be moved in: place, logarithms of radii, turn, logarithm of the edge, colour.
const N_VALUES: usize = 9;
type Values = [f32; N_VALUES];

/// Rows that are summed together, whatever the number of threads.
const BAND: usize = 8;
const MOMENTUM: f32 = 0.9;
const MEMORY: f32 = 0.99;

/// One pixel of one stroke on its way up.
struct Laid {
    stroke: u32,
    x: u32,
    share: f32,
    /// What was there before.
    below: Vec3,
}

/// Moves strokes downhill `n_steps` times. `settle`: steps become small towards the end.
pub(crate) fn descend(goal: &Goal, painting: &mut Painting, n_steps: usize, settle: bool) {
    let side = goal.colours.width.max(goal.colours.height) as f32;
    // About how far a step moves each value.
    let rates: Values = [0.0012 * side, 0.0012 * side, 0.02, 0.02, 0.02, 0.04, 0.008, 0.008, 0.008];
    let total: f32 = goal.weights.values.iter().sum::<f32>().max(1e-6);
    let n = painting.strokes.len();
    let (mut first, mut second) = (vec![[0.0_f32; N_VALUES]; n], vec![[0.0_f32; N_VALUES]; n]);
    let (mut fade_first, mut fade_second) = (1.0_f32, 1.0_f32);
    for step in 0..n_steps {
        let left = 1.0 - step as f32 / n_steps as f32;
        let pace = if settle { 0.05 + 0.95 * left } else { 0.6 };
        let slopes = slopes(goal, painting);
        fade_first *= MOMENTUM;
        fade_second *= MEMORY;
        for (idx, stroke) in painting.strokes.iter_mut().enumerate() {
            let mut by = [0.0_f32; N_VALUES];
            for k in 0..N_VALUES {
                let slope = slopes[idx][k] / total;
                first[idx][k] += (slope - first[idx][k]) * (1.0 - MOMENTUM);
                second[idx][k] += (slope * slope - second[idx][k]) * (1.0 - MEMORY);
                let mean = first[idx][k] / (1.0 - fade_first);
                let spread = (second[idx][k] / (1.0 - fade_second)).sqrt();
                by[k] = -pace * rates[k] * mean / (spread + 1e-9);
            }
            by.iter().enumerate().for_each(|(value, by)| move_stroke(stroke, value, *by));
            goal.limit(stroke);
        }
    }
}

/// Moves one of a stroke's values.
pub(crate) fn move_stroke(stroke: &mut Stroke, value: usize, by: f32) {
    match value {
        0 => stroke.at.x += by,
        1 => stroke.at.y += by,
        2 => stroke.radii.x *= libm::expf(by),
        3 => stroke.radii.y *= libm::expf(by),
        4 => stroke.turn += by,
        5 => stroke.edge *= libm::expf(by),
        _ => stroke.colour[value - 6] += by,
    }
}

/// Slope of the summed squared error in every value of every stroke.
pub(crate) fn slopes(goal: &Goal, painting: &Painting) -> Vec<Values> {
    let places = places(goal, painting);
    let (width, height) = (goal.colours.width, goal.colours.height);
    let bands: Vec<Vec<Values>> = (0..height.div_ceil(BAND))
        .into_par_iter()
        .map(|band| {
            let mut sums = vec![[0.0_f32; N_VALUES]; painting.strokes.len()];
            let mut laid = Vec::new();
            let mut row = vec![Vec3::ZERO; width];
            for y in band * BAND..((band + 1) * BAND).min(height) {
                up(painting, &places, y, &mut row, &mut laid);
                for (x, slot) in row.iter_mut().enumerate() {
                    let at = y * width + x;
                    *slot = (*slot - goal.colours.values[at]) * (2.0 * goal.weights.values[at]);
                }
                down(painting, goal, y, &mut row, &laid, &mut sums);
            }
            sums
        })
        .collect();
    let mut sums = vec![[0.0_f32; N_VALUES]; painting.strokes.len()];
    for band in bands {
        for (sum, part) in sums.iter_mut().zip(band) {
            (0..N_VALUES).for_each(|k| sum[k] += part[k]);
        }
    }
    sums
}

/// By how much the summed squared error would rise without each stroke.
pub(crate) fn worths(goal: &Goal, painting: &Painting) -> Vec<f32> {
    let places = places(goal, painting);
    let (width, height) = (goal.colours.width, goal.colours.height);
    let bands: Vec<Vec<f32>> = (0..height.div_ceil(BAND))
        .into_par_iter()
        .map(|band| {
            let mut sums = vec![0.0_f32; painting.strokes.len()];
            let mut laid: Vec<Laid> = Vec::new();
            let mut row = vec![Vec3::ZERO; width];
            for y in band * BAND..((band + 1) * BAND).min(height) {
                up(painting, &places, y, &mut row, &mut laid);
                // What each pixel shows of the layers below the one at hand.
                let mut through = vec![1.0_f32; width];
                for Laid { stroke, x, share, below, .. } in laid.iter().rev() {
                    let x = *x as usize;
                    let at = y * width + x;
                    let colour = painting.strokes[*stroke as usize].colour;
                    let without = (*below - colour) * (*share * through[x]);
                    let error = row[x] - goal.colours.values[at];
                    let rise = (error + without).length_squared() - error.length_squared();
                    sums[*stroke as usize] += goal.weights.values[at] * rise;
                    through[x] *= 1.0 - share;
                }
            }
            sums
        })
        .collect();
    let mut sums = vec![0.0_f32; painting.strokes.len()];
    for band in bands {
        sums.iter_mut().zip(band).for_each(|(sum, part)| *sum += part);
    }
    sums
}

fn places(goal: &Goal, painting: &Painting) -> Vec<(u32, Ellipse)> {
    let of = |(idx, stroke): (usize, &Stroke)| {
        goal.places(stroke).map(move |place| (idx as u32, place)).collect::<Vec<_>>()
    };
    painting.strokes.iter().enumerate().flat_map(of).collect()
}

/// Paints a row, noting every stroke on its way.
fn up(
    painting: &Painting,
    places: &[(u32, Ellipse)],
    y: usize,
    row: &mut [Vec3],
    laid: &mut Vec<Laid>,
) {
    laid.clear();
    row.fill(painting.ground);
    let py = y as f32 + 0.5;
    for (stroke, place) in places {
        let colour = painting.strokes[*stroke as usize].colour;
        for x in place.columns(py, row.len()) {
            let share = place.cover(x as f32 + 0.5, py);
            let below = row[x];
            laid.push(Laid { stroke: *stroke, x: x as u32, share, below });
            row[x] = below + (colour - below) * share;
        }
    }
}

/// From slopes in the colours of a row to slopes in the strokes, from the top layer down.
fn down(
    painting: &Painting,
    goal: &Goal,
    y: usize,
    row: &mut [Vec3],
    laid: &[Laid],
    sums: &mut [Values],
) {
    let width = row.len() as f32;
    for Laid { stroke: idx, x, share, below } in laid.iter().rev() {
        let stroke = &painting.strokes[*idx as usize];
        let sum = &mut sums[*idx as usize];
        let slope = row[*x as usize];
        let of_colour = slope * *share;
        sum[6] += of_colour.x;
        sum[7] += of_colour.y;
        sum[8] += of_colour.z;
        row[*x as usize] = slope * (1.0 - share);
        if *share >= 1.0 || *share <= 0.0 {
            continue;
        }
        let of_share = slope.dot(stroke.colour - *below);
        let (sin, cos) = libm::sincosf(stroke.turn);
        let mut dx = *x as f32 + 0.5 - stroke.at.x;
        if goal.wraps {
            dx -= width * (dx / width).round();
        }
        let dy = y as f32 + 0.5 - stroke.at.y;
        let (u, v) = (cos * dx + sin * dy, cos * dy - sin * dx);
        let (a, b) =
            (1.0 / (stroke.radii.x * stroke.radii.x), 1.0 / (stroke.radii.y * stroke.radii.y));
        let of_q = -stroke.edge * of_share;
        sum[0] -= of_q * 2.0 * (u * a * cos - v * b * sin);
        sum[1] -= of_q * 2.0 * (u * a * sin + v * b * cos);
        sum[2] -= of_q * 2.0 * u * u * a;
        sum[3] -= of_q * 2.0 * v * v * b;
        sum[4] += of_q * 2.0 * u * v * (a - b);
        sum[5] += of_share * share;
    }
}
