//! Shadows on the floor. Less light of the same colour moves a Lab colour along the ray to (−16, 0, 0)
//! ([`Gaussian::shade`]); light from the object tints its own shadow a little; shadows lie at the object's feet, are soft,
//! and get darker and darker towards it. Where the backdrop is busy, softness says nothing, and colour has to do alone.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::gmm::Gaussian;
use super::grid::Grid;
use super::lab::distance2;
use super::regions::regions;
use super::scene::Scene;

/// Standard deviation in a* and b* of the tint in full darkness.
const TINT: f32 = 12.0;
/// Less light than this (as a cube root) is not told apart.
const SHADE_MIN: f32 = 0.15;
/// −ln of the density as a shadow below which a pixel is taken for one at first.
const PLAIN_SHADOW: f32 = 14.0;
/// Largest colour step inside a shadow, per pixel of a picture of 512.
const STEP_AT_512: f32 = 6.0;
/// How much lighter a shadow may get on the way in, in L*: noise.
const LIGHTER: f32 = 1.5;
/// From this smoothness on, shadows are followed by their softness.
const SMOOTH_MIN: f32 = 0.3;

/// The rows in which shadows may lie.
#[derive(Debug, Clone, Copy)]
pub(super) struct Floor {
    middle: f32,
    height: f32,
    smooth: f32,
}

impl Floor {
    pub(super) fn below(object: &Grid<bool>, smooth: f32) -> Self {
        let used =
            |&y: &usize| object.values[y * object.width..(y + 1) * object.width].contains(&true);
        let top = (0..object.height).find(used).unwrap_or(0) as f32;
        let bottom = (0..object.height).rfind(used).unwrap_or(0) as f32;
        Self { middle: 0.5 * (top + bottom), height: (bottom - top).max(1.0), smooth }
    }

    /// 0 at the bottom of the object, 1 at mid height; `None` above the rows where shadows may lie.
    fn up(self, y: usize) -> Option<f32> {
        let up = 1.0 - 2.0 * (y as f32 - self.middle) / self.height;
        (up <= 1.0 - 0.4 * self.smooth).then_some(up.max(0.0))
    }

    /// −ln of the density of a pixel's colour as a shadow of the backdrop; infinite where there is none.
    pub(super) fn cost(self, scene: &Scene, at: usize) -> f32 {
        let Some(up) = self.up(at / scene.lab.width) else { return f32::INFINITY };
        let [l, a, b, ll, la, lb, aa, ab, bb] = scene.model.statistics(at);
        let t = scene.backdrop(at).shade(scene.lab.values[at]).clamp(SHADE_MIN, 1.0);
        let k = t.max(0.4) * t.max(0.4);
        let tint = TINT * (1.0 - t) * self.smooth;
        let tint = tint * tint;
        let covariance =
            [k * ll + 0.1 * tint, k * la, k * lb, k * aa + tint, k * ab, k * bb + tint];
        // Any shade is as likely as any other, about e⁻² for each that can be told apart; deep ones are rarer, above all
        // among pebbles, and so are those high up.
        let rare = 2.5 - 0.5 * self.smooth
            + (4.0 - 3.0 * self.smooth) * (1.0 - t)
            + 2.0 * up
            + 30.0 * (1.0 - self.smooth) * (0.45 - t).max(0.0);
        Gaussian::new([t * (l + 16.0) - 16.0, t * a, t * b], covariance).cost(scene.lab.values[at])
            + rare
    }

    /// Whether a colour at a pixel can be a shadow at all.
    fn allows(self, scene: &Scene, at: usize, colour: [f32; 3]) -> bool {
        if self.smooth < SMOOTH_MIN || self.up(at / scene.lab.width).is_none() {
            return false;
        }
        let [l, a, b, ll, la, lb, aa, ab, bb] = scene.model.statistics(at);
        let t = scene.backdrop(at).shade(colour).clamp(SHADE_MIN, 1.0);
        let tint = 1.5 * (TINT * (1.0 - t)) * (TINT * (1.0 - t));
        let covariance = [ll + 0.2 * tint, la, lb, aa + tint, ab, bb + tint];
        let shaded = Gaussian::new([t * (l + 16.0) - 16.0, t * a, t * b], covariance);
        shaded.distance2(colour) < 9.0
    }

    /// Whether more than half of the pixels can be a shadow.
    pub(super) fn allows_most(self, scene: &Scene, pixels: &[usize]) -> bool {
        let allowed = |&&at: &&usize| self.allows(scene, at, scene.lab.values[at]);
        2 * pixels.iter().filter(allowed).count() > pixels.len()
    }
}

/// The first guess at an object without the shadows that reach its rim: a shade in its middle is paint. The guess itself
/// stays (`None`) when next to nothing would be left.
pub(super) fn without_plain_shadow(scene: &Scene, object: &Grid<bool>) -> Option<Grid<bool>> {
    let [width, height] = scene.size();
    let floor = Floor::below(object, scene.smooth);
    let other = Grid::from_fn(width, height, |x, y| {
        !object.at(x, y) || floor.cost(scene, y * width + x) <= PLAIN_SHADOW
    });
    let mut left = object.clone();
    for region in regions(&other, true).iter().filter(|region| region.at_border) {
        region.pixels.iter().for_each(|&at| left.values[at] = false);
    }
    (5 * left.count() > object.count()).then_some(left)
}

/// Takes soft shadows off the object's feet: floods in from the backdrop along shades that get darker and darker, without
/// a step. The object begins where it gets lighter, or more colourful, or at an edge.
pub(super) fn remove_soft(scene: &Scene, object: &mut Grid<bool>) {
    let [width, height] = scene.size();
    let floor = Floor::below(object, scene.smooth);
    let gone = flood(scene, object, floor);
    // A flood that runs up to where no shadow may lie has found a way into the object.
    let top = (0..height).find(|&y| floor.up(y).is_some()).unwrap_or(height);
    let leaks = gone.iter().filter(|&&at| at / width == top).count();
    if 5 * gone.len() >= object.count() || leaks >= 3 {
        return;
    }
    let mut shadow = Grid::filled(width, height, false);
    for at in gone {
        shadow.values[at] = true;
        object.values[at] = false;
    }
    // Nor is it a shadow what the object goes on below.
    for region in regions(&shadow, true) {
        let mut bottom = vec![None; width];
        for &at in &region.pixels {
            bottom[at % width] = bottom[at % width].max(Some(at / width));
        }
        let columns = bottom.iter().flatten().count();
        let covered = |&(x, y): &(usize, &Option<usize>)| {
            y.is_some_and(|y| (y + 1..height).any(|y| object.at(x, y)))
        };
        if 3 * bottom.iter().enumerate().filter(covered).count() > columns {
            region.pixels.iter().for_each(|&at| object.values[at] = true);
        }
    }
}

/// The object's pixels that a soft shadow reaches.
fn flood(scene: &Scene, object: &Grid<bool>, floor: Floor) -> Vec<usize> {
    let [width, height] = scene.size();
    let lab = &scene.lab;
    let even = lab.box_mean([1, 1]);
    let allowed: Vec<bool> =
        (0..width * height).map(|at| floor.allows(scene, at, even.values[at])).collect();
    let step = STEP_AT_512 * 512.0 / scene.longest_px() as f32;
    let lightness = |at: usize| (even.values[at][0].max(0.0) * 256.0) as u32 + 1;
    let lighter = (LIGHTER * 256.0) as u32;
    // For each pixel the darkest lightness on the lightest way to it.
    let mut darkest = vec![0_u32; width * height];
    let mut next = BinaryHeap::new();
    for at in (0..width * height).filter(|&at| allowed[at] && !object.values[at]) {
        darkest[at] = lightness(at);
        next.push((darkest[at], Reverse(at)));
    }
    let mut gone = Vec::new();
    while let Some((level, Reverse(at))) = next.pop() {
        if level < darkest[at] {
            continue;
        }
        if object.values[at] {
            gone.push(at);
        }
        let (x, y) = (at % width, at / width);
        let neighbours = [
            (x > 0).then(|| at - 1),
            (x + 1 < width).then_some(at + 1),
            (y > 0).then(|| at - width),
            (y + 1 < height).then_some(at + width),
        ];
        for to in neighbours.into_iter().flatten() {
            let soft = distance2(lab.values[to], lab.values[at]) <= step * step;
            let level_there = level.min(lightness(to));
            if object.values[to]
                && allowed[to]
                && soft
                && lightness(to) <= level + lighter
                && level_there > darkest[to]
            {
                darkest[to] = level_there;
                next.push((level_there, Reverse(to)));
            }
        }
    }
    gone
}
