//! Points on the surface, evenly apart, closer where colours change.

use std::collections::{BTreeMap, BinaryHeap};

use glam::Vec3;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use super::sheet::{Facet, Sheet};
use crate::{MeshError, Stop};

/// A place for a splat.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dot {
    /// Metres.
    pub point: Vec3,
    /// Unit.
    pub normal: Vec3,
    /// Linear.
    pub colour: Vec3,
    pub alpha: f32,
    /// Half the distance to its neighbours, about, metres.
    pub radius: f32,
}

/// Points to choose from, for each that stays.
const CHOICE: usize = 4;
/// Smallest distance over the largest.
const FINEST: f32 = 0.6;
/// Difference of colour, 0 to 1, at which the distance is the smallest.
const CONTRAST: f32 = 0.15;
/// Area of the hexagon around a point, over the square of its radius: 2·√3.
const HEXAGON: f32 = 3.464_101_6;

/// About `count` dots. The same seed gives the same dots.
pub(super) fn scatter(
    sheet: &Sheet<'_>,
    count: usize,
    seed: u64,
    stop: Stop<'_>,
) -> Result<Vec<Dot>, MeshError> {
    let area = |facet: &Facet| {
        let [a, b, c] = facet.corners.map(|p| p.as_dvec3());
        0.5 * (b - a).cross(c - a).length()
    };
    let whole: f64 = sheet.facets.iter().map(area).sum();
    if whole <= 0.0 {
        return Ok(Vec::new());
    }
    let even = ((whole / (f64::from(HEXAGON) * count as f64)) as f32).sqrt().max(1e-9);
    let places = places(sheet, area, whole, count * CHOICE, seed);
    if stop() {
        return Err(MeshError::Stopped);
    }
    let mut dots: Vec<Dot> = places.par_iter().map(|place| dot(sheet, place, even)).collect();
    // Distances such that the area asks for `count` of them.
    let crowding = dots.iter().map(|dot| f64::from(1.0 / (dot.radius * dot.radius))).sum::<f64>();
    let factor = ((crowding / dots.len().max(1) as f64) as f32).sqrt() * even;
    dots.iter_mut().for_each(|dot| dot.radius *= factor);
    thin_out(dots, count, even, stop)
}

/// A point on a facet.
struct Place {
    facet: u32,
    weights: Vec3,
}

/// Points spread over all facets by area: at even steps along the sum of areas, jittered.
fn places(
    sheet: &Sheet<'_>,
    area: impl Fn(&Facet) -> f64,
    whole: f64,
    count: usize,
    seed: u64,
) -> Vec<Place> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut unit = || (random.next_u32() >> 8) as f32 / 16_777_216.0;
    let step = whole / count as f64;
    let mut places = Vec::with_capacity(count);
    let mut sum = 0.0;
    let mut next = step * f64::from(unit());
    for (idx, facet) in sheet.facets.iter().enumerate() {
        sum += area(facet);
        while next < sum && places.len() < count {
            let (mut u, mut v) = (unit(), unit());
            if u + v > 1.0 {
                (u, v) = (1.0 - u, 1.0 - v);
            }
            places.push(Place { facet: idx as u32, weights: Vec3::new(1.0 - u - v, u, v) });
            next = step * (places.len() as f64 + f64::from(unit()));
        }
    }
    places
}

/// A dot whose radius is still a share of the largest one.
fn dot(sheet: &Sheet<'_>, place: &Place, even: f32) -> Dot {
    let facet = &sheet.facets[place.facet as usize];
    let mix = |values: [Vec3; 3]| {
        values[0] * place.weights.x + values[1] * place.weights.y + values[2] * place.weights.z
    };
    let look = sheet.look(facet, place.weights);
    let own = super::display(look.colour);
    // Half a distance away along each side, as far as the facet reaches.
    let mut contrast = 0.0_f32;
    for k in 0..3 {
        let length = (facet.corners[(k + 1) % 3] - facet.corners[k]).length().max(1e-12);
        let mut towards = Vec3::ZERO;
        (towards[k], towards[(k + 1) % 3]) = (-even / length, even / length);
        for side in [1.0, -1.0] {
            let weights = (place.weights + towards * side).clamp(Vec3::ZERO, Vec3::ONE);
            let weights = weights / weights.element_sum().max(1e-6);
            let other = sheet.look(facet, weights);
            let change = (super::display(other.colour) - own).abs().max_element();
            contrast = contrast.max(change).max((other.alpha - look.alpha).abs());
        }
    }
    let detail = (contrast / CONTRAST).clamp(0.0, 1.0);
    Dot {
        point: mix(facet.corners),
        normal: mix(facet.normals).try_normalize().unwrap_or(facet.normals[0]),
        colour: look.colour,
        alpha: look.alpha,
        radius: 1.0 + (FINEST - 1.0) * detail,
    }
}

/// Takes away the dot with the most crowd around it, again and again.
fn thin_out(
    dots: Vec<Dot>,
    count: usize,
    even: f32,
    stop: Stop<'_>,
) -> Result<Vec<Dot>, MeshError> {
    if dots.len() <= count {
        return Ok(dots);
    }
    let reach = 2.0 * dots.iter().map(|dot| dot.radius).fold(even * 0.1, f32::max);
    let cell = |p: Vec3| (p / reach).floor().to_array().map(|c| c as i64);
    let mut order: Vec<u32> = (0..dots.len() as u32).collect();
    order.sort_by_key(|&idx| (cell(dots[idx as usize].point), idx));
    let mut cells: BTreeMap<[i64; 3], (u32, u32)> = BTreeMap::new();
    for (at, &idx) in order.iter().enumerate() {
        let range = cells.entry(cell(dots[idx as usize].point)).or_insert((at as u32, at as u32));
        range.1 = at as u32 + 1;
    }
    let crowd = |a: &Dot, b: &Dot| {
        // The two sides of something thin do not crowd each other.
        if a.normal.dot(b.normal) < 0.3 {
            return 0.0;
        }
        let share = 1.0 - a.point.distance(b.point) / (a.radius + b.radius);
        if share <= 0.0 {
            return 0.0;
        }
        let square = share * share;
        square * square * square * square
    };
    let neighbours = |idx: u32| {
        let (dot, mut found) = (&dots[idx as usize], Vec::new());
        let [x, y, z] = cell(dot.point);
        for (dx, dy, dz) in (0..27).map(|k| (k % 3 - 1, k / 3 % 3 - 1, k / 9 - 1)) {
            if let Some(&(first, end)) = cells.get(&[x + dx, y + dy, z + dz]) {
                for &other in &order[first as usize..end as usize] {
                    if other != idx && found.len() < CROWD_MAX {
                        let crowd = crowd(dot, &dots[other as usize]);
                        if crowd > 0.0 {
                            found.push((other, crowd));
                        }
                    }
                }
            }
        }
        found
    };
    let around: Vec<Vec<(u32, f32)>> =
        (0..dots.len() as u32).into_par_iter().map(neighbours).collect();
    let mut weights: Vec<f32> =
        around.iter().map(|list| list.iter().map(|(_, crowd)| crowd).sum()).collect();
    let mut queue: BinaryHeap<(u32, u32)> =
        weights.iter().enumerate().map(|(idx, weight)| (weight.to_bits(), idx as u32)).collect();
    let mut is_here = vec![true; dots.len()];
    let mut left = dots.len();
    while left > count {
        let Some((bits, idx)) = queue.pop() else { break };
        let at = idx as usize;
        if !is_here[at] {
            continue;
        }
        if weights[at].to_bits() != bits {
            // Less crowded by now: back to where it belongs.
            queue.push((weights[at].to_bits(), idx));
            continue;
        }
        is_here[at] = false;
        left -= 1;
        if left.is_multiple_of(8192) && stop() {
            return Err(MeshError::Stopped);
        }
        for &(other, crowd) in &around[at] {
            weights[other as usize] = (weights[other as usize] - crowd).max(0.0);
        }
    }
    Ok(dots.into_iter().zip(is_here).filter(|(_, here)| *here).map(|(dot, _)| dot).collect())
}

/// Most neighbours that are looked at: bounds memory where many triangles lie on each other.
const CROWD_MAX: usize = 128;
