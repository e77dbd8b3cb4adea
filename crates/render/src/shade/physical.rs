//! The physical material: the standard one under sheen and clearcoat, with a thin film or a brushed direction.
//! Source: three r183, `MeshPhysicalMaterial`.

use std::f32::consts::FRAC_1_PI;

use glam::Vec3;

use super::anisotropy::Anisotropy;
use super::clearcoat::Clearcoat;
use super::environment::{self, Surroundings};
use super::iridescence::Iridescence;
use super::light::Lighting;
use super::lobe::{cosine, unit};
use super::sheen::Sheen;
use super::standard::{Base, Surface, finish};
use super::transmission::Transmitted;

/// The layers a material has; which ones is decided once per material (a layer is on when its main factor is
/// above 0), their values per fragment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Layers {
    /// Lacquer on top.
    pub clearcoat: Option<Clearcoat>,
    /// Cloth fibres.
    pub sheen: Option<Sheen>,
    /// Thin film.
    pub iridescence: Option<Iridescence>,
    /// Brushed surface.
    pub anisotropy: Option<Anisotropy>,
    /// Light from behind.
    pub transmission: Option<Transmitted>,
    /// Light of an environment.
    pub surroundings: Option<Surroundings>,
}

/// Linear light from the surface to the eye.
pub fn shade(surface: &Surface, layers: &Layers, lighting: &Lighting) -> Vec3 {
    let base = Base::new(surface);
    let (normal, view) = (surface.normal, surface.view);
    let film = layers.iridescence.and_then(|film| film.film(base.nv));
    let reflectance = film.map(|(film, strength)| (film.reflectance(surface), strength));
    let brushed = layers.anisotropy.map(|a| a.prepare(base.alpha, view, base.nv));
    let sheen = layers.sheen.map(|sheen| sheen.prepare(base.nv));
    let coat = layers.clearcoat.map(|coat| coat.prepare(view, surface.spread));

    let (mut diffuse, mut specular) = (Vec3::ZERO, Vec3::ZERO);
    let (mut fibres, mut lacquer) = (Vec3::ZERO, Vec3::ZERO);
    for light in lighting.lights() {
        let l = light.direction;
        let h = unit(l + view);
        if let Some(coat) = &coat {
            lacquer += coat.reflect(l, view, h) * light.intensity;
        }
        let nl = cosine(normal, l);
        if nl <= 0.0 {
            continue;
        }
        let nh = cosine(normal, h);
        let mut irradiance = nl * light.intensity;
        if let Some(sheen) = &sheen {
            fibres += sheen.reflect(nl, nh) * irradiance;
            irradiance *= sheen.passed(nl);
        }
        let mut fresnel = base.fresnel(view, h);
        if let Some((film, strength)) = reflectance {
            fresnel = fresnel * (1.0 - strength) + film * strength;
        }
        let lobe = match &brushed {
            Some(brushed) => brushed.lobe(l, h, nl, nh),
            None => base.lobe(nl, nh),
        };
        specular += (fresnel * lobe + base.multiple(base.seen(nl))) * irradiance;
        diffuse += base.diffuse * (FRAC_1_PI * irradiance);
    }
    let through = sheen.as_ref().map_or(1.0, super::sheen::Prepared::passed_from_everywhere);
    diffuse += base.ambient(surface, lighting.ambient) * through;
    if let Some(around) = &layers.surroundings {
        let film = film.as_ref().map(|(film, strength)| (film, *strength));
        let (all, mirrored) = environment::reflect(surface, &base, film, around);
        diffuse += all * through;
        specular += mirrored * through;
        let ao = surface.occlusion;
        if let Some(sheen) = &sheen {
            fibres += sheen.reflect_everywhere(around.irradiance) * ao;
        }
        if let Some(coat) = &coat {
            lacquer += coat.reflect_everywhere(around.clearcoat) * ao;
        }
    }
    if let Some(transmitted) = layers.transmission {
        diffuse = diffuse * (1.0 - transmitted.amount) + transmitted.colour * transmitted.amount;
    }
    let mut out = diffuse + specular + surface.emissive + fibres;
    if let Some(coat) = &coat {
        out = out * coat.passed() + lacquer * coat.strength();
    }
    finish(out)
}
