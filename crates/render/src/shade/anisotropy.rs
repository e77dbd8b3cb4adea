//! Anisotropy: a lobe stretched along the brush direction.
//! Source: three r183, anisotropic GGX; strength widens the lobe along the tangent.

use std::f32::consts::FRAC_1_PI;

use glam::{Vec2, Vec3};

use super::lobe::{at_least, mix, unit, unit_interval};
use super::normal::Frame;

/// The brushing of one fragment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Anisotropy {
    /// Strength times direction in the tangent frame; see [`Anisotropy::vector`].
    pub vector: Vec2,
    /// Tangent frame of the shading normal.
    pub frame: Frame,
}

impl Anisotropy {
    /// Strength and angle (radians), turned and scaled by a map's RGB if there is one.
    pub fn vector(strength: f32, rotation: f32, map: Option<Vec3>) -> Vec2 {
        let v = Vec2::new(libm::cosf(rotation), libm::sinf(rotation)) * strength;
        let Some(map) = map else { return v };
        let d = (2.0 * map.truncate() - Vec2::ONE).normalize_or_zero() * map.z;
        Vec2::new(v.x * d.x - v.y * d.y, v.y * d.x + v.x * d.y)
    }

    #[inline(always)]
    pub(crate) fn prepare(self, alpha: f32, view: Vec3, nv: f32) -> Prepared {
        let length = self.vector.length();
        let strength = unit_interval(length);
        let scale = 1.0 / if length > 0.0 { length } else { 1.0 };
        let x = if length > 0.0 { self.vector.x } else { 1.0 };
        let direction = Vec2::new(x, self.vector.y) * scale;
        let Frame { tangent, bitangent } = self.frame;
        let t = tangent * direction.x + bitangent * direction.y;
        let b = bitangent * direction.x - tangent * direction.y;
        let along = mix(alpha, 1.0, strength * strength);
        let view = Vec3::new(along * t.dot(view), alpha * b.dot(view), nv).length();
        Prepared { t, b, strength, along, across: alpha, nv, view }
    }
}

/// The normal by which a brushed surface mirrors its surroundings.
pub(crate) fn bent_normal(brushed: Anisotropy, normal: Vec3, view: Vec3, roughness: f32) -> Vec3 {
    let Prepared { b, strength, .. } = brushed.prepare(0.0, view, 0.0);
    let bent = unit(b.cross(view).cross(b));
    let straight = 1.0 - strength * (1.0 - roughness);
    let straight = straight * straight * straight * straight;
    unit(bent * (1.0 - straight) + normal * straight)
}

#[derive(Debug)]
pub(crate) struct Prepared {
    t: Vec3,
    b: Vec3,
    strength: f32,
    along: f32,
    across: f32,
    nv: f32,
    view: f32,
}

impl Prepared {
    /// Visibility × distribution.
    #[inline(always)]
    pub(crate) fn lobe(&self, l: Vec3, h: Vec3, nl: f32, nh: f32) -> f32 {
        let light = Vec3::new(self.along * self.t.dot(l), self.across * self.b.dot(l), nl).length();
        // The floors only matter to degenerate frames: sound ones stay far above.
        let visibility = 0.5 / at_least(nl * self.view + self.nv * light, 1e-12);
        let alpha2 = self.along * self.across;
        let slope = Vec3::new(self.across * self.t.dot(h), self.along * self.b.dot(h), alpha2 * nh);
        let w = alpha2 / at_least(slope.length_squared(), 1e-20);
        visibility * (FRAC_1_PI * alpha2 * w * w)
    }
}
