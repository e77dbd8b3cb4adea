//! A scene without its hierarchy: the surfaces that are drawn, each with the matrix that brings it into the world. For
//! formats that have no nodes or no instances.

use std::ops::Range;

use glam::{DMat3, DMat4, DVec3};

use super::{
    Geometry, Instances, Material, MaterialId, NodeId, Primitive, Scene, SceneError, Side,
};

/// Parts of all instances together.
pub const SURFACES_MAX: usize = 1 << 22;

/// A part of a mesh at one place. Its triangles are those of the geometry within [`Self::range`].
#[derive(Debug, Clone)]
pub struct Surface<'a> {
    /// The node that draws it.
    pub node: NodeId,
    /// Vertices in the space of the node.
    pub geometry: &'a Geometry,
    /// With what.
    pub material_id: MaterialId,
    /// The same.
    pub material: &'a Material,
    /// Elements: whole triangles.
    pub range: Range<usize>,
    /// Into the world.
    pub world: DMat4,
    /// Of normals into the world: of any length.
    pub normal: DMat3,
    /// The order of corners is to be turned round, so that the front is counter-clockwise: for places that mirror, and for
    /// back sides.
    pub is_turned: bool,
    /// Linear colour of the instance.
    pub tint: [f32; 3],
}

impl Surface<'_> {
    /// Whole triangles.
    #[must_use]
    pub fn triangle_count(&self) -> usize {
        self.range.len() / 3
    }

    /// Vertices of the corners of each triangle, counter-clockwise from the front.
    pub fn triangles(&self) -> impl Iterator<Item = [usize; 3]> {
        (0..self.triangle_count()).map(|triangle| {
            let start = self.range.start + 3 * triangle;
            let [a, b, c] = [0, 1, 2].map(|corner| self.geometry.vertex(start + corner));
            if self.is_turned { [a, c, b] } else { [a, b, c] }
        })
    }

    /// A vertex in the world.
    #[must_use]
    pub fn position(&self, vertex: usize) -> DVec3 {
        let value = self.geometry.position.as_ref().map_or([0.0; 4], |list| list.get(vertex));
        let [x, y, z, _] = value.map(f64::from);
        self.world.transform_point3(DVec3::new(x, y, z))
    }

    /// A direction of length 1 in the world, that of the front; `None` without normals, or if it has no direction.
    #[must_use]
    pub fn normal(&self, vertex: usize) -> Option<DVec3> {
        let [x, y, z, _] = self.geometry.normal.as_ref()?.get(vertex).map(f64::from);
        let normal = (self.normal * DVec3::new(x, y, z)).try_normalize()?;
        Some(if self.material.side == Side::Back { -normal } else { normal })
    }
}

/// Every visible surface, in the order of nodes, instances and groups, and one line for each kind of drawable that is none. The scene
/// has passed [`Scene::check`].
///
/// # Errors
/// [`SceneError::TooMany`] above [`SURFACES_MAX`].
pub fn surfaces(scene: &Scene) -> Result<(Vec<Surface<'_>>, Vec<String>), SceneError> {
    let mut surfaces = Vec::new();
    let mut lost = [("lines", 0), ("points", 0), ("wireframes", 0)];
    let mut is_visible = vec![true; scene.nodes.len()];
    for (idx, node) in scene.nodes.iter().enumerate() {
        is_visible[idx] = node.visible && node.parent.is_none_or(|parent| is_visible[parent.idx()]);
        let Some(drawable) =
            node.drawable.as_ref().filter(|_| is_visible[idx] && node.layers & 1 == 1)
        else {
            continue;
        };
        let Some(geometry) = scene.geometry(drawable.geometry) else { continue };
        let world = DMat4::from_cols_array(&node.world);
        let none = Instances { matrices: vec![[0.0; 16]], ..Instances::default() };
        let (places, is_instanced) = match &drawable.primitive {
            Primitive::InstancedMesh(instances) => (instances, true),
            Primitive::Mesh => (&none, false),
            Primitive::Line | Primitive::LineSegments => {
                lost[0].1 += 1;
                continue;
            }
            Primitive::Points => {
                lost[1].1 += 1;
                continue;
            }
        };
        let parts = drawable.parts(geometry);
        let found =
            surfaces.len().saturating_add(parts.len().saturating_mul(places.matrices.len()));
        if found > SURFACES_MAX {
            return Err(SceneError::TooMany {
                what: "parts of instances",
                found,
                max: SURFACES_MAX,
            });
        }
        for (at, matrix) in places.matrices.iter().enumerate() {
            let local = DMat4::from_cols_array(&matrix.map(f64::from));
            let world = if is_instanced { world * local } else { world };
            let linear = DMat3::from_mat4(world);
            let tint = places.colors.as_ref().and_then(|colors| colors.get(at));
            for part in &parts {
                let Some(material) = scene.material(part.material) else { continue };
                if material.wireframe {
                    lost[2].1 += 1;
                    continue;
                }
                if !material.visible {
                    continue;
                }
                let count = part.range.len() / 3 * 3;
                surfaces.push(Surface {
                    node: NodeId(idx as u32),
                    geometry,
                    material_id: part.material,
                    material,
                    range: part.range.start..part.range.start + count,
                    world,
                    normal: cofactor(linear),
                    is_turned: (linear.determinant() < 0.0) != (material.side == Side::Back),
                    tint: tint.copied().unwrap_or([1.0; 3]),
                });
            }
        }
    }
    let lost = lost.into_iter().filter(|(_, count)| *count > 0);
    Ok((surfaces, lost.map(|(what, count)| format!("{what}: {count}")).collect()))
}

/// The inverse transpose up to a positive factor, which exists for flat places, too.
fn cofactor(linear: DMat3) -> DMat3 {
    let DMat3 { x_axis: x, y_axis: y, z_axis: z } = linear;
    let sign = if linear.determinant() < 0.0 { -1.0 } else { 1.0 };
    DMat3::from_cols(y.cross(z) * sign, z.cross(x) * sign, x.cross(y) * sign)
}
