//! Environment maps: of lit materials, filtered once, and of basic ones, mirrored as they are.
//! Source: three r183, `WebGLEnvironments`, `envmap_fragment`. Only equirectangular maps mean anything.

use asset::scene::{Basic, Combine, Mapping, MaterialKind, Scene, Standard, TextureId};
use glam::{Mat3, Vec3};

use super::textures::{self, Map};
use super::{Stop, Stopped};
use crate::shade::Environment;
use crate::shade::environment::Mirrored;
use crate::shade::texture::Texture;

/// The environment of a lit material.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surround {
    /// Index of the texture, and of what is filtered from it.
    pub(super) texture: usize,
    pub(super) intensity: f32,
    /// World axes to those of the map.
    pub(super) turn: Mat3,
}

impl Surround {
    pub(super) fn new(scene: &Scene, material: &Standard) -> Option<Self> {
        let (map, _) = equirectangular(scene, material.env_map)?;
        let turn = turn(material.env_map_rotation);
        Some(Self { texture: map.texture, intensity: material.env_map_intensity, turn })
    }
}

/// The environments lit materials use, each in the place of its texture.
pub(super) fn filtered(
    scene: &Scene,
    textures: &[Texture],
    stop: Stop<'_>,
) -> Result<Vec<Option<Environment>>, Stopped> {
    let mut environments: Vec<Option<Environment>> = textures.iter().map(|_| None).collect();
    for material in scene.materials.iter().filter_map(|material| material.standard()) {
        let Some((map, _)) = equirectangular(scene, material.env_map) else { continue };
        if stop() {
            return Err(Stopped);
        }
        if environments[map.texture].is_none() {
            environments[map.texture] = Environment::new(&textures[map.texture], &map.sampler);
        }
    }
    Ok(environments)
}

/// The environments basic materials use, each in the place of its texture.
pub(super) fn mirrored(
    scene: &Scene,
    textures: &[Texture],
    stop: Stop<'_>,
) -> Result<Vec<Option<Mirrored>>, Stopped> {
    let mut environments: Vec<Option<Mirrored>> = textures.iter().map(|_| None).collect();
    for material in &scene.materials {
        let MaterialKind::Basic(basic) = &material.kind else { continue };
        let Some((map, _)) = equirectangular(scene, basic.env_map) else { continue };
        if stop() {
            return Err(Stopped);
        }
        if environments[map.texture].is_none() {
            environments[map.texture] = Mirrored::new(&textures[map.texture], &map.sampler);
        }
    }
    Ok(environments)
}

/// The environment of a basic material.
#[derive(Debug, Clone)]
pub(super) struct Mirror {
    /// Index of the texture.
    texture: usize,
    turn: Mat3,
    /// Ratio of indices of refraction, if the map is looked at through the surface.
    refraction: Option<f32>,
    combine: Combine,
    strength: f32,
}

impl Mirror {
    pub(super) fn new(scene: &Scene, material: &Basic) -> Option<Self> {
        let (map, mapping) = equirectangular(scene, material.env_map)?;
        let refracts = mapping == Mapping::EquirectangularRefraction;
        Some(Self {
            texture: map.texture,
            turn: turn(material.env_map_rotation),
            refraction: refracts.then_some(material.refraction_ratio),
            combine: material.combine,
            strength: material.reflectivity,
        })
    }

    /// Where a vertex mirrors to: `to` is the unit vector from the eye to it, all in one set of axes.
    pub(super) fn direction(&self, to: Vec3, normal: Vec3) -> Vec3 {
        let cosine = normal.dot(to);
        match self.refraction {
            None => to - normal * (2.0 * cosine),
            Some(ratio) => {
                let k = 1.0 - ratio * ratio * (1.0 - cosine * cosine);
                let along = ratio * cosine + k.max(0.0).sqrt();
                if k >= 0.0 { to * ratio - normal * along } else { Vec3::ZERO }
            }
        }
    }

    /// Puts the environment in a direction of the world over a colour; `amount` is that of the specular map.
    pub(super) fn over(
        &self,
        environments: &[Option<Mirrored>],
        colour: Vec3,
        direction: Vec3,
        amount: f32,
    ) -> Vec3 {
        let seen = match &environments[self.texture] {
            Some(environment) => environment.light(self.turn * direction),
            None => Vec3::ZERO,
        };
        let amount = amount * self.strength;
        match self.combine {
            Combine::Multiply => colour * (1.0 - amount) + colour * seen * amount,
            Combine::Mix => colour * (1.0 - amount) + seen * amount,
            Combine::Add => colour + seen * amount,
        }
    }
}

fn equirectangular(scene: &Scene, texture: Option<TextureId>) -> Option<(Map, Mapping)> {
    let mapping = scene.texture(texture?)?.mapping;
    (mapping != Mapping::Uv).then_some(())?;
    Some((textures::map(scene, texture)?, mapping))
}

/// World axes to those of a map turned by Euler angles, order XYZ.
fn turn(angles: [f32; 3]) -> Mat3 {
    let [(sx, cx), (sy, cy), (sz, cz)] = angles.map(|a| (libm::sinf(-a), libm::cosf(-a)));
    let x = Mat3::from_cols(Vec3::X, Vec3::new(0.0, cx, sx), Vec3::new(0.0, -sx, cx));
    let y = Mat3::from_cols(Vec3::new(cy, 0.0, -sy), Vec3::Y, Vec3::new(sy, 0.0, cy));
    let z = Mat3::from_cols(Vec3::new(cz, sz, 0.0), Vec3::new(-sz, cz, 0.0), Vec3::Z);
    x * y * z
}
