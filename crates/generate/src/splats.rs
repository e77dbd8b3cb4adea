//! Points and colours to splats: opaque discs that lie in the surface.

use asset::splats::SH_C0;
use asset::{ShDegree, Splats, SplatsParts};
use glam::{Quat, Vec3};
use render::Camera;

use crate::sample::Point;
use crate::surface::Surface;

/// Standard deviation in the surface, times the spacing: at the corner between four discs 0.9 is covered.
const SPREAD: f32 = 0.56;
/// Standard deviation across the surface, times the spacing.
const THICKNESS: f32 = 0.12;
/// Opacity of every disc, as a logit: 0.982.
const RAW_OPACITY: f32 = 4.0;

/// One disc per point.
pub(crate) fn discs(surface: &Surface<'_>, points: &[Point], colours: &[Vec3]) -> Splats {
    let mut parts = SplatsParts { sh_degree: ShDegree::ZERO, ..SplatsParts::default() };
    for (point, &colour) in points.iter().zip(colours) {
        let spacing = point.spacing * surface.scale;
        let spread = libm::logf(SPREAD * spacing);
        let thickness = libm::logf(THICKNESS * spacing);
        let turn = Quat::from_rotation_arc(Vec3::Z, point.normal);
        parts.positions.push(surface.to_metres(inset(surface, point)).to_array());
        parts.log_scales.push([spread, spread, thickness]);
        parts.rotations.push([turn.w, turn.x, turn.y, turn.z]);
        parts.raw_opacities.push(RAW_OPACITY);
        parts.sh_dc.push(((colour - Vec3::splat(0.5)) / SH_C0).to_array());
    }
    // The attributes have the same length by construction.
    Splats::new(parts).unwrap_or_default()
}

/// A disc that faces the camera at the outline would stand out of it by its own radius: it is moved in.
fn inset(surface: &Surface<'_>, point: &Point) -> Vec3 {
    let silhouette = surface.silhouette;
    let pixel = 1.0 / silhouette.extent_px;
    let distance = silhouette.distance.sample(point.seen.x, point.seen.y) * pixel;
    let room = silhouette.thickness.sample(point.seen.x, point.seen.y) * pixel;
    let wanted = (0.75 * point.spacing * point.facing.max(0.0)).min(0.6 * room);
    if distance >= wanted {
        return point.position;
    }
    let (x, y) = (point.seen.x as usize, point.seen.y as usize);
    let (x, y) = (x.min(silhouette.alpha.width - 1), y.min(silhouette.alpha.height - 1));
    let [dx, dy] = silhouette.distance.slope(x, y);
    let norm = (dx * dx + dy * dy).sqrt().max(0.2);
    point.position + Vec3::new(dx / norm, -dy / norm, 0.0) * (wanted - distance)
}

/// Largest side of the box around the centres, metres: what is left of the unit box goes to the splats' own size.
const EXTENT_M: f32 = 0.995;

/// A move and an even scaling.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fitting {
    /// What becomes the origin, metres.
    pub centre: Vec3,
    /// Factor of all lengths.
    pub factor: f32,
}

/// Centres the splats in the unit box and makes them fill it.
pub(crate) fn fit_box(splats: &mut Splats) -> Fitting {
    let (mut low, mut high) = (Vec3::MAX, Vec3::MIN);
    for &position in &splats.parts().positions {
        low = low.min(Vec3::from(position));
        high = high.max(Vec3::from(position));
    }
    let side = (high - low).max_element();
    if splats.is_empty() || side <= 0.0 {
        return Fitting { centre: Vec3::ZERO, factor: 1.0 };
    }
    let fitting = Fitting { centre: 0.5 * (low + high), factor: EXTENT_M / side };
    let mut parts = std::mem::take(splats).into_parts();
    for position in &mut parts.positions {
        *position = ((Vec3::from(*position) - fitting.centre) * fitting.factor).to_array();
    }
    let grown = libm::logf(fitting.factor);
    parts.log_scales.as_flattened_mut().iter_mut().for_each(|scale| *scale += grown);
    *splats = Splats::new(parts).unwrap_or_default();
    fitting
}

impl Fitting {
    /// The camera that sees the fitted splats as `camera` saw them before.
    pub(crate) fn camera(self, camera: Camera) -> Camera {
        let eye = (camera.eye - self.centre.as_dvec3()) * f64::from(self.factor);
        Camera { eye, ..camera }
    }
}
