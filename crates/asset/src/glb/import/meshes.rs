//! Meshes: primitives that share their vertices become groups of one geometry; strips, fans and loops become lists.

use super::materials::{Kind, Look};
use super::{At, Import, ReadError};
use crate::glb::document::{Mode, mode, name};
use crate::scene::{Geometry, GeometryId, Group, Materials, Primitive, Span};

/// A draw call.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) primitive: Primitive,
    pub(super) geometry: GeometryId,
    pub(super) materials: Materials,
}

impl Import<'_> {
    /// The draw calls of a mesh.
    pub(super) fn mesh(&mut self, idx: usize) -> Result<Vec<Part>, ReadError> {
        if let Some(parts) = self.meshes.get(&idx) {
            return Ok(parts.clone());
        }
        let root = self.root.clone();
        let Some(mesh) = root.item("meshes", idx) else { return Ok(Vec::new()) };
        let name = name(&root, "meshes", idx)?;
        let mut parts = Vec::new();
        let primitives = mesh.items("primitives")?;
        for run in primitives.chunk_by(shares_vertices) {
            let Some(part) = self.part(run, &name)? else { continue };
            parts.push(part);
        }
        self.meshes.insert(idx, parts.clone());
        Ok(parts)
    }

    /// `None` without vertices.
    fn part(&mut self, run: &[At<'_>], name: &str) -> Result<Option<Part>, ReadError> {
        let [first, ..] = run else { return Ok(None) };
        let primitive = drawn_as(mode(first)?);
        let kind = match primitive {
            Primitive::Points => Kind::Points,
            Primitive::Line | Primitive::LineSegments => Kind::Line,
            _ => Kind::Surface,
        };
        let Some(id) = self.geometry(run, name)? else { return Ok(None) };
        let has = |part: fn(&Geometry) -> bool| self.scene.geometry(id).is_some_and(part);
        let has_colors = has(|geometry| geometry.color.is_some());
        let has_normals = has(|geometry| geometry.normal.is_some());
        let has_tangents = has(|geometry| geometry.tangent.is_some());
        let mut materials = Vec::new();
        for at in run {
            self.losses.add("morph targets", usize::from(at.count("targets") > 0));
            let splats = at.extension("KHR_gaussian_splatting")?;
            self.losses.add("Gaussian splats, drawn as points", usize::from(splats.is_some()));
            let material = self.follow(at, "material", "materials")?;
            let look = Look { material, kind, has_colors, has_normals, has_tangents };
            materials.push(self.material(look)?);
        }
        let materials = match materials[..] {
            [material] => Materials::Single(material),
            _ => Materials::Array(materials.into_iter().map(Some).collect()),
        };
        Ok(Some(Part { primitive, geometry: id, materials }))
    }

    /// One geometry for all meshes of a name that draw the same: many differ in their materials only.
    fn geometry(&mut self, run: &[At<'_>], name: &str) -> Result<Option<GeometryId>, ReadError> {
        let [first, ..] = run else { return Ok(None) };
        let mut key = name.to_owned();
        for at in run {
            for part in ["attributes", "indices", "mode"] {
                let value = at.value.get(part);
                key += &value.map_or_else(|| " -".to_owned(), |value| format!(" {value}"));
            }
        }
        if let Some(id) = self.geometries.get(&key) {
            return Ok(Some(*id));
        }
        let mut geometry = self.reader.attributes(first)?;
        let vertex_count = geometry.vertex_count();
        if vertex_count == 0 {
            return Ok(None);
        }
        geometry.name = name.to_owned();
        if geometry.normal.is_none() {
            // The specification asks for flat normals then, and to leave out tangents.
            geometry.tangent = None;
        }
        let mut groups = Vec::new();
        for (idx, at) in run.iter().enumerate() {
            let start = geometry.index.as_ref().map_or(0, Vec::len);
            let indices = self.reader.indices(at, vertex_count)?;
            if let Some(indices) = list(mode(at)?, indices, vertex_count) {
                geometry.index.get_or_insert_default().extend(indices);
            }
            let count = geometry.index.as_ref().map_or(0, Vec::len) - start;
            let span = Span { start: start as u32, count: Some(count as u32) };
            groups.push(Group { span, material_idx: idx as u32 });
        }
        if groups.len() > 1 {
            geometry.groups = groups;
        }
        self.scene.geometries.push(geometry);
        let id = GeometryId(self.scene.geometries.len() as u32 - 1);
        self.geometries.insert(key, id);
        Ok(Some(id))
    }
}

fn drawn_as(mode: Mode) -> Primitive {
    match mode {
        Mode::Points => Primitive::Points,
        Mode::Lines => Primitive::LineSegments,
        Mode::LineLoop | Mode::LineStrip => Primitive::Line,
        Mode::Triangles | Mode::TriangleStrip | Mode::TriangleFan => Primitive::Mesh,
    }
}

/// Whether two primitives can be groups of one geometry: the same vertices, joined in the same way, through indices.
fn shares_vertices(one: &At<'_>, two: &At<'_>) -> bool {
    let key = |at: &At<'_>| {
        let primitive = mode(at).ok().map(drawn_as).filter(|found| *found != Primitive::Line);
        primitive.filter(|_| at.get("indices").is_some())
    };
    let is_same = key(one).is_some() && key(one) == key(two);
    is_same && one.value.get("attributes") == two.value.get("attributes")
}

/// Elements one by one: triangles of strips and fans, loops that are closed. `None`: vertices as they come.
fn list(mode: Mode, indices: Option<Vec<u32>>, vertex_count: usize) -> Option<Vec<u32>> {
    if matches!(mode, Mode::Points | Mode::Lines | Mode::LineStrip | Mode::Triangles) {
        return indices;
    }
    let indices = indices.unwrap_or_else(|| (0..vertex_count as u32).collect());
    let triples = indices.windows(3);
    Some(match mode {
        Mode::TriangleStrip => triples
            .enumerate()
            .flat_map(|(at, v)| if at % 2 == 0 { [v[0], v[1], v[2]] } else { [v[0], v[2], v[1]] })
            .collect(),
        Mode::TriangleFan => triples.flat_map(|v| [v[1], v[2], indices[0]]).collect(),
        _ => {
            let mut indices = indices;
            indices.extend(indices.first().copied());
            indices
        }
    })
}
