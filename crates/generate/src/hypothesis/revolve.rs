//! A body turned about the silhouette's upright axis; what is not symmetric (handle, stem, string) stays a cushion.

use super::{Body, Hypothesis, Relief, Ring, beyond_outline};
use crate::map::Map;
use crate::options::ShapeKind;
use crate::silhouette::Silhouette;

/// Left and right radius may differ by this share of their mean.
const UNEVENNESS_MAX: f32 = 0.16;
/// What is thinner than this share of the thickest part is left aside when a row is not even.
const CORE_SHARE: f32 = 0.3;

/// The silhouette as a body of revolution.
pub(crate) fn revolved(silhouette: &Silhouette, cushion: &Map) -> Hypothesis {
    let body = body(silhouette);
    let pixel = 1.0 / silhouette.extent_px;
    let height2 = Map::from_fn(cushion.width, cushion.height, |x, y| {
        let [object_x, object_y] = silhouette.object(x as f32 + 0.5, y as f32 + 0.5);
        let [across, along] = body.axis.coordinates(object_x, object_y);
        let ring = body.at(along);
        let cushion = cushion.get(x, y);
        let turned = ring.radius * ring.radius - across * across;
        if !silhouette.inside(x, y) {
            return 0.0;
        }
        // Beyond the ring, but inside the outline: a handle or the like, a cushion of its own.
        let aside = across.abs() > ring.radius + 1.5 * pixel;
        if aside { cushion } else { cushion + (turned.max(0.0) - cushion) * ring.trust }
    });
    let rim_z = 0.25 * height2.values.iter().copied().fold(0.0, f32::max).sqrt();
    let relief = Relief::symmetric(&beyond_outline(silhouette, &height2), rim_z);
    Hypothesis { shape: ShapeKind::Revolved, relief, body: Some(body) }
}

/// Measures the rings along the axis, one per pixel.
fn body(silhouette: &Silhouette) -> Body {
    let axis = silhouette.traits.axis;
    let step = 1.0 / silhouette.extent_px;
    let n = (1.1 * silhouette.extent_px) as usize + 1;
    let start = -0.55;
    let thickest = silhouette.thickness.values.iter().copied().fold(0.0, f32::max);
    let reach_of = |along: f32, side: f32, is_core: bool| {
        let inside_at = |across: f32| {
            let [x, y] = axis.place(side * across, along);
            let [px, py] = silhouette.pixel(x, y);
            let thick = !is_core || silhouette.thickness.sample(px, py) > CORE_SHARE * thickest;
            if thick { silhouette.distance.sample(px, py) } else { -1.0 }
        };
        let mut across = 0.0;
        let mut here = inside_at(0.0);
        while here > 0.0 && across < 1.0 {
            let next = inside_at(across + 0.5 * step);
            if next <= 0.0 {
                return across + 0.5 * step * here / (here - next).max(1e-3);
            }
            across += 0.5 * step;
            here = next;
        }
        across
    };
    let mut rings: Vec<Ring> = (0..n)
        .map(|k| {
            let along = start + k as f32 * step;
            let even_ring = |is_core: bool| {
                let (left, right) = (reach_of(along, -1.0, is_core), reach_of(along, 1.0, is_core));
                let radius = 0.5 * (left + right);
                let uneven = (left - right).abs() / radius.max(step);
                let trust =
                    ((1.5 * UNEVENNESS_MAX - uneven) / (0.5 * UNEVENNESS_MAX)).clamp(0.0, 1.0);
                (radius > 1.5 * step).then_some(Ring { radius, trust })
            };
            let full = even_ring(false).unwrap_or_default();
            let core = even_ring(true).unwrap_or_default();
            if full.trust >= core.trust { full } else { core }
        })
        .collect();
    smooth(&mut rings, (0.012 * silhouette.extent_px).max(1.0));
    Body { axis, start, step, rings }
}

/// Takes single outliers out and softens where trust begins and ends. A radius is only averaged over its nearest
/// neighbours: corners of the profile are part of the shape.
fn smooth(rings: &mut [Ring], sigma: f32) {
    let line = |value: &dyn Fn(&Ring) -> f32, sigma: f32, rings: &[Ring]| {
        let map = Map { width: rings.len(), height: 1, values: rings.iter().map(value).collect() };
        map.blur(sigma).values
    };
    let trusts = line(&|ring| ring.trust, sigma, rings);
    let radii = line(&|ring| ring.radius, 0.8, rings);
    for (ring, (trust, radius)) in rings.iter_mut().zip(trusts.into_iter().zip(radii)) {
        *ring = Ring { radius, trust: trust.min(1.0) };
    }
}

impl Body {
    /// Share of the silhouette's area that trusted rings account for, 0 to 1.
    pub(crate) fn coverage(&self, silhouette: &Silhouette) -> f32 {
        let (mut inside, mut covered) = (0.0, 0.0);
        for y in 0..silhouette.alpha.height {
            for x in (0..silhouette.alpha.width).filter(|&x| silhouette.inside(x, y)) {
                let [object_x, object_y] = silhouette.object(x as f32 + 0.5, y as f32 + 0.5);
                let [across, along] = self.axis.coordinates(object_x, object_y);
                let ring = self.at(along);
                inside += 1.0;
                if across.abs() <= ring.radius + 2.0 * self.step {
                    covered += ring.trust;
                }
            }
        }
        covered / f32::max(inside, 1.0)
    }
}
