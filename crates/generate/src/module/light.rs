//! The light in which modules are judged, and how much of it a painted surface takes.
//! Facts: Three.js specification §13.8 (light `follow`); diffuse light is albedo / π.

use glam::Vec3;

/// Share of the light that comes from the scene where a surface faces the camera; the rest glows by itself, because
/// the picture's own light is painted on it.
pub(crate) const LIT: f32 = 0.4;
const AMBIENT: f32 = 0.4;
const DIRECT: f32 = 1.5;
/// Cosine between the light and a surface that faces the camera from the middle of the picture: (1, 1, 2) on z.
const FRONTAL: f32 = 0.816_496_6;

/// Factor of the material's own colour.
pub(crate) fn colour_factor() -> f32 {
    LIT * std::f32::consts::PI / (AMBIENT + DIRECT * FRONTAL)
}

/// How bright a white surface is in the picture's camera, linear; 1 where it faces the camera.
pub(crate) fn shade(normal: Vec3, eye_m: Vec3) -> f32 {
    let light = (eye_m + Vec3::new(1.0, 1.0, 0.0)).normalize();
    let direct = AMBIENT + DIRECT * normal.dot(light).max(0.0);
    1.0 - LIT + LIT * direct / (AMBIENT + DIRECT * FRONTAL)
}

/// The paint that looks like `colour` (display-referred) where a white surface is as bright as `shade`.
pub(crate) fn paint(colour: Vec3, shade: f32) -> Vec3 {
    Vec3::from(colour.to_array().map(|c| encode(decode(c.clamp(0.0, 1.0)) / shade.max(0.05))))
        .min(Vec3::ONE)
}

fn decode(c: f32) -> f32 {
    if c <= 0.04045 { c / 12.92 } else { libm::powf((c + 0.055) / 1.055, 2.4) }
}

fn encode(c: f32) -> f32 {
    if c <= 0.003_130_8 { c * 12.92 } else { 1.055 * libm::powf(c, 1.0 / 2.4) - 0.055 }
}
