//! Iridescence: interference in a thin film over the base, as three colours.
//! Source: three r183, `iridescence_fragment` (Belcour and Barla 2017, spectral fits in nanometres).

use std::f32::consts::{PI, TAU};

use glam::Vec3;

use super::lobe::{mix, schlick};
use super::standard::Surface;
use crate::exp::exp;

/// The film of one fragment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Iridescence {
    /// Iridescence × map; clamped to 0..=1.
    pub strength: f32,
    /// Index of refraction of the film.
    pub ior: f32,
    /// Its thickness in nanometres: the range's maximum, or by the map's G between both ends.
    pub thickness_nm: f32,
}

impl Iridescence {
    /// Reflectance to use instead of Fresnel, and how much of it; nothing if there is no film.
    pub(crate) fn reflectance(self, surface: &Surface, nv: f32) -> Option<(Vec3, f32)> {
        let strength = self.strength.max(0.0).min(1.0);
        if strength <= 0.0 || self.thickness_nm == 0.0 {
            return None;
        }
        let mu = surface.metalness;
        let mut film = Vec3::ZERO;
        if mu < 1.0 {
            film += self.over(surface.specular.f0, nv) * (1.0 - mu);
        }
        if mu > 0.0 {
            film += self.over(surface.albedo, nv) * mu;
        }
        Some((film, strength))
    }

    /// Reflectance of the film over a base of reflectance `f0`.
    fn over(self, f0: Vec3, cos1: f32) -> Vec3 {
        let near = (self.thickness_nm / 0.03).max(0.0).min(1.0);
        let film = mix(1.0, self.ior, near * near * (3.0 - 2.0 * near));
        let sin2 = (1.0 - cos1 * cos1) / (film * film);
        let cos2 = 1.0 - sin2;
        if cos2 < 0.0 || cos2.is_nan() {
            return Vec3::ONE;
        }
        let cos2 = cos2.sqrt();

        let r0 = (film - 1.0) / (film + 1.0);
        let r0 = r0 * r0;
        let weight = schlick(cos1);
        let outer = r0 * (1.0 - weight) + weight;
        let through = 1.0 - outer;
        let back_phase = if film < 1.0 { 0.0 } else { PI };

        let channel = |f: f32| {
            let root = f.max(0.0).min(0.9999).sqrt();
            let base = (1.0 + root) / (1.0 - root);
            let r = (base - film) / (base + film);
            (r * r, back_phase + if base < film { PI } else { 0.0 })
        };
        let [(r, x), (g, y), (b, z)] = [channel(f0.x), channel(f0.y), channel(f0.z)];
        let phase = Vec3::new(x, y, z);
        let weight = schlick(cos2);
        let inner = Vec3::new(r, g, b) * (1.0 - weight) + weight;

        let both = (inner * outer).max(Vec3::splat(1e-5)).min(Vec3::splat(0.9999));
        let root = Vec3::new(both.x.sqrt(), both.y.sqrt(), both.z.sqrt());
        let all = inner * (through * through) / (Vec3::ONE - both);
        let path_nm = 2.0 * film * self.thickness_nm * cos2;
        let mut sum = all + outer;
        let mut order = all - through;
        for m in [1.0, 2.0] {
            order *= root;
            sum += 2.0 * order * sensitivity(m * path_nm, m * phase);
        }
        sum.max(Vec3::ZERO)
    }
}

/// What an interference fringe of a path difference and phase looks like to the eye, as linear sRGB.
fn sensitivity(path_nm: f32, phase: Vec3) -> Vec3 {
    const VALUE: Vec3 = Vec3::new(5.4856e-13, 4.4201e-13, 5.2481e-13);
    const POSITION: Vec3 = Vec3::new(1.6810e6, 1.7953e6, 2.2084e6);
    const SPREAD: Vec3 = Vec3::new(4.3278e9, 9.3046e9, 6.6121e9);
    const SECOND_SPREAD: f32 = 4.5282e9;

    let p = TAU * path_nm * 1e-9;
    let p2 = p * p;
    let fringe = |value: f32, position: f32, spread: f32, phase: f32| {
        value * (TAU * spread).sqrt() * libm::cosf(position * p + phase) * exp(-p2 * spread)
    };
    let x = fringe(VALUE.x, POSITION.x, SPREAD.x, phase.x)
        + fringe(9.7470e-14, 2.2399e6, SECOND_SPREAD, phase.x);
    let y = fringe(VALUE.y, POSITION.y, SPREAD.y, phase.y);
    let z = fringe(VALUE.z, POSITION.z, SPREAD.z, phase.z);
    let xyz = Vec3::new(x, y, z) / 1.0685e-7;
    Vec3::new(
        Vec3::new(3.240_454_2, -1.537_138_5, -0.498_531_4).dot(xyz),
        Vec3::new(-0.969_266, 1.876_010_8, 0.041_556).dot(xyz),
        Vec3::new(0.055_643_4, -0.204_025_9, 1.057_225_2).dot(xyz),
    )
}
