//! Clearcoat: a second, colourless lobe on its own normal, over everything else.
//! Source: three r183, `lights_physical_pars_fragment`; single scattering only, F0 0.04.

use glam::Vec3;

use super::environment;
use super::lobe::{cosine, distribution, effective_roughness, fresnel, unit_interval, visibility};

const F0: Vec3 = Vec3::splat(0.04);

/// The lacquer of one fragment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clearcoat {
    /// Clearcoat × map; clamped to 0..=1.
    pub strength: f32,
    /// Clearcoat roughness × map, 0..=1.
    pub roughness: f32,
    /// The geometry's shading normal, or that of the clearcoat's own normal map; unit length.
    pub normal: Vec3,
}

impl Clearcoat {
    #[inline(always)]
    pub(crate) fn prepare(self, view: Vec3, spread: f32) -> Prepared {
        let roughness = effective_roughness(self.roughness, spread);
        let nv = cosine(self.normal, view);
        Prepared {
            normal: self.normal,
            roughness,
            alpha: roughness * roughness,
            nv,
            strength: unit_interval(self.strength),
            mirrored: fresnel(F0, 1.0, nv),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Prepared {
    normal: Vec3,
    roughness: f32,
    alpha: f32,
    nv: f32,
    strength: f32,
    mirrored: Vec3,
}

impl Prepared {
    /// What a light of intensity 1 adds.
    #[inline(always)]
    pub(crate) fn reflect(&self, light: Vec3, view: Vec3, h: Vec3) -> Vec3 {
        let nl = cosine(self.normal, light);
        let nh = cosine(self.normal, h);
        fresnel(F0, 1.0, cosine(view, h))
            * (nl * visibility(self.alpha, nl, self.nv) * distribution(self.alpha, nh))
    }

    /// What light from where it mirrors adds.
    #[inline(always)]
    pub(crate) fn reflect_everywhere(&self, light: Vec3) -> Vec3 {
        environment::lacquer(self.roughness, self.nv, light)
    }

    /// The share of what lies below that gets through.
    #[inline(always)]
    pub(crate) fn passed(&self) -> Vec3 {
        Vec3::ONE - self.mirrored * self.strength
    }

    #[inline(always)]
    pub(crate) fn strength(&self) -> f32 {
        self.strength
    }
}
