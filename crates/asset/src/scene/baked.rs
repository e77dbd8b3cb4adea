//! One surface in the world with vertices of its own, and the pictures of its material the way files without samplers take them.

use std::collections::HashMap;

use super::flat::Surface;
use super::{Material, Scene, Texture};

/// A surface as files without a hierarchy hold it. All numbers are finite.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Baked {
    /// In the world.
    pub(crate) positions: Vec<[f32; 3]>,
    /// Unit vectors in the world; as many as positions, or none: one normal for each face.
    pub(crate) normals: Vec<[f32; 3]>,
    /// From the lower left corner of pictures, uv transform applied; as many as positions, or none.
    pub(crate) uvs: Vec<[f32; 2]>,
    /// Linear; as many as positions, or none.
    pub(crate) colors: Vec<[f32; 3]>,
    /// Counter-clockwise from the front.
    pub(crate) triangles: Vec<[u32; 3]>,
}

impl Baked {
    /// Leaves out triangles with a corner that is nowhere.
    pub(crate) fn of(scene: &Scene, surface: &Surface<'_>) -> Self {
        let (geometry, material) = (surface.geometry, surface.material);
        let mut baked = Self::default();
        let mut known = HashMap::new();
        let has_normals = geometry.normal.is_some() && !material.flat_shading;
        let texture = leading_texture(scene, material);
        let uvs = texture.map_or(0, |texture| usize::from(texture.channel.min(3)));
        let uvs = geometry.uvs[uvs].as_ref();
        let colors = geometry.color.as_ref().filter(|_| material.vertex_colors);
        let narrow =
            |value: f64| Some(value as f32).filter(|value| value.is_finite()).unwrap_or(0.0);
        let mut add = |vertex: usize| {
            let next = baked.positions.len() as u32;
            let found = *known.entry(vertex).or_insert(next);
            if found == next {
                baked.positions.push(surface.position(vertex).to_array().map(narrow));
                if has_normals {
                    let normal = surface.normal(vertex).unwrap_or(glam::DVec3::Z);
                    baked.normals.push(normal.to_array().map(narrow));
                }
                if let Some(uvs) = uvs {
                    let [u, v, ..] = uvs.get(vertex).map(f64::from);
                    baked.uvs.push(place(texture, u, v).map(narrow));
                }
                if let Some(colors) = colors {
                    let [r, g, b, _] = colors.get(vertex);
                    baked.colors.push([r, g, b].map(|part| narrow(part.into()).clamp(0.0, 1.0)));
                }
            }
            found
        };
        let is_somewhere = |vertex: &usize| {
            surface.position(*vertex).to_array().iter().all(|value| (*value as f32).is_finite())
        };
        for corners in surface.triangles() {
            if corners.iter().all(is_somewhere) {
                let corners = corners.map(&mut add);
                baked.triangles.push(corners);
            }
        }
        baked
    }
}

/// The texture whose transform and orientation count for all of a material: files have one set of coordinates.
pub(crate) fn leading_texture<'a>(scene: &'a Scene, material: &Material) -> Option<&'a Texture> {
    let normal = material.standard().and_then(|standard| standard.normal_map);
    let any = material.textures().first().map(|(_, id)| *id);
    scene.texture(material.map.or(normal).or(any)?)
}

/// Transformed coordinates, v upwards.
fn place(texture: Option<&Texture>, u: f64, v: f64) -> [f64; 2] {
    let Some(texture) = texture else { return [u, 1.0 - v] };
    let [a, b, _, c, d, _, x, y, _] = texture.uv_matrix;
    let (u, v) = (a * u + c * v + x, b * u + d * v + y);
    // A picture that is turned over has its last row at v = 0 already.
    if texture.flip_y { [u, v] } else { [u, 1.0 - v] }
}
