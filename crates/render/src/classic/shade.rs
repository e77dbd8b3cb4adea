//! The light that a place of the surface sends to the camera. Source: rendering specification §C.2 to §C.4.

#![allow(clippy::manual_clamp, reason = "`max` first takes NaN to a number, `clamp` would keep it")]

use glam::{Vec2, Vec3};

use super::{Model, light, prim::Corner};
use crate::camera::Camera;

/// Strength of the light.
const LIGHT: f32 = 6.0;
/// Light from everywhere, not divided by π.
const AMBIENT: f32 = 0.3;
/// Least roughness, and what plain surfaces reflect head-on.
const MIN_ROUGHNESS: f32 = 0.04;

/// What is the same all over a picture.
pub(super) struct Shader<'a> {
    model: &'a Model,
    corners: &'a [Corner],
    eye: Vec3,
    to_light: Vec3,
}

/// One triangle, ready to be shaded.
pub(super) struct Face {
    triangle: [usize; 3],
    pub(super) inverse_ws: [f32; 3],
    /// Direction in which u grows, for normal maps.
    tangent: Vec3,
}

impl<'a> Shader<'a> {
    pub(super) fn new(model: &'a Model, corners: &'a [Corner], camera: &Camera) -> Self {
        let light = camera.eye + glam::DVec3::new(1.0, 1.0, 0.0);
        let to_light = light.try_normalize().unwrap_or(glam::DVec3::Y).as_vec3();
        Self { model, corners, eye: camera.eye.as_vec3(), to_light }
    }

    pub(super) fn face(&self, triangle: u32) -> Face {
        let triangle = self.model.triangles[triangle as usize].map(|v| v as usize);
        let tangent = match (&self.model.material.normal_texture, &self.model.uvs) {
            (Some(_), Some(uvs)) => {
                let [a, b, c] = triangle.map(|v| Vec3::from(self.model.positions[v]));
                let [ua, ub, uc] = triangle.map(|v| Vec2::from(uvs[v]));
                let (ub, uc) = (ub - ua, uc - ua);
                let t = ((b - a) * uc.y - (c - a) * ub.y) / ub.perp_dot(uc);
                t.try_normalize().unwrap_or(Vec3::ZERO)
            }
            _ => Vec3::ZERO,
        };
        Face { triangle, inverse_ws: triangle.map(|v| self.corners[v].inverse_w), tangent }
    }

    /// Red, green, blue and alpha, encoded.
    pub(super) fn shade(&self, face: &Face, weights: [f32; 3]) -> [u8; 4] {
        let Model { positions, normals, uvs, colours, material, .. } = self.model;
        let mix = |values: &[[f32; 3]]| {
            let [a, b, c] = face.triangle.map(|v| Vec3::from(values[v]));
            a * weights[0] + b * weights[1] + c * weights[2]
        };
        let uv = uvs.as_ref().map_or(Vec2::ZERO, |uvs| {
            let [a, b, c] = face.triangle.map(|v| Vec2::from(uvs[v]));
            a * weights[0] + b * weights[1] + c * weights[2]
        });
        let place = mix(positions);
        let mut normal = mix(normals).normalize_or_zero();
        if let Some(texture) = &material.normal_texture {
            let [x, y, z] = (texture.sample(uv).truncate() * 2.0 - 1.0).to_array();
            let t = (face.tangent - normal * normal.dot(face.tangent)).normalize_or_zero();
            // Where texture coordinates give no direction, the surface stays as it is.
            if t != Vec3::ZERO {
                normal = (t * x + normal.cross(t).normalize_or_zero() * y + normal * z)
                    .normalize_or_zero();
            }
        }
        let [r, g, b, mut alpha] = material.base;
        let mut base = Vec3::new(r, g, b);
        if let Some(texture) = &material.base_texture {
            let texel = texture.sample(uv);
            base *= decoded(texel.truncate());
            alpha *= texel.w;
        }
        let (mut roughness, mut metallic) = (material.roughness, material.metallic);
        if let Some(texture) = &material.metallic_roughness_texture {
            let texel = texture.sample(uv);
            (roughness, metallic) = (roughness * texel.y, metallic * texel.z);
        }
        let surface = Surface {
            base,
            roughness: roughness.max(MIN_ROUGHNESS).min(1.0),
            metallic: metallic.max(0.0).min(1.0),
        };
        let to_eye = (self.eye - place).normalize_or_zero();
        let mut colour = surface.lit(normal, to_eye, self.to_light) + AMBIENT * base;
        if let Some(texture) = &material.occlusion_texture {
            colour *= texture.sample(uv).x;
        }
        let emissive = Vec3::from(material.emissive);
        let mut glow = emissive * emissive;
        if let Some(texture) = &material.emissive_texture {
            glow *= decoded(texture.sample(uv).truncate());
        }
        colour += glow;
        if let Some(colours) = colours {
            let [a, b, c] = face.triangle.map(|v| glam::Vec4::from(colours[v].map(f32::from)));
            let tint = (a * weights[0] + b * weights[1] + c * weights[2]) * (1.0 / 255.0);
            colour *= tint.truncate();
            alpha *= tint.w;
        }
        let [r, g, b] = colour.to_array().map(light::encode);
        [r, g, b, (alpha.max(0.0).min(1.0) * 255.0 + 0.5) as u8]
    }
}

fn decoded(srgb: Vec3) -> Vec3 {
    Vec3::new(light::decode(srgb.x), light::decode(srgb.y), light::decode(srgb.z))
}

/// What the light meets.
struct Surface {
    base: Vec3,
    roughness: f32,
    metallic: f32,
}

impl Surface {
    /// Light of the lamp that goes on to the eye. Even what faces away gets a thousandth.
    fn lit(&self, normal: Vec3, to_eye: Vec3, to_light: Vec3) -> Vec3 {
        let unit = |dot: f32, least: f32| dot.max(least).min(1.0);
        let half = (to_light + to_eye).normalize_or_zero();
        let nl = unit(normal.dot(to_light), 0.001);
        let nv = unit(normal.dot(to_eye).abs(), 0.001);
        let nh = unit(normal.dot(half), 0.0);
        let vh = unit(to_eye.dot(half), 0.0);
        let diffuse = self.base * ((1.0 - MIN_ROUGHNESS) * (1.0 - self.metallic));
        let f0 = Vec3::splat(MIN_ROUGHNESS) * (1.0 - self.metallic) + self.base * self.metallic;
        let away = 1.0 - vh;
        let away_5 = away * away * away * away * away;
        let fresnel = f0 + (1.0 - f0) * away_5;
        let r = self.roughness + 1.0;
        let k = r * r / 8.0;
        let shadowing = nv / (nv * (1.0 - k) + k) * (nl / (nl * (1.0 - k) + k));
        let alpha = self.roughness * self.roughness;
        let a2 = alpha * alpha;
        let spread = nh * nh * (a2 - 1.0) + 1.0;
        let facets = a2 / (std::f32::consts::PI * spread * spread);
        let specular = fresnel * (shadowing * facets / (4.0 * nl * nv + 0.001));
        nl * LIGHT * ((1.0 - fresnel) * diffuse / std::f32::consts::PI + specular)
    }
}
