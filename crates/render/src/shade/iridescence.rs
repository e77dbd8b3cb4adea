//! Iridescence: interference in a thin film over the base, as three colours.
//! Source: three r183, `iridescence_fragment` (Belcour and Barla 2017, spectral fits in nanometres).

use std::f32::consts::TAU;

use glam::Vec3;

use super::lobe::{at_least, at_most, mix, schlick, unit_interval};
use super::standard::Surface;
use crate::exp::{cos, exp};

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
    /// The film from one direction, and how much of it there is; nothing if there is none.
    pub(crate) fn film(self, nv: f32) -> Option<(Film, f32)> {
        let strength = self.strength();
        (strength > 0.0).then(|| (Film::new(self, nv), strength))
    }

    /// How much of the film there is, 0..=1.
    #[inline(always)]
    pub(crate) fn strength(&self) -> f32 {
        if self.thickness_nm == 0.0 { 0.0 } else { unit_interval(self.strength) }
    }
}

/// What a film is from one direction, over any base.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Film {
    ior: f32,
    cos2: f32,
    /// Of the outer face: reflected, and the rest.
    outer: f32,
    through: f32,
    /// Of a fringe of order 1 and 2, as XYZ without a shift of phase.
    fringe: [Vec3; 2],
}

impl Film {
    #[inline(always)]
    pub(crate) fn new(film: Iridescence, cos1: f32) -> Self {
        let near = unit_interval(film.thickness_nm * (1.0 / 0.03));
        let ior = mix(1.0, film.ior, near * near * (3.0 - 2.0 * near));
        let sin2 = (1.0 - cos1 * cos1) / (ior * ior);
        let cos2 = 1.0 - sin2;

        let r0 = (ior - 1.0) / (ior + 1.0);
        let r0 = r0 * r0;
        let weight = schlick(cos1);
        let outer = r0 * (1.0 - weight) + weight;
        let path_nm = 2.0 * ior * film.thickness_nm * at_least(cos2, 0.0).sqrt();
        let fringe = [fringe(path_nm), fringe(2.0 * path_nm)];
        Self { ior, cos2, outer, through: 1.0 - outer, fringe }
    }

    /// Reflectance of the film over a surface.
    #[inline(always)]
    pub(crate) fn reflectance(&self, surface: &Surface) -> Vec3 {
        let mu = surface.metalness;
        self.over(surface.specular.f0) * (1.0 - mu) + self.over(surface.albedo) * mu
    }

    /// Reflectance of the film over a base of reflectance `f0`.
    #[inline(always)]
    pub(crate) fn over(&self, f0: Vec3) -> Vec3 {
        let film = self.ior;
        // Every face turns the phase by 0 or π, so that it only decides the sign of odd fringes.
        let back = if film < 1.0 { 1.0 } else { -1.0 };
        let channel = |f: f32| {
            let root = at_most(at_least(f, 0.0), 0.9999).sqrt();
            let base = (1.0 + root) / (1.0 - root);
            let r = (base - film) / (base + film);
            (r * r, if base < film { -back } else { back })
        };
        let [(r, x), (g, y), (b, z)] = [channel(f0.x), channel(f0.y), channel(f0.z)];
        let sign = Vec3::new(x, y, z);
        let weight = schlick(at_least(self.cos2, 0.0).sqrt());
        let inner = Vec3::new(r, g, b) * (1.0 - weight) + weight;

        let both = |inner: f32| at_most(at_least(inner * self.outer, 1e-5), 0.9999);
        let both = Vec3::new(both(inner.x), both(inner.y), both(inner.z));
        let root = Vec3::new(both.x.sqrt(), both.y.sqrt(), both.z.sqrt());
        let all = inner * (self.through * self.through) / (Vec3::ONE - both);
        let first = (all - self.through) * root;
        let sum = all
            + self.outer
            + 2.0 * first * rgb(self.fringe[0] * sign)
            + 2.0 * (first * root) * rgb(self.fringe[1]);
        // Total reflection, and NaN.
        let channel = |c: f32| if self.cos2 >= 0.0 { at_least(c, 0.0) } else { 1.0 };
        Vec3::new(channel(sum.x), channel(sum.y), channel(sum.z))
    }
}

/// What an interference fringe of a path difference looks like to the eye, as XYZ.
#[inline(always)]
fn fringe(path_nm: f32) -> Vec3 {
    // Gaussians over frequency: position, spread, and value × √(2π · spread) / 1.0685e−7 of each.
    const X: (f32, f32, f32) = (1.6810e6, 4.3278e9, 0.846_590);
    const Y: (f32, f32, f32) = (1.7953e6, 9.3046e9, 1.000_221_9);
    const Z: (f32, f32, f32) = (2.2084e6, 6.6121e9, 1.001_122_5);
    const X2: (f32, f32, f32) = (2.2399e6, 4.5282e9, 0.153_868_3);
    let p = TAU * 1e-9 * path_nm;
    let p2 = p * p;
    let gauss =
        |(position, spread, value): (f32, f32, f32)| value * cos(position * p) * exp(-p2 * spread);
    Vec3::new(gauss(X) + gauss(X2), gauss(Y), gauss(Z))
}

/// Linear sRGB of XYZ.
#[inline(always)]
fn rgb(xyz: Vec3) -> Vec3 {
    Vec3::new(
        Vec3::new(3.240_454_2, -1.537_138_5, -0.498_531_4).dot(xyz),
        Vec3::new(-0.969_266, 1.876_010_8, 0.041_556).dot(xyz),
        Vec3::new(0.055_643_4, -0.204_025_9, 1.057_225_2).dot(xyz),
    )
}
