//! One shot: the solid on its set, the camera, and how a ray gathers light. Sphere tracing with one bounce.
//!
//! Stage frame: +Y up, the camera looks from +Z towards the solid, the ground is a plane; the solid is turned on it.

use generate::truth::paint::{Paint, smoothstep, turn_of};
use generate::truth::{Solid, sdf};
use glam::{Vec2, Vec3};

use super::random::Random;
use super::set::Set;

/// The main lamp: a disc far away.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lamp {
    /// Unit vector towards it.
    pub direction: Vec3,
    pub light: Vec3,
    /// Tangent of the half angle under which it is seen: softness of its shadows.
    pub spread: f32,
}

pub(super) struct Camera {
    /// Above the horizon, degrees.
    pub elevation_deg: f32,
    pub distance: f32,
    pub fov_deg: f32,
    pub target: Vec3,
}

pub(super) struct Shot {
    pub name: &'static str,
    pub solid: Solid,
    /// Azimuth from which the solid is seen, degrees: 0 is its front.
    pub azimuth_deg: f32,
    /// Height of the ground; `None` floats.
    pub ground_y: Option<f32>,
    pub camera: Camera,
    pub key: Lamp,
    pub set: Box<dyn Set>,
    pub exposure: f32,
}

struct Ray {
    origin: Vec3,
    direction: Vec3,
}

enum Hit {
    Solid(Vec3),
    Ground(Vec3),
    Nothing,
}

impl Shot {
    /// Light seen through picture position `at` (−1 to 1, y up), and whether the solid was hit.
    pub(super) fn sample(&self, at: Vec2, random: Random) -> (Vec3, bool) {
        let ray = self.camera.ray(at);
        match self.trace(&ray) {
            Hit::Solid(p) => (self.shade_solid(p, ray.direction, random), true),
            Hit::Ground(p) => (self.ground_light(p, &ray, random, true), false),
            Hit::Nothing => (self.set.far(ray.direction), false),
        }
    }

    fn to_solid(&self, p: Vec3) -> Vec3 {
        sdf::turn_y(p, -self.azimuth_deg)
    }

    fn distance(&self, p: Vec3) -> f32 {
        self.solid.distance(self.to_solid(p))
    }

    fn normal(&self, p: Vec3, step: f32) -> Vec3 {
        sdf::turn_y(self.solid.normal(self.to_solid(p), step), self.azimuth_deg)
    }

    /// The part of a ray inside the sphere around the solid's bounds.
    fn span(&self, ray: &Ray) -> Option<[f32; 2]> {
        let [low, high] = self.solid.bounds;
        let centre = sdf::turn_y((low + high) * 0.5, self.azimuth_deg);
        let radius = (high - low).length() * 0.5;
        let along = (centre - ray.origin).dot(ray.direction);
        let reach_2 = radius * radius - (centre - ray.origin).length_squared() + along * along;
        let reach = (reach_2 > 0.0).then(|| reach_2.sqrt())?;
        (along + reach > 0.0).then(|| [(along - reach).max(0.0), along + reach])
    }

    fn march(&self, ray: &Ray, precision: f32) -> Option<f32> {
        let [mut t, end] = self.span(ray)?;
        for _ in 0..220 {
            let distance = self.distance(ray.origin + ray.direction * t);
            if distance < precision {
                return Some(t);
            }
            t += distance * 0.92;
            if t > end {
                return None;
            }
        }
        Some(t)
    }

    fn trace(&self, ray: &Ray) -> Hit {
        let ground_t = self
            .ground_y
            .map(|y| (y - ray.origin.y) / ray.direction.y)
            .filter(|&t| t > 1e-3 && ray.direction.y < 0.0);
        match (self.march(ray, 3e-4), ground_t) {
            (Some(t), ground) if ground.is_none_or(|g| t < g) => {
                Hit::Solid(ray.origin + ray.direction * t)
            }
            (_, Some(t)) => Hit::Ground(ray.origin + ray.direction * t),
            _ => Hit::Nothing,
        }
    }

    /// Light of the key lamp that reaches a surface, times the cosine.
    fn key_light(&self, p: Vec3, normal: Vec3, random: Random) -> Vec3 {
        let towards = random.near(self.key.direction, self.key.spread, 2);
        let cosine = normal.dot(towards);
        if cosine <= 0.0 {
            return Vec3::ZERO;
        }
        let ray = Ray { origin: p + normal * 3e-3, direction: towards };
        if self.march(&ray, 4e-4).is_some() { Vec3::ZERO } else { self.key.light * cosine }
    }

    fn openness(&self, p: Vec3, normal: Vec3, reach: f32) -> f32 {
        let (mut missing, mut weight, mut total) = (0.0, 1.0, 0.0);
        for step in 1..=6 {
            let height = reach * step as f32 / 6.0;
            let q = p + normal * height;
            let ground = self.ground_y.map_or(f32::INFINITY, |y| q.y - y);
            let near = self.distance(q).min(ground);
            missing += weight * (height - near).clamp(0.0, height) / height;
            total += weight;
            weight *= 0.75;
        }
        (1.0 - missing / total).clamp(0.0, 1.0)
    }

    fn diffuse(&self, p: Vec3, normal: Vec3, paint: Paint, random: Random) -> Vec3 {
        let open = self.openness(p, normal, 0.22);
        let key = self.key_light(p, normal, random);
        paint.albedo * (key + self.set.ambient(normal) * (open * open * 0.6 + open * 0.4))
    }

    fn shade_solid(&self, p: Vec3, incoming: Vec3, random: Random) -> Vec3 {
        let normal = self.normal(p, 2e-3);
        let paint = self.solid.paint(self.to_solid(p));
        let diffuse = self.diffuse(p, normal, paint, random) * (1.0 - paint.metal);
        // Reflection: blurred by the roughness, stronger at grazing angles (Schlick).
        let roughness = (1.0 - paint.gloss) * 0.5;
        let mirror = incoming - normal * (2.0 * incoming.dot(normal));
        let towards = random.near(mirror, roughness, 4);
        if towards.dot(normal) <= 0.0 {
            return diffuse;
        }
        let grazing = 1.0 - (-incoming.dot(normal)).clamp(0.0, 1.0);
        let base = Vec3::splat(0.045).lerp(paint.albedo, paint.metal);
        let smooth = paint.gloss * (1.0 - paint.metal) + paint.metal;
        let edge = grazing * grazing * grazing * grazing * grazing * smooth * 0.9;
        let fresnel = base + (Vec3::ONE - base) * edge;
        let ray = Ray { origin: p + normal * 3e-3, direction: towards };
        let seen = match self.trace(&ray) {
            Hit::Solid(q) => {
                let other = self.normal(q, 1e-3);
                let paint = self.solid.paint(self.to_solid(q));
                let direct = self.key.light * other.dot(self.key.direction).max(0.0) * 0.6;
                paint.albedo * (direct + self.set.ambient(other) * 0.6)
            }
            Hit::Ground(q) => self.ground_light(q, &ray, random, false),
            Hit::Nothing => self.set.lights(towards),
        };
        diffuse + fresnel * seen * smooth
    }

    fn ground_light(&self, p: Vec3, ray: &Ray, random: Random, seen_directly: bool) -> Vec3 {
        let (paint, far) = self.set.ground(p);
        if far >= 1.0 {
            return self.set.far(ray.direction);
        }
        let mut light = self.diffuse(p, Vec3::Y, paint, random);
        if seen_directly && paint.gloss > 0.2 {
            let mirror = Vec3::new(ray.direction.x, -ray.direction.y, ray.direction.z);
            let towards = random.near(mirror, (1.0 - paint.gloss) * 0.4, 6);
            let up = Ray { origin: p + Vec3::Y * 2e-3, direction: towards };
            let grazing = 1.0 - towards.y.clamp(0.0, 1.0);
            let share = (0.04 + 0.5 * grazing * grazing * grazing * grazing) * paint.gloss;
            let seen = match self.march(&up, 6e-4) {
                Some(t) => {
                    let q = up.origin + towards * t;
                    let normal = self.normal(q, 1e-3);
                    let direct = self.key.light * normal.dot(self.key.direction).max(0.0);
                    self.solid.paint(self.to_solid(q)).albedo * (direct + self.set.ambient(normal))
                }
                None => self.set.far(towards),
            };
            light = light.lerp(seen, share);
        }
        light.lerp(self.set.far(ray.direction), far)
    }
}

impl Camera {
    fn ray(&self, at: Vec2) -> Ray {
        let (sin, cos) = libm::sincosf(self.elevation_deg.to_radians());
        let back = Vec3::new(0.0, sin, cos);
        let up = Vec3::new(0.0, cos, -sin);
        let half = libm::tanf(self.fov_deg.to_radians() / 2.0);
        let direction = (Vec3::X * (at.x * half) + up * (at.y * half) - back).normalize();
        Ray { origin: self.target + back * self.distance, direction }
    }
}

/// Softly lit panel in the sky: 1 inside `half` (turns, sine of the elevation) around its centre, 0 outside.
pub(super) fn panel(direction: Vec3, centre: [f32; 2], half: [f32; 2], soft: f32) -> f32 {
    let turn = generate::truth::paint::wrap(turn_of(direction) - centre[0]).abs() - half[0];
    let up = (direction.y - centre[1]).abs() - half[1];
    smoothstep(soft, -soft, turn * 3.0) * smoothstep(soft, -soft, up)
}
