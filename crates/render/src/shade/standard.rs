//! The standard material: Lambert diffuse and one GGX lobe with multiple scattering.
//! Source: three r183, `MeshStandardMaterial`; the sum of lights as its shader orders it.

use std::f32::consts::FRAC_1_PI;

use glam::Vec3;

use super::colour::bounded;
use super::dfg;
use super::light::Lighting;
use super::lobe::{cosine, distribution, effective_roughness, fresnel, mix, unit, visibility};

/// What the base layer reflects before metalness: the dielectric's reflectance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Specular {
    /// At normal incidence.
    pub f0: Vec3,
    /// At grazing incidence.
    pub f90: f32,
}

impl Specular {
    /// That of every standard material.
    pub const STANDARD: Self = Self { f0: Vec3::splat(0.04), f90: 1.0 };

    /// That of a physical material, by index of refraction, specular colour and intensity.
    pub fn physical(ior: f32, colour: Vec3, intensity: f32) -> Self {
        let r = (ior - 1.0) / (ior + 1.0);
        Self { f0: (colour * (r * r)).min(Vec3::ONE) * intensity, f90: intensity }
    }
}

/// One fragment of a lit surface. All vectors share one set of axes and have unit length (or none, if degenerate).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Surface {
    /// Linear colour: material × map × vertex × instance.
    pub albedo: Vec3,
    /// Roughness × map, 0..=1.
    pub roughness: f32,
    /// Metalness × map, 0..=1.
    pub metalness: f32,
    /// Reflectance of the dielectric part.
    pub specular: Specular,
    /// Shading normal after normal or bump map.
    pub normal: Vec3,
    /// To the eye.
    pub view: Vec3,
    /// Geometric roughness, from [`normal::spread`](super::normal::spread).
    pub spread: f32,
    /// Ambient occlusion after its intensity: (R − 1) · intensity + 1.
    pub occlusion: f32,
    /// Light map × its intensity.
    pub light_map: Vec3,
    /// Emissive × intensity × map.
    pub emissive: Vec3,
}

impl Surface {
    /// A surface with no maps, no emission and flat geometry.
    pub fn new(albedo: Vec3, roughness: f32, metalness: f32, normal: Vec3, view: Vec3) -> Self {
        Self {
            albedo,
            roughness,
            metalness,
            specular: Specular::STANDARD,
            normal,
            view,
            spread: 0.0,
            occlusion: 1.0,
            light_map: Vec3::ZERO,
            emissive: Vec3::ZERO,
        }
    }
}

/// Linear light from the surface to the eye.
pub fn shade(surface: &Surface, lighting: &Lighting) -> Vec3 {
    let base = Base::new(surface);
    let (mut diffuse, mut specular) = (Vec3::ZERO, Vec3::ZERO);
    for light in lighting.lights() {
        let nl = cosine(surface.normal, light.direction);
        if nl <= 0.0 {
            continue;
        }
        let irradiance = nl * light.intensity;
        let h = unit(light.direction + surface.view);
        let lobe = base.lobe(nl, cosine(surface.normal, h));
        let single = base.fresnel(surface.view, h) * lobe;
        specular += (single + base.multiple(base.seen(nl))) * irradiance;
        diffuse += base.diffuse * (FRAC_1_PI * irradiance);
    }
    diffuse += base.ambient(surface, lighting.ambient);
    finish(diffuse + specular + surface.emissive)
}

/// Overflow and what comes of it made finite.
#[inline(always)]
pub(crate) fn finish(linear: Vec3) -> Vec3 {
    bounded(linear, f32::MAX)
}

/// What all lights of a fragment share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Base {
    pub(crate) roughness: f32,
    pub(crate) alpha: f32,
    pub(crate) nv: f32,
    pub(crate) f0: Vec3,
    pub(crate) f90: f32,
    pub(crate) diffuse: Vec3,
    /// The split sum towards the eye.
    pub(crate) split: [f32; 2],
    /// F0·A + F90·B towards the eye, and what is left of A + B.
    pub(crate) reflected: Vec3,
    missed: f32,
}

impl Base {
    #[inline]
    pub(crate) fn new(surface: &Surface) -> Self {
        let (roughness, nv) = Self::place(surface);
        Self::with(surface, roughness, nv, dfg::lookup(roughness, nv))
    }

    /// Where the split-sum table is looked up for the eye: roughness and cosine.
    #[inline(always)]
    pub(crate) fn place(surface: &Surface) -> (f32, f32) {
        let roughness = effective_roughness(surface.roughness, surface.spread);
        (roughness, cosine(surface.normal, surface.view))
    }

    /// With what the table has at [`Base::place`].
    #[inline(always)]
    pub(crate) fn with(
        surface: &Surface,
        roughness: f32,
        nv: f32,
        [scale, bias]: [f32; 2],
    ) -> Self {
        let Specular { f0, f90 } = surface.specular;
        let f0 = f0 * (1.0 - surface.metalness) + surface.albedo * surface.metalness;
        let f90 = mix(f90, 1.0, surface.metalness);
        Self {
            roughness,
            alpha: roughness * roughness,
            nv,
            f0,
            f90,
            diffuse: surface.albedo * (1.0 - surface.metalness),
            split: [scale, bias],
            reflected: f0 * scale + f90 * bias,
            missed: 1.0 - (scale + bias),
        }
    }

    #[inline(always)]
    pub(crate) fn fresnel(&self, view: Vec3, h: Vec3) -> Vec3 {
        fresnel(self.f0, self.f90, cosine(view, h))
    }

    /// Visibility × distribution.
    #[inline(always)]
    pub(crate) fn lobe(&self, nl: f32, nh: f32) -> f32 {
        visibility(self.alpha, nl, self.nv) * distribution(self.alpha, nh)
    }

    /// What the split-sum table has for a light.
    #[inline(always)]
    pub(crate) fn seen(&self, nl: f32) -> [f32; 2] {
        dfg::lookup(self.roughness, nl)
    }

    /// Light scattered more than once, from what the split sum misses on both ways.
    #[inline(always)]
    pub(crate) fn multiple(&self, [scale, bias]: [f32; 2]) -> Vec3 {
        let missed = self.missed * (1.0 - (scale + bias));
        let average = self.f0 + (Vec3::ONE - self.f0) * 0.047_619;
        let reflected = self.reflected * (self.f0 * scale + self.f90 * bias);
        reflected * average / (Vec3::splat(1.0 + 1e-6) - missed * average) * missed
    }

    /// Diffuse light from everywhere and from the light map, occluded.
    #[inline(always)]
    pub(crate) fn ambient(&self, surface: &Surface, ambient: f32) -> Vec3 {
        (surface.light_map + ambient) * self.diffuse * (FRAC_1_PI * surface.occlusion)
    }
}
