//! Transmission: light from behind, refracted by the thickness of the body, from a buffer of what is behind.
//! Source: three r183, `transmission_pars_fragment`. The caller samples its own buffer.

use glam::{Mat3, Vec2, Vec3, Vec4};

use super::dfg;
use super::lobe::{cosine, effective_roughness, mix};
use super::standard::Surface;

/// What comes through a fragment, ready to replace its diffuse light.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transmitted {
    /// Linear light.
    pub colour: Vec3,
    /// How transparent the fragment is to what lies behind: multiplies alpha by [`Transmitted::alpha_factor`].
    pub alpha: f32,
    /// Transmission × map, 0..=1.
    pub amount: f32,
}

impl Transmitted {
    /// What the fragment's alpha is multiplied by.
    pub fn alpha_factor(&self) -> f32 {
        mix(1.0, self.alpha, self.amount)
    }
}

/// The body behind a fragment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Body {
    /// Transmission × map.
    pub amount: f32,
    /// Thickness × map, in model units.
    pub thickness: f32,
    /// Index of refraction.
    pub ior: f32,
    /// 0 for none.
    pub dispersion: f32,
    /// Linear colour left after [`Body::attenuation_distance`].
    pub attenuation_colour: Vec3,
    /// Infinite for clear bodies.
    pub attenuation_distance: f32,
}

/// Ray through the body in world axes: refracted, as long as the thickness scaled by the model matrix.
///
/// `normal` and `view` are in world axes. Total reflection gives no ray.
pub fn ray(normal: Vec3, view: Vec3, ior: f32, thickness: f32, model: Mat3) -> Vec3 {
    let eta = 1.0 / ior;
    let incident = -view;
    let d = normal.dot(incident);
    let k = 1.0 - eta * eta * (1.0 - d * d);
    let scale = Vec3::new(model.x_axis.length(), model.y_axis.length(), model.z_axis.length());
    if k.is_nan() || k < 0.0 {
        return Vec3::ZERO;
    }
    let refracted = eta * incident - (eta * d + k.sqrt()) * normal;
    refracted.normalize_or_zero() * thickness * scale
}

/// The buffer's mip level of a roughness.
pub fn level(surface: &Surface, ior: f32, buffer_width: u32) -> f32 {
    let roughness = effective_roughness(surface.roughness, surface.spread);
    libm::log2f(buffer_width.max(1) as f32) * roughness * (2.0 * ior - 2.0).max(0.0).min(1.0)
}

/// What comes through. `sample` gives the buffer's colour at the end of a ray from the fragment and a mip level.
///
/// `normal` and `view` are in world axes (only the ray needs them), the surface in its own.
pub fn transmit(
    surface: &Surface,
    body: &Body,
    (normal, view): (Vec3, Vec3),
    model: Mat3,
    buffer_width: u32,
    mut sample: impl FnMut(Vec3, f32) -> Vec4,
) -> Transmitted {
    let mut through = |ior: f32| {
        let ray = ray(normal, view, ior, body.thickness, model);
        let seen = sample(ray, level(surface, ior, buffer_width));
        (seen, attenuation(body, ray.length()))
    };
    let (seen, attenuation) = if body.dispersion > 0.0 {
        let spread = (body.ior - 1.0) * 0.025 * body.dispersion;
        let [r, g, b] = [body.ior - spread, body.ior, body.ior + spread].map(&mut through);
        let alpha = (r.0.w + g.0.w + b.0.w) / 3.0;
        (Vec4::new(r.0.x, g.0.y, b.0.z, alpha), Vec3::new(r.1.x, g.1.y, b.1.z))
    } else {
        through(body.ior)
    };
    let nv = cosine(surface.normal, surface.view);
    let roughness = effective_roughness(surface.roughness, surface.spread);
    let [scale, bias] = dfg::lookup(roughness, nv);
    let mu = surface.metalness;
    let f0 = surface.specular.f0 * (1.0 - mu) + surface.albedo * mu;
    let reflected = f0 * scale + mix(surface.specular.f90, 1.0, mu) * bias;
    let tint = surface.albedo * (1.0 - mu) * attenuation;
    let opacity = tint.element_sum() / 3.0;
    Transmitted {
        colour: (Vec3::ONE - reflected) * tint * seen.truncate(),
        alpha: 1.0 - (1.0 - seen.w) * opacity,
        amount: body.amount,
    }
}

/// What is left of light after a distance in the body.
fn attenuation(body: &Body, distance: f32) -> Vec3 {
    if body.attenuation_distance.is_infinite() {
        return Vec3::ONE;
    }
    let channel = |c: f32| {
        let left = libm::expf(libm::logf(c) / body.attenuation_distance * distance);
        if left.is_nan() { 0.0 } else { left }
    };
    let c = body.attenuation_colour;
    Vec3::new(channel(c.x), channel(c.y), channel(c.z))
}

/// A buffer sample as three filters it: a cubic B-spline over 4 × 4 texels of the two levels around `level`.
///
/// `bilinear` samples one whole level at a coordinate; `size` is the size of level 0 in texels.
pub fn bicubic(
    uv: Vec2,
    level: f32,
    size: Vec2,
    mut bilinear: impl FnMut(Vec2, u32) -> Vec4,
) -> Vec4 {
    let level = level.max(0.0).min(31.0);
    let mut at = |level: u32| {
        let size = (size / (1_u32 << level) as f32).floor().max(Vec2::ONE);
        let p = uv * size + 0.5;
        let (whole, f) = (p.floor(), p - p.floor());
        let (x, y) = (spline(f.x), spline(f.y));
        let tap = |dx: f32, dy: f32| (whole + Vec2::new(dx, dy) - 0.5) / size;
        let row = |y: f32, b: &mut dyn FnMut(Vec2, u32) -> Vec4| {
            b(tap(x.low_at, y), level) * x.low + b(tap(x.high_at, y), level) * x.high
        };
        row(y.low_at, &mut bilinear) * y.low + row(y.high_at, &mut bilinear) * y.high
    };
    let (low, high, fraction) = (level.floor(), level.ceil(), level - level.floor());
    let below = at(low as u32);
    if fraction == 0.0 {
        return below;
    }
    below * (1.0 - fraction) + at(high as u32) * fraction
}

/// Four B-spline weights as two bilinear taps: their weights and places.
struct Taps {
    low: f32,
    high: f32,
    low_at: f32,
    high_at: f32,
}

fn spline(f: f32) -> Taps {
    let w0 = (f * (f * (-f + 3.0) - 3.0) + 1.0) / 6.0;
    let w1 = (f * f * (3.0 * f - 6.0) + 4.0) / 6.0;
    let w2 = (f * (f * (-3.0 * f + 3.0) + 3.0) + 1.0) / 6.0;
    let w3 = f * f * f / 6.0;
    let (low, high) = (w0 + w1, w2 + w3);
    Taps { low, high, low_at: -1.0 + w1 / low, high_at: 1.0 + w3 / high }
}
