//! The two light set-ups of the Three.js views: `studio` and `follow`. All lights are white.
//! Source: render-service-js of 404-gen-subnet, `render-pool.js`. Its studio environment is black, so there is none.

use glam::{Mat3, Vec3};

/// A directional light.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Light {
    /// Unit vector from the surface to the light.
    pub direction: Vec3,
    /// Irradiance on a surface that faces the light.
    pub intensity: f32,
}

impl Light {
    const NONE: Self = Self { direction: Vec3::ZERO, intensity: 0.0 };

    fn from(position: Vec3, intensity: f32) -> Self {
        Self { direction: position.normalize_or_zero(), intensity }
    }
}

/// The lights of a view, in one set of axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lighting {
    /// Irradiance from everywhere.
    pub ambient: f32,
    lights: [Light; Self::MAX],
    count: usize,
}

impl Lighting {
    /// The most directional lights of a set-up.
    pub const MAX: usize = 3;

    /// Key, fill and rim light, in world axes.
    pub fn studio() -> Self {
        Self {
            ambient: 0.12,
            lights: [
                Light::from(Vec3::new(2.0, 3.0, 2.0), 1.2),
                Light::from(Vec3::new(-2.0, 1.0, 1.0), 0.4),
                Light::from(Vec3::new(0.0, 2.0, -3.0), 0.3),
            ],
            count: 3,
        }
    }

    /// One light that goes with the camera: at `eye` + (1, 1, 0) in world axes, whatever way the camera looks.
    pub fn follow(eye: Vec3) -> Self {
        let light = Light::from(eye + Vec3::new(1.0, 1.0, 0.0), 1.5);
        Self { ambient: 0.4, lights: [light, Light::NONE, Light::NONE], count: 1 }
    }

    /// The same lights in view axes, by the rotation part of the view matrix.
    #[must_use]
    pub fn in_view(mut self, view: Mat3) -> Self {
        for light in &mut self.lights {
            light.direction = (view * light.direction).normalize_or_zero();
        }
        self
    }

    /// The directional lights.
    #[inline]
    pub fn lights(&self) -> &[Light] {
        &self.lights[..self.count]
    }
}
