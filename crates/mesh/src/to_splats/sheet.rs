//! All triangles that a scene draws, in the world, and what they look like.

use asset::scene::{Drawable, Material, MaterialKind, NodeId, Primitive, Scene, Side};
use glam::{DMat4, DVec3, Vec3};

use super::texel::Picture;
use crate::{Mesh, MeshError, Stop};

/// A triangle in the world.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facet {
    /// Metres.
    pub corners: [Vec3; 3],
    /// Unit normals of the corners.
    pub normals: [Vec3; 3],
    /// Elements' vertices in the geometry.
    vertices: [u32; 3],
    geometry: u32,
    material: u32,
    /// Linear; of the instance.
    tint: [f32; 3],
}

/// What a point looks like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// Linear.
    pub colour: Vec3,
    /// 0 to 1.
    pub alpha: f32,
}

/// All facets of a scene.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    scene: &'a Scene,
    pictures: Vec<Option<Picture<'a>>>,
    pub facets: Vec<Facet>,
}

impl<'a> Sheet<'a> {
    /// Collects the triangles of a checked scene.
    pub(super) fn of(scene: &'a Scene, stop: Stop<'_>) -> Result<Self, MeshError> {
        let pictures = scene.textures.iter().map(Picture::of).collect();
        let mut sheet = Self { scene, pictures, facets: Vec::new() };
        let mut is_shown = vec![true; scene.nodes.len()];
        for (idx, node) in scene.nodes.iter().enumerate() {
            let above = node.parent.is_none_or(|NodeId(parent)| is_shown[parent as usize]);
            is_shown[idx] = above && node.visible;
            let Some(drawable) = &node.drawable else { continue };
            if !is_shown[idx] || node.layers & 1 == 0 {
                continue;
            }
            let world = DMat4::from_cols_array(&node.world);
            match &drawable.primitive {
                Primitive::Mesh => sheet.add(drawable, &world, [1.0; 3])?,
                Primitive::InstancedMesh(instances) => {
                    for (place, matrix) in instances.matrices.iter().enumerate() {
                        if place % 256 == 0 && stop() {
                            return Err(MeshError::Stopped);
                        }
                        let tint = instances.colors.as_ref().and_then(|list| list.get(place));
                        let local = DMat4::from_cols_array(&matrix.map(f64::from));
                        sheet.add(drawable, &(world * local), tint.copied().unwrap_or([1.0; 3]))?;
                    }
                }
                Primitive::Line | Primitive::LineSegments | Primitive::Points => {}
            }
        }
        Ok(sheet)
    }

    fn add(&mut self, drawable: &Drawable, world: &DMat4, tint: [f32; 3]) -> Result<(), MeshError> {
        let Some(geometry) = self.scene.geometry(drawable.geometry) else { return Ok(()) };
        let Some(positions) = &geometry.position else { return Ok(()) };
        let normal_matrix = glam::DMat3::from_mat4(*world).inverse().transpose();
        let point = |vertex: u32| {
            let [x, y, z, _] = positions.get(vertex as usize).map(f64::from);
            world.transform_point3(DVec3::new(x, y, z)).as_vec3()
        };
        for part in drawable.parts(geometry) {
            let Some(material) = self.scene.material(part.material) else { continue };
            if !is_solid(material) {
                continue;
            }
            for first in part.range.clone().step_by(3) {
                if first + 3 > part.range.end {
                    break;
                }
                let vertices = [0, 1, 2].map(|k| geometry.vertex(first + k) as u32);
                let corners = vertices.map(point);
                let [a, b, c] = corners.map(|p| p.as_dvec3());
                let cross = (b - a).cross(c - a);
                let Some(mut flat) = cross.try_normalize() else { continue };
                let is_near = corners.iter().all(|p| p.abs().max_element() <= Mesh::COORDINATE_MAX);
                if !is_near || cross.length() < 1e-14 {
                    continue;
                }
                if self.facets.len() >= Mesh::TRIANGLES_MAX {
                    let (what, max) = ("triangles of a scene", Mesh::TRIANGLES_MAX);
                    return Err(MeshError::TooMany { what, found: max + 1, max });
                }
                let turned = (world.determinant() < 0.0) != (material.side == Side::Back);
                if turned {
                    flat = -flat;
                }
                let normals = vertices.map(|vertex| {
                    let given = geometry.normal.as_ref().filter(|_| !material.flat_shading);
                    let smooth = given.map(|list| {
                        let [x, y, z, _] = list.get(vertex as usize).map(f64::from);
                        (normal_matrix * DVec3::new(x, y, z)).normalize_or_zero()
                    });
                    let smooth = smooth.filter(|n| n.is_finite() && n.dot(flat).abs() > 0.1);
                    // On the side of the triangle.
                    smooth.map_or(flat, |n| if n.dot(flat) < 0.0 { -n } else { n }).as_vec3()
                });
                self.facets.push(Facet {
                    corners,
                    normals,
                    vertices,
                    geometry: drawable.geometry.0,
                    material: part.material.0,
                    tint,
                });
            }
        }
        Ok(())
    }

    /// What a point of a facet looks like.
    pub(super) fn look(&self, facet: &Facet, weights: Vec3) -> Look {
        let scene = self.scene;
        let (geometry, material) =
            (&scene.geometries[facet.geometry as usize], &scene.materials[facet.material as usize]);
        let mut colour = Vec3::from(material.color) * Vec3::from(facet.tint);
        let mut alpha = material.opacity;
        let sample = |texture: Option<asset::scene::TextureId>| {
            let id = texture?;
            let settings = scene.texture(id)?;
            let picture = self.pictures.get(id.idx())?.as_ref();
            let uvs = geometry.uvs.get(usize::from(settings.channel))?.as_ref()?;
            let uv = mix(facet.vertices.map(|v| uvs.get(v as usize)), weights);
            // Never uploaded: nothing.
            Some(picture.map_or([0.0; 4], |picture| picture.at([uv[0], uv[1]])))
        };
        if let Some([r, g, b, a]) = sample(material.map) {
            colour *= Vec3::new(r, g, b);
            alpha *= a;
        }
        if let Some([_, g, _, _]) = sample(material.alpha_map) {
            alpha *= g;
        }
        if material.vertex_colors {
            let found = geometry.color.as_ref().map_or([0.0; 4], |list| {
                mix(facet.vertices.map(|v| list.get(v as usize)), weights)
            });
            colour *= Vec3::new(found[0], found[1], found[2]);
            alpha *= found[3];
        }
        if let Some(standard) = material.standard() {
            let glow = Vec3::from(standard.emissive) * standard.emissive_intensity;
            let map = sample(standard.emissive_map);
            colour += map.map_or(glow, |[r, g, b, _]| glow * Vec3::new(r, g, b));
        }
        let is_kept = material.alpha_test <= 0.0 || alpha >= material.alpha_test;
        let alpha = match () {
            () if !is_kept => 0.0,
            () if material.transparent => alpha.clamp(0.0, 1.0),
            () => 1.0,
        };
        let is_sound = colour.is_finite() && alpha.is_finite();
        Look {
            colour: if is_sound { colour } else { Vec3::ZERO },
            alpha: if is_sound { alpha } else { 0.0 },
        }
    }
}

/// Whether a material draws faces.
fn is_solid(material: &Material) -> bool {
    let has_faces = matches!(
        material.kind,
        MaterialKind::Standard(_) | MaterialKind::Physical(_) | MaterialKind::Basic(_)
    );
    has_faces && material.visible && !material.wireframe && material.color_write
}

fn mix(values: [[f32; 4]; 3], weights: Vec3) -> [f32; 4] {
    let weights = weights.to_array();
    [0, 1, 2, 3].map(|k: usize| (0..3).map(|corner| values[corner][k] * weights[corner]).sum())
}
