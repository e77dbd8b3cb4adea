//! Everything about a scene that does not depend on the view: geometries, programs, textures, world matrices, spheres.

use std::ops::Range;

use asset::scene::{Drawable, Materials, NodeId, Primitive, Scene, Sphere};
use glam::{DMat4, Mat4, Vec3};

use super::mesh::{self, Mesh};
use super::program::Program;
use super::{Stop, Stopped, environs, textures};
use crate::shade::Environment;
use crate::shade::environment::Mirrored;
use crate::shade::texture::Texture;

/// A scene, ready to be drawn from any side.
#[derive(Debug)]
pub struct Prepared {
    pub(super) meshes: Vec<Option<Mesh>>,
    pub(super) textures: Vec<Texture>,
    /// Filtered for lit materials, each in the place of its texture.
    pub(super) environments: Vec<Option<Environment>>,
    /// The same for basic materials.
    pub(super) mirrored: Vec<Option<Mirrored>>,
    pub(super) programs: Vec<Program>,
    pub(super) objects: Vec<Object>,
}

/// A node that draws something, in the order of the hierarchy.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) world: DMat4,
    /// Front faces are the clockwise ones.
    pub(super) mirrored: bool,
    pub(super) mesh: usize,
    pub(super) copies: Option<Copies>,
    /// In the world.
    pub(super) sphere: Sphere,
    pub(super) culled: bool,
    pub(super) object_id: u32,
    pub(super) render_order: f64,
    pub(super) group_order: f64,
    pub(super) parts: Vec<ObjectPart>,
}

/// Instances of an object.
#[derive(Debug)]
pub(super) struct Copies {
    pub(super) matrices: Vec<Mat4>,
    pub(super) colours: Option<Vec<Vec3>>,
}

/// A part of an object with one material.
#[derive(Debug)]
pub(super) struct ObjectPart {
    pub(super) program: usize,
    /// Of elements.
    pub(super) range: Range<usize>,
}

impl Prepared {
    /// Prepares a scene. What does not hold together (see [`Scene::check`]) is left out.
    #[must_use]
    pub fn new(scene: &Scene) -> Self {
        let nothing = Self {
            meshes: Vec::new(),
            textures: Vec::new(),
            environments: Vec::new(),
            mirrored: Vec::new(),
            programs: Vec::new(),
            objects: Vec::new(),
        };
        Self::new_until(scene, &|| false).unwrap_or(nothing)
    }

    /// The same, unless it is stopped: environment maps take a tenth of a second each.
    ///
    /// # Errors
    /// [`Stopped`] soon after `stop` says so.
    pub fn new_until(scene: &Scene, stop: Stop<'_>) -> Result<Self, Stopped> {
        let textures: Vec<Texture> = scene.textures.iter().map(textures::upload).collect();
        let mut prepared = Self {
            meshes: (0..scene.geometries.len()).map(|_| None).collect(),
            environments: environs::filtered(scene, &textures, stop)?,
            mirrored: environs::mirrored(scene, &textures, stop)?,
            textures,
            programs: Vec::new(),
            objects: Vec::new(),
        };
        // Of each node: whether its subtree is drawn, and the group order its children get.
        let mut seen: Vec<(bool, f64)> = Vec::with_capacity(scene.nodes.len());
        for node in &scene.nodes {
            let above = match node.parent {
                Some(NodeId(parent)) => seen.get(parent as usize).copied().unwrap_or((false, 0.0)),
                None => (true, 0.0),
            };
            let visible = above.0 && node.visible;
            let on_layer = node.layers & 1 != 0;
            let group_order = if node.is_group && on_layer { node.render_order } else { above.1 };
            seen.push((visible, group_order));
            if !visible || !on_layer {
                continue;
            }
            let Some(drawable) = &node.drawable else { continue };
            if let Some(object) = prepared.object(scene, drawable) {
                let world = DMat4::from_cols_array(&node.world);
                let is_mesh =
                    matches!(drawable.primitive, Primitive::Mesh | Primitive::InstancedMesh(_));
                prepared.objects.push(Object {
                    mirrored: is_mesh && world.determinant() < 0.0,
                    sphere: mesh::moved(&world, &object.sphere),
                    world,
                    culled: node.frustum_culled,
                    object_id: node.object_id,
                    render_order: node.render_order,
                    group_order,
                    ..object
                });
            }
        }
        Ok(prepared)
    }

    /// An object without what its node knows; its sphere is in its own space.
    fn object(&mut self, scene: &Scene, drawable: &Drawable) -> Option<Object> {
        let geometry = scene.geometry(drawable.geometry)?;
        geometry.position.as_ref()?;
        let mut parts: Vec<ObjectPart> = Vec::new();
        let mut known: Vec<(u32, Option<usize>)> = Vec::new();
        for part in drawable.parts(geometry) {
            let known_program = known.iter().find(|(id, _)| *id == part.material.0);
            let program = match known_program {
                Some((_, program)) => *program,
                None => {
                    let material = scene.material(part.material).filter(|m| m.visible);
                    let program = material.and_then(|material| {
                        Program::new(scene, material, geometry, &drawable.primitive)
                    });
                    let program = program.map(|program| {
                        self.programs.push(program);
                        self.programs.len() - 1
                    });
                    known.push((part.material.0, program));
                    program
                }
            };
            if let Some(program) = program {
                parts.push(ObjectPart { program, range: part.range });
            }
        }
        if parts.is_empty() || matches!(&drawable.materials, Materials::Array(a) if a.is_empty()) {
            return None;
        }
        let mesh = self.meshes.get_mut(drawable.geometry.idx())?;
        let mesh = mesh.get_or_insert_with(|| Mesh::new(geometry));
        let (copies, sphere) = match &drawable.primitive {
            Primitive::InstancedMesh(list) => {
                let matrices = list.matrices.iter().map(Mat4::from_cols_array).collect();
                let colours = list
                    .colors
                    .as_ref()
                    .map(|colours| colours.iter().map(|colour| Vec3::from(*colour)).collect());
                let sphere = mesh::sphere_of_instances(list, &mesh.sphere);
                (Some(Copies { matrices, colours }), sphere)
            }
            _ => (None, mesh.sphere),
        };
        Some(Object {
            world: DMat4::IDENTITY,
            mirrored: false,
            mesh: drawable.geometry.idx(),
            copies,
            sphere,
            culled: true,
            object_id: 0,
            render_order: 0.0,
            group_order: 0.0,
            parts,
        })
    }
}
