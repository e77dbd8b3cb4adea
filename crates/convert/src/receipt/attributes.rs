//! Errors of splats, attribute by attribute, in units that mean something.

use asset::splats::SH_C0;
use asset::{RawSplat, Splats};
use rayon::prelude::*;
use serde::Serialize;

/// Splats compared by one task. Sums are made in this order whatever the threads do.
const BLOCK_SPLATS: usize = 4096;

/// How far an attribute is off, over all values of the asset.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AttributeError {
    /// Of splats `position`, `scale`, `rotation`, `opacity`, `colour`, `sh1` to `sh4`; of scenes `position`, `normal`, `uv`,
    /// `colour`.
    pub attribute: &'static str,
    /// `m` (metres), `relative` (0.01 is 1 %), `degrees`, or `1` (a plain number).
    pub unit: &'static str,
    /// The largest error.
    pub max: f64,
    /// The mean error.
    pub mean: f64,
    /// Values of which either is no number, while they are not the same; they are in neither figure.
    pub not_numbers: usize,
}

/// Which splat before each splat after was.
#[derive(Debug)]
pub(super) struct Pairing<'a> {
    order: Option<&'a [u32]>,
}

impl<'a> Pairing<'a> {
    pub(super) fn new(
        before: usize,
        after: usize,
        order: Option<&'a [u32]>,
    ) -> Result<Self, String> {
        let is_whole = match order {
            None => before == after,
            Some(order) => order.len() == after && order.iter().all(|idx| (*idx as usize) < before),
        };
        if is_whole {
            Ok(Self { order })
        } else {
            Err(format!("{before} splats before, {after} after, and which is which is not known"))
        }
    }

    fn before(&self, after_idx: usize) -> usize {
        self.order.map_or(after_idx, |order| order[after_idx] as usize)
    }
}

/// Every bit is the same.
pub(super) fn are_identical(before: &Splats, after: &Splats, pairing: &Pairing<'_>) -> bool {
    let bits = |splat: &RawSplat<'_>| {
        let [x, y, z] = splat.position;
        let [a, b, c] = splat.log_scale;
        let [i, j, k, l] = splat.rotation;
        let [r, g, bl] = splat.sh_dc;
        [x, y, z, a, b, c, i, j, k, l, splat.raw_opacity, r, g, bl].map(f32::to_bits)
    };
    let same = |idx: usize| {
        let (one, other) = (before.get(pairing.before(idx)), after.get(idx));
        let rest = one.sh_rest.iter().zip(other.sh_rest);
        bits(&one) == bits(&other) && rest.into_iter().all(|(a, b)| a.to_bits() == b.to_bits())
    };
    before.len() == after.len()
        && before.sh_degree() == after.sh_degree()
        && (0..after.len()).into_par_iter().with_min_len(BLOCK_SPLATS).all(same)
}

/// The attributes, in the order of their places in [`Sums`].
const ATTRIBUTES: [(&str, &str); 9] = [
    ("position", "m"),
    ("scale", "relative"),
    ("rotation", "degrees"),
    ("opacity", "1"),
    ("colour", "1"),
    ("sh1", "1"),
    ("sh2", "1"),
    ("sh3", "1"),
    ("sh4", "1"),
];

/// Errors of all attributes that either asset has; bands that one of them lacks count as zeros there.
pub(super) fn errors(
    before: &Splats,
    after: &Splats,
    pairing: &Pairing<'_>,
) -> Vec<AttributeError> {
    let block_count = after.len().div_ceil(BLOCK_SPLATS);
    let blocks: Vec<[Sum; 9]> = (0..block_count)
        .into_par_iter()
        .map(|block| {
            let mut sums = [Sum::default(); 9];
            let start = block * BLOCK_SPLATS;
            for idx in start..(start + BLOCK_SPLATS).min(after.len()) {
                compare(&before.get(pairing.before(idx)), &after.get(idx), &mut sums);
            }
            sums
        })
        .collect();
    let degree = before.sh_degree().max(after.sh_degree()).get();
    ATTRIBUTES
        .iter()
        .enumerate()
        .take(5 + usize::from(degree))
        .map(|(place, (attribute, unit))| {
            blocks.iter().map(|sums| sums[place]).fold(Sum::default(), Sum::and).of(attribute, unit)
        })
        .collect()
}

fn compare(before: &RawSplat<'_>, after: &RawSplat<'_>, sums: &mut [Sum; 9]) {
    let [position, scale, rotation, opacity, colour, bands @ ..] = sums;
    let wide = |values: [f32; 3]| values.map(f64::from);
    let (one, other) = (wide(before.position), wide(after.position));
    let distance = (0..3).map(|c| (one[c] - other[c]) * (one[c] - other[c])).sum::<f64>();
    position.add(distance.sqrt(), bits(&before.position) == bits(&after.position));
    for c in 0..3 {
        let (one, other) = (before.log_scale[c], after.log_scale[c]);
        let factor = libm::expm1(f64::from(other) - f64::from(one));
        scale.add(factor.abs(), one.to_bits() == other.to_bits());
        let (one, other) = (before.sh_dc[c], after.sh_dc[c]);
        let difference = f64::from(SH_C0) * (f64::from(one) - f64::from(other));
        colour.add(difference.abs(), one.to_bits() == other.to_bits());
    }
    let same = bits(&before.rotation) == bits(&after.rotation);
    rotation.add(angle_deg(before.rotation, after.rotation), same);
    let (one, other) = (before.raw_opacity, after.raw_opacity);
    let sigmoid = |raw: f32| 1.0 / (1.0 + libm::exp(-f64::from(raw)));
    opacity.add((sigmoid(one) - sigmoid(other)).abs(), one.to_bits() == other.to_bits());
    for idx in 0..before.sh_rest.len().max(after.sh_rest.len()) {
        let value = |rest: &[f32]| rest.get(idx).copied().unwrap_or(0.0);
        let (one, other) = (value(before.sh_rest), value(after.sh_rest));
        // Bands have 3, 5, 7 and 9 coefficients of three channels.
        let band = match idx / 3 {
            0..3 => 0,
            3..8 => 1,
            8..15 => 2,
            _ => 3,
        };
        let difference = (f64::from(one) - f64::from(other)).abs();
        bands[band].add(difference, one.to_bits() == other.to_bits());
    }
}

fn bits<const N: usize>(values: &[f32; N]) -> [u32; N] {
    values.map(f32::to_bits)
}

/// Of the rotation from one to the other, 0 to 180; NaN when either has no direction.
fn angle_deg(one: [f32; 4], other: [f32; 4]) -> f64 {
    let [one, other] = [one, other].map(|q| {
        glam::DQuat::from_xyzw(f64::from(q[1]), f64::from(q[2]), f64::from(q[3]), f64::from(q[0]))
    });
    if one.length_squared() == 0.0 || other.length_squared() == 0.0 {
        return f64::NAN;
    }
    let between = one.normalize().conjugate() * other.normalize();
    let sine = between.xyz().length();
    (2.0 * libm::atan2(sine, between.w.abs())).to_degrees()
}

/// Errors added up.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    max: f64,
    sum: f64,
    count: u64,
    not_numbers: usize,
}

impl Sum {
    /// One error. `same`: the values are the same bit by bit, also where they are no numbers.
    pub(super) fn add(&mut self, error: f64, same: bool) {
        if !same && !error.is_finite() {
            self.not_numbers += 1;
            return;
        }
        let error = if same { 0.0 } else { error };
        self.max = self.max.max(error);
        self.sum += error;
        self.count += 1;
    }

    fn and(self, other: Self) -> Self {
        Self {
            max: self.max.max(other.max),
            sum: self.sum + other.sum,
            count: self.count + other.count,
            not_numbers: self.not_numbers + other.not_numbers,
        }
    }

    pub(super) fn of(self, attribute: &'static str, unit: &'static str) -> AttributeError {
        let mean = if self.count == 0 { 0.0 } else { self.sum / self.count as f64 };
        AttributeError { attribute, unit, max: self.max, mean, not_numbers: self.not_numbers }
    }
}
