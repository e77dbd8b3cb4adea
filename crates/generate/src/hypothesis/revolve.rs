//! A body turned about an upright axis; what is not symmetric (handle, stem, string) stays a cushion.
//!
//! The radius at each height is the largest whose circle the camera would see within the outline. So perspective is
//! undone: a ball's outline is wider than the ball, and the near edge of a flat end reaches beyond the end itself.

use rayon::prelude::*;

use super::{Body, EYE_Z, Hypothesis, Relief, Ring, beyond_outline};
use crate::distance;
use crate::map::Map;
use crate::options::ShapeKind;
use crate::silhouette::{Axis, Silhouette};

/// Left and right radius may differ by this share of their mean.
const UNEVENNESS_MAX: f32 = 0.16;
/// What is thinner than this share of the thickest part is left aside when a row is not even.
const CORE_SHARE: f32 = 0.3;
/// Points on each quarter circle that are tested against the outline.
const N_ANGLES: usize = 9;

/// The silhouette as a body of revolution.
pub(crate) fn revolved(silhouette: &Silhouette, cushion: &Map) -> Hypothesis {
    // How far the camera is depends on the body's true size, which depends on how far the camera is.
    let first = solid(silhouette, cushion, EYE_Z);
    let [low, high] = first.relief.bounds(silhouette);
    solid(silhouette, cushion, EYE_Z * (high - low).max_element())
}

fn solid(silhouette: &Silhouette, cushion: &Map, eye_z: f32) -> Hypothesis {
    let body = [silhouette.traits.axis, silhouette.core_axis(CORE_SHARE)]
        .map(|axis| body(silhouette, axis, eye_z))
        .into_iter()
        .reduce(|a, b| if b.trusted() > a.trusted() * 1.02 { b } else { a });
    // There are two candidates.
    let body = body.unwrap_or_else(|| unreachable!());
    let pixel = 1.0 / silhouette.extent_px;
    let coverage_of = |x: usize, y: usize| {
        let [object_x, object_y] = silhouette.object(x as f32 + 0.5, y as f32 + 0.5);
        let [across, along] = body.axis.coordinates(object_x, object_y);
        let ring = body.at(along);
        // The outline of a ring is a little wider than the ring.
        let widening = 1.0 + 0.5 * (ring.radius / eye_z) * (ring.radius / eye_z);
        let slack = 0.03 * ring.radius + 2.0 * pixel;
        let aside = f32::from(u8::from(across.abs() > ring.radius * widening + slack));
        let of_body = (0.5 + (ring.radius - across.abs()) / pixel).clamp(0.0, 1.0);
        let mask = silhouette.alpha.get(x, y);
        let symmetric = of_body.max(aside * mask);
        let ends = (0.5 + (along - body.ends[0]).min(body.ends[1] - along) / pixel).clamp(0.0, 1.0);
        ((mask + (symmetric - mask) * ring.trust) * ends, across, ring)
    };
    let coverage = Map::from_fn(cushion.width, cushion.height, |x, y| coverage_of(x, y).0);
    let height2 = Map::from_fn(cushion.width, cushion.height, |x, y| {
        let (covered, across, ring) = coverage_of(x, y);
        let cushion = cushion.get(x, y);
        if covered <= 0.0 {
            return 0.0;
        }
        let turned = ring.radius * ring.radius - across * across;
        // Beyond the ring: a handle or the like, a cushion of its own.
        if across.abs() > ring.radius + 1.5 * pixel {
            cushion
        } else {
            cushion + (turned.max(0.0) - cushion) * ring.trust
        }
    });
    let outline = distance::signed(&coverage);
    let sheets = beyond_outline(&outline, silhouette.extent_px, &height2);
    let relief = Relief { eye_z, ..Relief::symmetric(&sheets, 0.0) };
    Hypothesis { shape: ShapeKind::Revolved, relief, body: Some(body), footprint: None }
}

/// Measures the rings along the axis, one per pixel.
fn body(silhouette: &Silhouette, axis: Axis, eye_z: f32) -> Body {
    let step = 1.0 / silhouette.extent_px;
    let n = (1.1 * silhouette.extent_px) as usize + 1;
    let start = -0.55;
    let place_of = |k: usize| start + k as f32 * step;
    let thickest = silhouette.thickness.values.iter().copied().fold(0.0, f32::max);
    let ring_point = |radius: f32, along: f32, (sin, cos): (f32, f32)| {
        let [x, y] = axis.place(radius * sin, along);
        let zoom = eye_z / (eye_z - radius * cos).max(0.1);
        silhouette.pixel(x * zoom, y * zoom)
    };
    let inside = |[px, py]: [f32; 2], is_core: bool| {
        let thick = !is_core || silhouette.thickness.sample(px, py) > CORE_SHARE * thickest;
        if thick { silhouette.distance.sample(px, py) } else { -1.0 }
    };
    // The largest radius all of whose points at these angles are inside.
    let reach = |along: f32, angles: &[(f32, f32)], is_core: bool| {
        let least = |radius: f32| {
            let points =
                angles.iter().map(|&angle| inside(ring_point(radius, along, angle), is_core));
            points.fold(f32::MAX, f32::min)
        };
        let (mut radius, mut here) = (0.0, least(0.0));
        while here > 0.0 && radius < 1.0 {
            // The outline is at least as far away as the distance says, perspective aside.
            let stride = (0.6 * here * step).max(0.5 * step);
            let next = least(radius + stride);
            if next <= 0.0 && stride <= 0.5 * step {
                return radius + stride * here / (here - next).max(1e-3);
            }
            if next <= 0.0 {
                here = here.min(0.4);
                continue;
            }
            (radius, here) = (radius + stride, next);
        }
        radius
    };
    let quarter = |side: f32| -> Vec<(f32, f32)> {
        let angle = |k: usize| 0.5 * std::f32::consts::PI * k as f32 / (N_ANGLES - 1) as f32;
        (0..N_ANGLES).map(|k| libm::sincosf(side * angle(k))).collect()
    };
    let (to_left, to_right) = (quarter(-1.0), quarter(1.0));
    let reaches = |angles: &[(f32, f32)], is_core: bool| -> Vec<f32> {
        (0..n).into_par_iter().map(|k| reach(place_of(k), angles, is_core)).collect()
    };
    let full = [reaches(&to_left, false), reaches(&to_right, false)];
    let core = [reaches(&to_left, true), reaches(&to_right, true)];
    let half_window = (0.02 * silhouette.extent_px) as usize + 1;
    let rings_of = |[left, right]: &[Vec<f32>; 2]| -> Vec<Ring> {
        // Specks on the rim make a row uneven, but not its neighbourhood.
        let (calm_left, calm_right) = (medians(left, half_window), medians(right, half_window));
        (0..n)
            .map(|k| {
                let exact = even_ring(left[k], right[k], step);
                let calm = even_ring(calm_left[k], calm_right[k], step);
                let at_end = left[k].min(right[k]) <= step;
                if exact.trust >= calm.trust || at_end { exact } else { calm }
            })
            .collect()
    };
    let mut rings: Vec<Ring> = rings_of(&full)
        .into_iter()
        .zip(rings_of(&core))
        .map(|(full, core)| if full.trust >= core.trust { full } else { core })
        .collect();
    smooth(&mut rings, (0.012 * silhouette.extent_px).max(1.0));
    let front = reaches(&[(0.0, 1.0)], false);
    let ends = ends(&mut rings, &front, place_of, step);
    Body { axis, start, step, rings, ends }
}

/// Finds flat ends: where only the near edge limits the rings, they would rise as a grazing cone that nobody has seen.
/// A body that was even just before is cut off there instead; a dome goes on.
fn ends(rings: &mut [Ring], front: &[f32], place_of: impl Fn(usize) -> f32, step: f32) -> [f32; 2] {
    let n = rings.len();
    let mut ends = [-1.0, 1.0];
    let back = (0.03 / step) as usize + 1;
    for (side, end) in ends.iter_mut().enumerate() {
        let idx = |k: usize| if side == 0 { k } else { n - 1 - k };
        let Some(first) = (0..n).find(|&k| rings[idx(k)].radius > 0.0) else { continue };
        let grazing = |k: usize| {
            let ring = rings[idx(k)];
            ring.radius > 0.94 * front[idx(k)] - 1.5 * step
        };
        let Some(last) = (first..n).find(|&k| !grazing(k)) else { continue };
        if last < first + 3 || last + back >= n || last - first > n / 4 {
            continue;
        }
        // Where the body was heading: r² of a dome falls evenly, and reaches 0 after this height.
        let (here, before) = (rings[idx(last)].radius, rings[idx(last + back)].radius);
        let fall = (before * before - here * here) / (back as f32 * step);
        let dome = here * here / fall.max(1e-6);
        let seen = (last - first) as f32 * step;
        if dome > 1.6 * seen + 2.0 * step {
            *end = place_of(idx(last));
            (first..last).for_each(|k| rings[idx(k)] = rings[idx(last)]);
            continue;
        }
        for k in first..last {
            let left = 1.0 - (last - k) as f32 * step / dome;
            rings[idx(k)].radius = here * left.max(0.0).sqrt();
        }
    }
    ends
}

/// The ring that reaches `left` and `right` of the axis, if these are about the same.
fn even_ring(left: f32, right: f32, step: f32) -> Ring {
    let radius = 0.5 * (left + right);
    if radius <= 1.5 * step {
        return Ring::default();
    }
    let uneven = (left - right).abs() / radius;
    let trust = ((1.5 * UNEVENNESS_MAX - uneven) / (0.5 * UNEVENNESS_MAX)).clamp(0.0, 1.0);
    Ring { radius, trust }
}

/// Running median over `2 · half_window + 1` values, fewer at the ends.
fn medians(values: &[f32], half_window: usize) -> Vec<f32> {
    (0..values.len())
        .map(|k| {
            let end = (k + half_window + 1).min(values.len());
            let mut window = values[k.saturating_sub(half_window)..end].to_vec();
            let middle = window.len() / 2;
            *window.select_nth_unstable_by(middle, f32::total_cmp).1
        })
        .collect()
}

/// Softens where trust begins and ends. A radius is only averaged over its nearest neighbours: corners of the profile
/// are part of the shape.
fn smooth(rings: &mut [Ring], sigma: f32) {
    let line = |value: &dyn Fn(&Ring) -> f32, sigma: f32, rings: &[Ring]| {
        let map = Map { width: rings.len(), height: 1, values: rings.iter().map(value).collect() };
        map.blur(sigma).values
    };
    let trusts = line(&|ring| ring.trust, sigma, rings);
    let radii = line(&|ring| ring.radius, 0.8, rings);
    for (ring, (trust, radius)) in rings.iter_mut().zip(trusts.into_iter().zip(radii)) {
        // Where there is nothing, softening the trust would only thin the last ring out.
        let trust = if ring.radius > 0.0 { trust.max(ring.trust) } else { trust };
        *ring = Ring { radius, trust: trust.min(1.0) };
    }
}

impl Body {
    /// Area of the trusted rings' outlines, object units².
    fn trusted(&self) -> f32 {
        self.rings.iter().map(|ring| ring.trust * ring.radius * 2.0 * self.step).sum()
    }

    /// Share of the silhouette's area that trusted rings account for, 0 to 1.
    pub(crate) fn coverage(&self, silhouette: &Silhouette) -> f32 {
        let area = silhouette.distance.values.iter().filter(|&&d| d > 0.0).count() as f32;
        let unit = silhouette.extent_px * silhouette.extent_px;
        (self.trusted() * unit / area.max(1.0)).min(1.0)
    }
}
