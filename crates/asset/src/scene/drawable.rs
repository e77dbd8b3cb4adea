//! What a node draws: a primitive kind, a geometry, and the material of each part of it.

use std::ops::Range;

use super::{Geometry, GeometryId, MaterialId, Sphere};

/// One draw call of a module.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawable {
    /// How vertices are joined, and how often.
    pub primitive: Primitive,
    /// What is drawn.
    pub geometry: GeometryId,
    /// With what. Any kind of material may come with any primitive.
    pub materials: Materials,
}

/// How vertices are joined.
#[derive(Debug, Clone, PartialEq)]
pub enum Primitive {
    /// Triangles.
    Mesh,
    /// Triangles, once per instance.
    InstancedMesh(Instances),
    /// A strip of lines through all vertices.
    Line,
    /// A line for every two vertices.
    LineSegments,
    /// A square for every vertex.
    Points,
}

/// Copies of a mesh; drawn in this order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Instances {
    /// Relative to the node, column-major. As many as are drawn (`count`), not as many as were allocated.
    pub matrices: Vec<[f32; 16]>,
    /// Linear; multiply the material's colour. As many as matrices.
    pub colors: Option<Vec<[f32; 3]>>,
    /// The object's own bounding sphere, where the module had it computed or wrote it (it may be stale).
    pub bounding_sphere: Option<Sphere>,
}

/// `material` of an object.
#[derive(Debug, Clone, PartialEq)]
pub enum Materials {
    /// For the whole geometry; its groups do not count.
    Single(MaterialId),
    /// For groups, by their material index. Without groups nothing is drawn.
    Array(Vec<Option<MaterialId>>),
}

/// One item of the renderer's lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Drawn with this.
    pub material: MaterialId,
    /// The range of indices, or of vertices where there is no index. Within bounds.
    pub range: Range<usize>,
}

impl Drawable {
    /// What is drawn of its geometry, in the order of groups. Empty ranges and groups without a material are left out;
    /// invisible materials are not.
    #[must_use]
    pub fn parts(&self, geometry: &Geometry) -> Vec<Part> {
        let mut parts = match &self.materials {
            Materials::Single(material) => {
                vec![Part { material: *material, range: geometry.drawn(None) }]
            }
            Materials::Array(slots) => {
                let part = |group: &super::Group| {
                    let material = (*slots.get(group.material_idx as usize)?)?;
                    Some(Part { material, range: geometry.drawn(Some(group.span)) })
                };
                geometry.groups.iter().filter_map(part).collect()
            }
        };
        parts.retain(|part| !part.range.is_empty());
        parts
    }
}
