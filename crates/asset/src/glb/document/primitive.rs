//! The primitives of the file's meshes, as they are stored. Facts: glTF 2.0 §3.7.2.

use std::collections::BTreeMap;

use super::at::At;
use super::error::ReadError;
use super::{Accessor, Document};
use crate::scene::limits::{FILE, NAME_BYTES_MAX};
use crate::scene::{Attribute, Geometry};

/// How the elements of a primitive are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// 0.
    Points,
    /// 1: a line for every two.
    Lines,
    /// 2: a line through all, and back to the first.
    LineLoop,
    /// 3: a line through all.
    LineStrip,
    /// 4: a triangle for every three.
    #[default]
    Triangles,
    /// 5: a triangle of every three in a row, every second one turned round.
    TriangleStrip,
    /// 6: triangles that share the first.
    TriangleFan,
}

/// One primitive of one mesh.
#[derive(Debug, Clone)]
pub struct MeshPrimitive {
    /// Index of the mesh.
    pub mesh: usize,
    /// Index within the mesh.
    pub primitive: usize,
    /// How elements are joined; nothing is converted yet.
    pub mode: Mode,
    /// Attributes as floats, and indices. The name is that of the mesh.
    pub geometry: Geometry,
    /// Index of the material.
    pub material: Option<usize>,
}

impl Mode {
    const fn from_number(number: usize) -> Option<Self> {
        Some(match number {
            0 => Self::Points,
            1 => Self::Lines,
            2 => Self::LineLoop,
            3 => Self::LineStrip,
            4 => Self::Triangles,
            5 => Self::TriangleStrip,
            6 => Self::TriangleFan,
            _ => return None,
        })
    }
}

impl Document {
    /// Every primitive of every mesh, in the order of the file, also those that no node uses.
    ///
    /// # Errors
    /// [`ReadError`] if one does not hold together, or all together pass a limit of scenes.
    pub fn primitives(&self) -> Result<Vec<MeshPrimitive>, ReadError> {
        let mut reader = Reader::new(self);
        let mut primitives = Vec::new();
        for (mesh, at) in self.root().items("meshes")?.iter().enumerate() {
            for (primitive, at) in at.items("primitives")?.iter().enumerate() {
                let (mode, material) = (mode(at)?, at.usize("material")?);
                let mut geometry = reader.geometry(at)?;
                geometry.name = name(&self.root(), "meshes", mesh)?;
                primitives.push(MeshPrimitive { mesh, primitive, mode, geometry, material });
            }
        }
        Ok(primitives)
    }
}

pub(in crate::glb) fn mode(primitive: &At<'_>) -> Result<Mode, ReadError> {
    let number = primitive.usize("mode")?.unwrap_or(4);
    Mode::from_number(number)
        .ok_or_else(|| primitive.error(format!("mode {number} is not defined")))
}

/// The name of an item of a list of the root, cut to what a scene takes.
pub(in crate::glb) fn name(root: &At<'_>, list: &str, idx: usize) -> Result<String, ReadError> {
    let name = root.item(list, idx).map_or(Ok(None), |at| at.text("name"))?.unwrap_or_default();
    let end = name.floor_char_boundary(NAME_BYTES_MAX);
    Ok(name[..end].to_owned())
}

/// Reads geometries, and counts what they take.
pub(in crate::glb) struct Reader<'a> {
    document: &'a Document,
    geometries: usize,
    vertices: usize,
    indices: usize,
}

impl<'a> Reader<'a> {
    pub(in crate::glb) const fn new(document: &'a Document) -> Self {
        Self { document, geometries: 0, vertices: 0, indices: 0 }
    }

    /// Attributes and indices of a primitive, with lengths and bounds checked.
    pub(in crate::glb) fn geometry(&mut self, at: &At<'_>) -> Result<Geometry, ReadError> {
        take(&mut self.geometries, 1, at, "primitives", FILE.geometries)?;
        let mut geometry = self.attributes(at)?;
        if let Some(indices) = self.indices(at, geometry.vertex_count())? {
            geometry.index = Some(indices);
        }
        Ok(geometry)
    }

    pub(in crate::glb) fn attributes(&mut self, at: &At<'_>) -> Result<Geometry, ReadError> {
        let attributes = at.need_object("attributes")?;
        let mut found = BTreeMap::new();
        let mut count = None;
        for name in [
            "POSITION",
            "NORMAL",
            "TEXCOORD_0",
            "TEXCOORD_1",
            "TEXCOORD_2",
            "TEXCOORD_3",
            "COLOR_0",
            "TANGENT",
        ] {
            let Some(at) = attributes.get(name) else { continue };
            let accessor = self.accessor(&at)?;
            let count = *count.get_or_insert(accessor.count);
            if accessor.count != count {
                let problem = format!("{} elements, others have {count}", accessor.count);
                return Err(at.error(problem));
            }
            let sizes: &[usize] = match name {
                "POSITION" | "NORMAL" => &[3],
                "TANGENT" => &[4],
                "COLOR_0" => &[3, 4],
                _ => &[2],
            };
            if !sizes.contains(&accessor.components) {
                let problem = format!("{} components, {sizes:?} are needed", accessor.components);
                return Err(at.error(problem));
            }
            found.insert(name, accessor);
        }
        if !found.contains_key("POSITION") {
            return Ok(Geometry::default());
        }
        take(&mut self.vertices, count.unwrap_or(0), at, "vertices", FILE.vertices)?;
        let mut take = |name: &str| {
            let accessor = found.remove(name)?;
            Some(Attribute::new(accessor.components as u8, accessor.f32s()))
        };
        Ok(Geometry {
            position: take("POSITION"),
            normal: take("NORMAL"),
            uvs: ["TEXCOORD_0", "TEXCOORD_1", "TEXCOORD_2", "TEXCOORD_3"].map(&mut take),
            color: take("COLOR_0"),
            tangent: take("TANGENT"),
            ..Geometry::default()
        })
    }

    pub(in crate::glb) fn indices(
        &mut self,
        at: &At<'_>,
        vertex_count: usize,
    ) -> Result<Option<Vec<u32>>, ReadError> {
        let Some(at) = at.get("indices") else { return Ok(None) };
        let accessor = self.accessor(&at)?;
        if accessor.components != 1 {
            return Err(at.error(format!("{} components, 1 is needed", accessor.components)));
        }
        take(&mut self.indices, accessor.count, &at, "indices", FILE.indices)?;
        let indices = accessor.u32s()?;
        match indices.iter().find(|index| **index as usize >= vertex_count) {
            Some(index) => Err(at.error(format!("vertex {index} of {vertex_count}"))),
            None => Ok(Some(indices)),
        }
    }

    /// The accessor whose index is the value.
    fn accessor(&self, at: &At<'_>) -> Result<Accessor<'a>, ReadError> {
        let idx = at.as_usize()?;
        let root = self.document.root();
        if idx >= root.count("accessors") {
            return Err(at.error(format!("accessor {idx} of {}", root.count("accessors"))));
        }
        self.document.accessor(idx)
    }
}

fn take(
    found: &mut usize,
    count: usize,
    at: &At<'_>,
    what: &'static str,
    max: usize,
) -> Result<(), ReadError> {
    *found = found.saturating_add(count);
    if *found > max { Err(at.too_many(what, *found, max)) } else { Ok(()) }
}
