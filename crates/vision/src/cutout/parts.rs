//! Which parts belong to the object, and which of its holes the backdrop is seen through.

use super::grid::Grid;
use super::lab::distance2;
use super::regions::{Region, regions};
use super::scene::Scene;
use super::shadow::Floor;

/// A part belongs to the object when no more than this share of the longer side lies between them.
const GAP: f32 = 1.0 / 32.0;
/// Mean evidence against being backdrop, in nats, that a separate part needs.
const EVIDENCE: f32 = 10.0;
/// Mean squared Mahalanobis distance from the backdrop up to which a hole is one.
const SEEN_THROUGH: f32 = 4.0;
/// Squared Lab distance of two thirds of a hole's rim from its inside: a hole ends at an edge, shading does not.
const RIM_CONTRAST: f32 = 80.0;

/// Keeps the largest part, and what is close to it and clearly neither backdrop nor shadow. Gives the number of objects
/// left out: parts with a tenth of the largest's area or more.
pub(super) fn keep_significant(scene: &Scene, object: &mut Grid<bool>) -> usize {
    let floor = Floor::below(object, scene.smooth);
    let mut parts = regions(object, true);
    parts.sort_by_key(|part| std::cmp::Reverse(part.pixels.len()));
    let mut parts = parts.into_iter();
    let mut kept = Grid::filled(object.width, object.height, false);
    let Some(largest) = parts.next() else { return 0 };
    largest.pixels.iter().for_each(|&at| kept.values[at] = true);
    let mut rest: Vec<Region> = parts
        .filter(|part| part.pixels.len() >= 3 && evidence(scene, floor, part) > EVIDENCE)
        .filter(|part| !floor.allows_most(scene, &part.pixels))
        .collect();
    let gap = ((GAP * scene.longest_px() as f32) as usize).max(2);
    loop {
        let near = kept.dilated(gap);
        let before = rest.len();
        rest.retain(|part| {
            let joins = part.pixels.iter().any(|&at| near.values[at]);
            if joins {
                part.pixels.iter().for_each(|&at| kept.values[at] = true);
            }
            !joins
        });
        if rest.len() == before {
            break;
        }
    }
    *object = kept;
    rest.iter().filter(|part| 10 * part.pixels.len() >= largest.pixels.len()).count()
}

/// How much less likely the colours of a part are than the backdrop's own, mean of −ln.
fn evidence(scene: &Scene, floor: Floor, part: &Region) -> f32 {
    let sum: f32 = part
        .pixels
        .iter()
        .map(|&at| {
            let backdrop = scene.backdrop(at);
            let cost = backdrop.cost(scene.lab.values[at]).min(floor.cost(scene, at));
            (cost - backdrop.least()).min(40.0)
        })
        .sum();
    sum / part.pixels.len() as f32
}

/// Fills holes that are not the backdrop seen through. Before a busy backdrop nobody can tell: there all are filled, and
/// [`open_holes`] decides.
pub(super) fn fill_holes(scene: &Scene, object: &mut Grid<bool>) {
    for hole in regions(object, false).iter().filter(|hole| !hole.at_border) {
        if scene.smooth < 0.5 || strangeness2(scene, hole) > SEEN_THROUGH {
            hole.pixels.iter().for_each(|&at| object.values[at] = true);
        }
    }
}

fn strangeness2(scene: &Scene, region: &Region) -> f32 {
    let sum: f32 = region.pixels.iter().map(|&at| scene.strangeness2(at).min(30.0)).sum();
    sum / region.pixels.len() as f32
}

/// Opens what the backdrop is seen through: of the backdrop's colour, ending at edges; before a busy backdrop also close
/// to the rim, and like the backdrop that is seen there.
pub(super) fn open_holes(scene: &Scene, object: &mut Grid<bool>) {
    let [width, height] = scene.size();
    let lab = &scene.lab;
    let outside = Grid::from_fn(width, height, |x, y| {
        let weight = if object.at(x, y) { 0.0 } else { 1.0 };
        let [l, a, b] = lab.at(x, y);
        [weight, weight * l, weight * a, weight * b]
    })
    .box_mean([scene.longest_px() / 20; 2]);
    let alike = Grid::from_fn(width, height, |x, y| {
        let [weight, l, a, b] = outside.at(x, y);
        let variance = scene.model.variance(x, y);
        let like_outside = || {
            let mean = [l / weight, a / weight, b / weight];
            weight > 0.05 && variance < 30.0 && distance2(lab.at(x, y), mean) < 100.0
        };
        object.at(x, y)
            && ((scene.smooth > 0.5 && variance < 20.0) || like_outside())
            && scene.strangeness2(y * width + x) < 6.0
    });
    for hole in regions(&alike, true).iter().filter(|hole| hole.pixels.len() >= 10) {
        let plain = scene.smooth <= 0.5 || strangeness2(scene, hole) <= 2.5;
        if plain && ends_at_edges(scene, object, hole) {
            hole.pixels.iter().for_each(|&at| object.values[at] = false);
        }
    }
}

/// Whether two thirds of the object's pixels two steps beside a region are of a clearly different colour.
fn ends_at_edges(scene: &Scene, object: &Grid<bool>, region: &Region) -> bool {
    let [width, height] = scene.size();
    let lab = &scene.lab;
    let mut mean = [0.0_f32; 3];
    for &at in &region.pixels {
        std::iter::zip(&mut mean, lab.values[at]).for_each(|(sum, value)| *sum += value);
    }
    let mean = mean.map(|sum| sum / region.pixels.len() as f32);
    let mut seen = std::collections::BTreeSet::new();
    seen.extend(region.pixels.iter().copied());
    let mut contrasts = Vec::new();
    for &at in &region.pixels {
        let (x, y) = (at % width, at / width);
        let beside = [
            (x >= 2).then(|| at - 2),
            (x + 2 < width).then_some(at + 2),
            (y >= 2).then(|| at - 2 * width),
            (y + 2 < height).then_some(at + 2 * width),
        ];
        for beside in beside.into_iter().flatten() {
            if object.values[beside] && seen.insert(beside) {
                contrasts.push(distance2(lab.values[beside], mean));
            }
        }
    }
    let rank = contrasts.len() / 3;
    !contrasts.is_empty()
        && *contrasts.select_nth_unstable_by(rank, f32::total_cmp).1 > RIM_CONTRAST
}
