//! What a scene is made of, in numbers.

use glam::{DMat4, DVec3, Mat4};

use super::Bounds;
use crate::scene::{Drawable, Primitive, Scene};

/// Up to so many transformed vertices the box is exact; beyond, copies of a mesh count with the box of the mesh.
const EXACT_VERTICES_MAX: usize = 1 << 24;

/// Figures of one scene. "Drawn" is what a camera could see: visible, on layer 0, with a material; copies of instanced
/// meshes count each.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct SceneStats {
    /// Nodes, the root included.
    pub nodes: usize,
    /// Nodes that draw something.
    pub drawn: usize,
    /// Instanced meshes among them.
    pub instanced_meshes: usize,
    /// Geometries, used or not.
    pub geometries: usize,
    /// Vertices of all geometries.
    pub vertices: usize,
    /// Triangles drawn.
    pub triangles: usize,
    /// Lines drawn.
    pub lines: usize,
    /// Points drawn.
    pub points: usize,
    /// Materials, used or not.
    pub materials: usize,
    /// Textures, used or not.
    pub textures: usize,
    /// Box of what is drawn, in the world; `None` when nothing with a finite place is.
    pub bounds: Option<Bounds>,
}

impl SceneStats {
    /// Looks at every vertex. Scenes that do not hold together are fine: what is missing does not count.
    #[must_use]
    pub fn of(scene: &Scene) -> Self {
        let mut stats = Self {
            nodes: scene.nodes.len(),
            drawn: 0,
            instanced_meshes: 0,
            geometries: scene.geometries.len(),
            vertices: scene.geometries.iter().map(crate::scene::Geometry::vertex_count).sum(),
            triangles: 0,
            lines: 0,
            points: 0,
            materials: scene.materials.len(),
            textures: scene.textures.len(),
            bounds: None,
        };
        let mut extent = Extent::default();
        for (world, drawable) in drawn(scene) {
            stats.drawn += 1;
            let Some(geometry) = scene.geometry(drawable.geometry) else { continue };
            let elements = drawable.parts(geometry).into_iter().map(|part| part.range.len());
            match &drawable.primitive {
                Primitive::Mesh => stats.triangles += elements.map(|n| n / 3).sum::<usize>(),
                Primitive::InstancedMesh(instances) => {
                    stats.instanced_meshes += 1;
                    let triangles = elements.map(|n| n / 3).sum::<usize>();
                    stats.triangles += triangles.saturating_mul(instances.matrices.len());
                }
                Primitive::Line => {
                    stats.lines += elements.map(|n| n.saturating_sub(1)).sum::<usize>();
                }
                Primitive::LineSegments => stats.lines += elements.map(|n| n / 2).sum::<usize>(),
                Primitive::Points => stats.points += elements.sum::<usize>(),
            }
            extent.add(scene, world, drawable);
        }
        stats.bounds = extent.bounds();
        stats
    }
}

/// What is visible on layer 0, in the order of the hierarchy, with its place in the world.
pub fn drawn(scene: &Scene) -> impl Iterator<Item = (DMat4, &Drawable)> {
    let mut is_seen: Vec<bool> = Vec::with_capacity(scene.nodes.len());
    scene.nodes.iter().filter_map(move |node| {
        let parent = node.parent.and_then(|parent| is_seen.get(parent.idx()).copied());
        let seen = node.visible && parent.unwrap_or(true);
        is_seen.push(seen);
        let drawable = node.drawable.as_ref().filter(|_| seen && node.layers & 1 != 0)?;
        Some((DMat4::from_cols_array(&node.world), drawable))
    })
}

/// A box that grows.
#[derive(Debug)]
struct Extent {
    min: DVec3,
    max: DVec3,
    /// Vertices transformed so far.
    work: usize,
}

impl Default for Extent {
    fn default() -> Self {
        Self { min: DVec3::INFINITY, max: DVec3::NEG_INFINITY, work: 0 }
    }
}

impl Extent {
    fn point(&mut self, point: DVec3) {
        if point.is_finite() {
            self.min = self.min.min(point);
            self.max = self.max.max(point);
        }
    }

    fn add(&mut self, scene: &Scene, world: DMat4, drawable: &Drawable) {
        let Some(geometry) = scene.geometry(drawable.geometry) else { return };
        let Some(position) = &geometry.position else { return };
        let place = |vertex: usize| {
            let [x, y, z, _] = position.get(vertex);
            DVec3::new(x.into(), y.into(), z.into())
        };
        let ranges: Vec<_> = drawable.parts(geometry).into_iter().map(|part| part.range).collect();
        let vertices = || ranges.iter().cloned().flatten().map(|e| place(geometry.vertex(e)));
        let Primitive::InstancedMesh(instances) = &drawable.primitive else {
            vertices().for_each(|vertex| self.point(world.transform_point3(vertex)));
            return;
        };
        let element_count = ranges.iter().map(ExactSizeIterator::len).sum::<usize>();
        self.work =
            self.work.saturating_add(element_count.saturating_mul(instances.matrices.len()));
        let mut corners = Vec::new();
        if self.work > EXACT_VERTICES_MAX {
            let mut local = Self::default();
            vertices().for_each(|vertex| local.point(vertex));
            corners = local.corners();
        }
        for matrix in &instances.matrices {
            let matrix = world * Mat4::from_cols_array(matrix).as_dmat4();
            if self.work > EXACT_VERTICES_MAX {
                corners.iter().for_each(|corner| self.point(matrix.transform_point3(*corner)));
            } else {
                vertices().for_each(|vertex| self.point(matrix.transform_point3(vertex)));
            }
        }
    }

    fn corners(&self) -> Vec<DVec3> {
        if self.min.x > self.max.x {
            return Vec::new();
        }
        let corner =
            |bits: usize| {
                DVec3::from_array([0, 1, 2].map(|axis| {
                    if bits >> axis & 1 == 0 { self.min[axis] } else { self.max[axis] }
                }))
            };
        (0..8).map(corner).collect()
    }

    fn bounds(&self) -> Option<Bounds> {
        let [min, max] = [self.min, self.max].map(|corner| corner.as_vec3().to_array());
        (self.min.x <= self.max.x).then_some(Bounds { min, max })
    }
}

impl std::fmt::Display for SceneStats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "nodes       {}, {} of them draw", self.nodes, self.drawn)?;
        writeln!(f, "triangles   {}", self.triangles)?;
        if self.lines + self.points > 0 {
            writeln!(f, "lines       {}, points {}", self.lines, self.points)?;
        }
        let Self { geometries, vertices, instanced_meshes, materials, textures, .. } = self;
        writeln!(
            f,
            "geometries  {geometries}, {vertices} vertices; instanced meshes {instanced_meshes}"
        )?;
        writeln!(f, "materials   {materials}, textures {textures}")?;
        match &self.bounds {
            None => write!(f, "box         nothing is drawn"),
            Some(bounds) => super::write_box(f, bounds),
        }
    }
}
