//! The terms lobes are made of: Fresnel, GGX distribution, height-correlated Smith visibility.
//! Source: three r183, `lights_physical_pars_fragment`. All without branches: loops over lanes call them.

use std::f32::consts::FRAC_1_PI;

use glam::Vec3;

use crate::exp::exp2_neg;

/// Nothing is smoother than this: a directional light has no size of its own.
pub(crate) const SMOOTHEST: f32 = 0.0525;

/// The roughness light sees: the material's, not below [`SMOOTHEST`], plus that of the bent geometry.
#[inline(always)]
pub(crate) fn effective_roughness(roughness: f32, spread: f32) -> f32 {
    at_most(at_least(roughness, SMOOTHEST) + spread, 1.0)
}

/// Schlick's weight (1 − cosine)^5 in its exponential form.
#[inline(always)]
pub(crate) fn schlick(cosine: f32) -> f32 {
    exp2_neg((5.55473 * cosine + 6.98316) * cosine)
}

/// `f0` at normal incidence, `f90` at grazing.
#[inline(always)]
pub(crate) fn fresnel(f0: Vec3, f90: f32, cosine: f32) -> Vec3 {
    let weight = schlick(cosine);
    f0 * (1.0 - weight) + f90 * weight
}

/// GGX distribution.
#[inline(always)]
pub(crate) fn distribution(alpha: f32, nh: f32) -> f32 {
    let alpha2 = alpha * alpha;
    let d = nh * nh * (alpha2 - 1.0) + 1.0;
    // The square of the smallest α is 7.6e−6, so `d` stays above it for any cosine.
    FRAC_1_PI * alpha2 / (d * d)
}

/// Smith visibility, height-correlated, with the 1/(4·NL·NV) of the lobe.
#[inline(always)]
pub(crate) fn visibility(alpha: f32, nl: f32, nv: f32) -> f32 {
    let alpha2 = alpha * alpha;
    let view = nl * (alpha2 + (1.0 - alpha2) * nv * nv).sqrt();
    let light = nv * (alpha2 + (1.0 - alpha2) * nl * nl).sqrt();
    0.5 / at_least(view + light, 1e-6)
}

/// Dot product clamped to 0..=1.
#[inline(always)]
pub(crate) fn cosine(a: Vec3, b: Vec3) -> f32 {
    unit_interval(a.dot(b))
}

/// `a` at 0, `b` at 1.
#[inline(always)]
pub(crate) fn mix(a: f32, b: f32, t: f32) -> f32 {
    a * (1.0 - t) + b * t
}

/// The larger of a number and a bound; the bound for NaN. One instruction, unlike `f32::max`.
#[inline(always)]
pub(crate) fn at_least(x: f32, bound: f32) -> f32 {
    if x > bound { x } else { bound }
}

/// The smaller of a number and a bound; the bound for NaN. One instruction, unlike `f32::min`.
#[inline(always)]
pub(crate) fn at_most(x: f32, bound: f32) -> f32 {
    if x < bound { x } else { bound }
}

/// Clamped to 0..=1; NaN is 0.
#[inline(always)]
pub(crate) fn unit_interval(x: f32) -> f32 {
    at_most(at_least(x, 0.0), 1.0)
}

/// A vector made unit length; zero if it has no length or an infinite one.
#[inline(always)]
pub(crate) fn unit(v: Vec3) -> Vec3 {
    let scale = 1.0 / v.length();
    let sound = (scale > 0.0) & (scale < f32::INFINITY);
    let channel = |c: f32| if sound { c * scale } else { 0.0 };
    Vec3::new(channel(v.x), channel(v.y), channel(v.z))
}
