//! Transmission against the same formulas in double precision.

use std::cell::RefCell;

use glam::{DMat3, DVec3, Mat3, Vec2, Vec3, Vec4};
use proptest::prelude::*;
use render::shade::transmission::{self, Body, Transmitted};
use render::shade::{Layers, Lighting, Surface, dfg, physical};

use super::oracle::{any_colour, any_direction, any_vector, off, wide};

/// The refracted ray, or nothing.
fn refracted(n: DVec3, v: DVec3, ior: f64, thickness: f64, model: DMat3) -> DVec3 {
    let eta = 1.0 / ior;
    let d = n.dot(-v);
    let k = 1.0 - eta * eta * (1.0 - d * d);
    if k < 0.0 {
        return DVec3::ZERO;
    }
    let direction = (-v * eta - n * (eta * d + k.sqrt())).normalize();
    let lengths = [model.x_axis, model.y_axis, model.z_axis].map(DVec3::length);
    direction * thickness * DVec3::from(lengths)
}

/// Some picture behind the body, by where the ray ends and how blurred it is.
fn behind(ray: DVec3, level: f64) -> (DVec3, f64) {
    let light = DVec3::new(0.5 + 0.1 * ray.x, 0.4 + 0.1 * ray.y, 0.3 + 0.1 * ray.z) + 0.01 * level;
    (light, 0.9 + 0.01 * ray.x)
}

fn body() -> impl Strategy<Value = Body> {
    let numbers = (0.0..1.0_f32, 0.0..1.0_f32, 1.05..2.3_f32, 0.1..5.0_f32, 0.1..3.0_f32);
    (numbers, any_colour(), any::<bool>(), any::<bool>()).prop_map(
        |((amount, thickness, ior, dispersion, distance), colour, disperses, attenuates)| Body {
            amount,
            thickness,
            ior,
            dispersion: if disperses { dispersion } else { 0.0 },
            attenuation_colour: colour * 0.9 + 0.05,
            attenuation_distance: if attenuates { distance } else { f32::INFINITY },
        },
    )
}

proptest! {
    #[test]
    fn light_from_behind_follows_the_formula(
        body in body(),
        (albedo, rough, metal) in (any_colour(), 0.0..1.0_f32, 0.0..1.0_f32),
        (n, v) in (any_direction(), any_direction()),
        columns in [any_vector(), any_vector(), any_vector()],
    ) {
        prop_assume!(n.dot(v) > 0.05);
        let model = Mat3::from_cols_array_2d(&columns.map(|c| c.to_array()));
        let surface = Surface::new(albedo, rough, metal, n, v);
        let found = transmission::transmit(&surface, &body, (n, v), model, 518, |ray, level| {
            let (light, alpha) = behind(wide(ray), f64::from(level));
            light.as_vec3().extend(alpha as f32)
        });

        let rho = f64::from(rough.clamp(0.0525, 1.0));
        let ior = f64::from(body.ior);
        let half = (ior - 1.0) * 0.025 * f64::from(body.dispersion);
        let seen = [ior - half, ior, ior + half].map(|ior| {
            let model = DMat3::from_cols(wide(columns[0]), wide(columns[1]), wide(columns[2]));
            let ray = refracted(wide(n), wide(v), ior, f64::from(body.thickness), model);
            let level = libm::log2(518.0) * rho * (2.0 * ior - 2.0).clamp(0.0, 1.0);
            let distance = f64::from(body.attenuation_distance);
            let left = wide(body.attenuation_colour).map(|c| {
                if distance.is_infinite() { 1.0 } else { libm::exp(libm::log(c) / distance * ray.length()) }
            });
            (behind(ray, level), left)
        });
        let light = DVec3::new(seen[0].0.0.x, seen[1].0.0.y, seen[2].0.0.z);
        let left = DVec3::new(seen[0].1.x, seen[1].1.y, seen[2].1.z);
        let alpha = seen.iter().map(|s| s.0.1).sum::<f64>() / 3.0;

        let [a, b] = dfg::lookup(rho as f32, n.dot(v)).map(f64::from);
        let mu = f64::from(metal);
        let f0 = DVec3::splat(0.04) * (1.0 - mu) + wide(albedo) * mu;
        let tint = wide(albedo) * (1.0 - mu) * left;
        let colour = (DVec3::ONE - (f0 * a + b)) * tint * light;
        prop_assert!(off(found.colour, colour) < 1e-4, "{} not {colour}", found.colour);
        let through = 1.0 - (1.0 - alpha) * (tint.x + tint.y + tint.z) / 3.0;
        prop_assert!((f64::from(found.alpha) - through).abs() < 1e-4, "{} not {through}", found.alpha);
        let amount = f64::from(body.amount);
        let factor = 1.0 - amount + amount * through;
        prop_assert!((f64::from(found.alpha_factor()) - factor).abs() < 1e-4);
    }

    /// The B-spline's weights are positive, sum to 1 and have their mean at the place asked for.
    #[test]
    fn bicubic_keeps_ramps(x in 0.2..0.8_f32, y in 0.2..0.8_f32, level in 0.0..3.0_f32) {
        let places = RefCell::new(Vec::new());
        let found = transmission::bicubic(Vec2::new(x, y), level, Vec2::new(64.0, 32.0), |uv, level| {
            places.borrow_mut().push(level);
            Vec4::new(uv.x, uv.y, 1.0, uv.x + 2.0 * uv.y)
        });
        let expected = Vec4::new(x, y, 1.0, x + 2.0 * y);
        prop_assert!((found - expected).abs().max_element() < 2e-5, "{found}, not {expected}");
        let places = places.into_inner();
        prop_assert!(places.iter().all(|&l| l == level.floor() as u32 || l == level.ceil() as u32));
    }
}

/// Sixteen texels by the weights of the cubic B-spline, on the texels themselves.
#[test]
fn bicubic_is_the_cubic_b_spline() {
    const SIZE: usize = 8;
    let texel = |x: i64, y: i64| {
        let (x, y) = (x.clamp(0, SIZE as i64 - 1), y.clamp(0, SIZE as i64 - 1));
        f64::from(((x * 37 + y * 101 + x * y * 13) % 17) as u8) / 16.0
    };
    let bilinear = |uv: Vec2| {
        let (u, v) = (f64::from(uv.x) * SIZE as f64 - 0.5, f64::from(uv.y) * SIZE as f64 - 0.5);
        let (x, y) = (u.floor(), v.floor());
        let at = |dx: i64, dy: i64| texel(x as i64 + dx, y as i64 + dy);
        let row = |dy| at(0, dy) * (1.0 - (u - x)) + at(1, dy) * (u - x);
        row(0) * (1.0 - (v - y)) + row(1) * (v - y)
    };
    let weights = |f: f64| {
        let g = 1.0 - f;
        [
            g * g * g / 6.0,
            (3.0 * f * f * f - 6.0 * f * f + 4.0) / 6.0,
            (3.0 * g * g * g - 6.0 * g * g + 4.0) / 6.0,
            f * f * f / 6.0,
        ]
    };
    for (u, v) in [(0.31_f32, 0.62_f32), (0.5, 0.5), (0.07, 0.93)] {
        let found =
            transmission::bicubic(Vec2::new(u, v), 0.0, Vec2::splat(SIZE as f32), |uv, _| {
                Vec4::splat(bilinear(uv) as f32)
            });
        let (x, y) = (f64::from(u) * SIZE as f64 - 0.5, f64::from(v) * SIZE as f64 - 0.5);
        let (wx, wy) = (weights(x - x.floor()), weights(y - y.floor()));
        let mut sum = 0.0;
        for (j, wy) in wy.iter().enumerate() {
            for (i, wx) in wx.iter().enumerate() {
                sum += wx
                    * wy
                    * texel(x.floor() as i64 + i as i64 - 1, y.floor() as i64 + j as i64 - 1);
            }
        }
        assert!((f64::from(found.x) - sum).abs() < 1e-5, "at {u}, {v}: {} not {sum}", found.x);
    }
}

#[test]
fn transmission_replaces_diffuse_light_only() {
    let surface = Surface::new(Vec3::new(0.8, 0.4, 0.2), 0.4, 0.0, Vec3::Z, Vec3::Z);
    let lighting = Lighting::follow(Vec3::Z * 2.0);
    let shade = |amount, colour| {
        let through = Transmitted { colour, alpha: 1.0, amount };
        let layers = Layers { transmission: Some(through), ..Layers::default() };
        physical::shade(&surface, &layers, &lighting)
    };
    let solid = physical::shade(&surface, &Layers::default(), &lighting);
    assert_eq!(shade(0.0, Vec3::ONE), solid, "none of it");
    let highlight = shade(1.0, Vec3::ZERO);
    assert!(highlight.max_element() < 0.1 && highlight.min_element() > 0.0, "{highlight}");
    let half = shade(0.5, Vec3::ONE);
    let expected = highlight + (solid - highlight) * 0.5 + 0.5;
    assert!((half - expected).abs().max_element() < 1e-6, "{half}, not {expected}");
}

#[test]
fn inside_a_denser_body_there_may_be_no_ray() {
    let grazing = Vec3::new(1.0, 0.0, 0.1).normalize();
    let ray = |ior| transmission::ray(Vec3::Z, grazing, ior, 1.0, Mat3::IDENTITY);
    assert_eq!(ray(0.5), Vec3::ZERO, "total reflection");
    assert!((ray(1.0) + grazing).length() < 1e-6, "no refraction goes straight on");
    assert_eq!(ray(f32::NAN), Vec3::ZERO);
}
