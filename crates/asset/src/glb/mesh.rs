//! Meshes: a primitive for each part of a drawable, its attributes and its indices.

use std::ops::Range;

use serde_json::{Value, json};

use super::build::{Builder, Kind, finite};
use super::material;
use crate::scene::{
    Attribute, Drawable, Geometry, GeometryId, MaterialId, Part, Primitive, Scene, Side,
};

/// Attributes are shared by all primitives of a geometry: name, and whether it is turned inside out.
pub(super) type AttributeKey = (GeometryId, &'static str, bool);
/// Indices are shared by all primitives that draw the same range in the same way.
pub(super) type IndexKey = (GeometryId, usize, usize, Mode, bool);

/// How elements are joined, by the constants of glTF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    Points = 0,
    Lines = 1,
    LineStrip = 3,
    Triangles = 4,
    /// Lines (1) in the file.
    Wireframe = 101,
}

impl Mode {
    const fn number(self) -> u32 {
        if matches!(self, Self::Wireframe) { 1 } else { self as u32 }
    }
}

/// Whether anything of it would be in the file.
pub(super) fn is_drawn(scene: &Scene, drawable: &Drawable) -> bool {
    let geometry = scene.geometry(drawable.geometry);
    geometry.is_some_and(|geometry| {
        drawable.parts(geometry).iter().any(|part| primitive(scene, drawable, part).is_some())
    })
}

/// The index of the mesh, `None` if nothing is drawn.
pub(super) fn add(builder: &mut Builder<'_>, drawable: &Drawable) -> Option<usize> {
    let scene = builder.scene;
    let geometry = scene.geometry(drawable.geometry)?;
    let parts = drawable.parts(geometry);
    let primitives: Vec<_> =
        parts.iter().filter_map(|part| primitive(scene, drawable, part)).collect();
    if primitives.is_empty() {
        return None;
    }
    let key = format!("{} {primitives:?}", drawable.geometry.0);
    if let Some(mesh) = builder.caches.meshes.get(&key) {
        return Some(*mesh);
    }
    let primitives: Vec<_> =
        primitives.iter().map(|wanted| wanted.add(builder, geometry)).collect();
    let mut mesh = json!({ "primitives": primitives });
    if !geometry.name.is_empty() {
        mesh["name"] = json!(geometry.name);
    }
    builder.meshes.push(mesh);
    builder.caches.meshes.insert(key, builder.meshes.len() - 1);
    Some(builder.meshes.len() - 1)
}

/// A primitive before it is added.
#[derive(Debug)]
struct Wanted {
    geometry: GeometryId,
    material: MaterialId,
    range: Range<usize>,
    mode: Mode,
    is_back: bool,
    has_normals: bool,
    has_colors: bool,
    channels: Vec<usize>,
    has_tangents: bool,
}

fn primitive(scene: &Scene, drawable: &Drawable, part: &Part) -> Option<Wanted> {
    let geometry = scene.geometry(drawable.geometry)?;
    let material = scene.material(part.material).filter(|material| material.visible)?;
    let mode = match drawable.primitive {
        Primitive::Points => Mode::Points,
        Primitive::LineSegments => Mode::Lines,
        Primitive::Line => Mode::LineStrip,
        Primitive::Mesh | Primitive::InstancedMesh(_) if material.wireframe => Mode::Wireframe,
        Primitive::Mesh | Primitive::InstancedMesh(_) => Mode::Triangles,
    };
    let Range { start, end } = part.range;
    let count = match mode {
        Mode::Points => end - start,
        Mode::Lines => (end - start) / 2 * 2,
        Mode::LineStrip => {
            if end - start < 2 {
                0
            } else {
                end - start
            }
        }
        Mode::Triangles | Mode::Wireframe => (end - start) / 3 * 3,
    };
    let is_lit = material.standard().is_some();
    let is_surface = mode == Mode::Triangles;
    let has_normals = is_lit && is_surface && !material.flat_shading && geometry.normal.is_some();
    let wanted = Wanted {
        geometry: drawable.geometry,
        material: part.material,
        range: start..start + count,
        mode,
        is_back: is_surface && material.side == Side::Back,
        has_normals,
        has_colors: material.vertex_colors,
        channels: material::channels(scene, material),
        has_tangents: has_normals && geometry.tangent.is_some() && material::has_frame(material),
    };
    let is_undrawable =
        |attribute: &Option<Attribute>| attribute.as_ref().is_some_and(|found| found.undrawable);
    let bad = is_undrawable(&geometry.position)
        || has_normals && is_undrawable(&geometry.normal)
        || wanted.has_colors && is_undrawable(&geometry.color)
        || wanted.channels.iter().any(|channel| is_undrawable(&geometry.uvs[*channel]));
    (count > 0 && !bad).then_some(wanted)
}

impl Wanted {
    fn add(&self, builder: &mut Builder<'_>, geometry: &Geometry) -> Value {
        let position = self.attribute(builder, "POSITION", geometry, geometry.position.as_ref());
        let mut attributes = json!({ "POSITION": position });
        if self.has_normals {
            attributes["NORMAL"] =
                json!(self.attribute(builder, "NORMAL", geometry, geometry.normal.as_ref()));
        }
        if self.has_tangents {
            attributes["TANGENT"] =
                json!(self.attribute(builder, "TANGENT", geometry, geometry.tangent.as_ref()));
        }
        if self.has_colors {
            attributes["COLOR_0"] =
                json!(self.attribute(builder, "COLOR_0", geometry, geometry.color.as_ref()));
        }
        let sets = self.channels.last().map_or(0, |last| last + 1);
        for (set, name) in ["TEXCOORD_0", "TEXCOORD_1", "TEXCOORD_2", "TEXCOORD_3"]
            .into_iter()
            .enumerate()
            .take(sets)
        {
            attributes[name] =
                json!(self.attribute(builder, name, geometry, geometry.uvs[set].as_ref()));
        }
        let material = material::add(builder, self.material, self.has_tangents);
        let mut primitive =
            json!({ "attributes": attributes, "material": material, "mode": self.mode.number() });
        if let Some(indices) = self.indices(builder, geometry) {
            primitive["indices"] = json!(indices);
        }
        primitive
    }

    fn attribute(
        &self,
        builder: &mut Builder<'_>,
        name: &'static str,
        geometry: &Geometry,
        attribute: Option<&Attribute>,
    ) -> usize {
        let is_turned = self.is_back && matches!(name, "NORMAL" | "TANGENT");
        let key = (self.geometry, name, is_turned);
        if let Some(accessor) = builder.caches.attributes.get(&key) {
            return *accessor;
        }
        let kind = match name {
            "POSITION" | "NORMAL" => Kind::Vec3,
            "TANGENT" => Kind::Vec4,
            "COLOR_0" if attribute.is_some_and(|found| found.item_size == 4) => Kind::Vec4,
            "COLOR_0" => Kind::Vec3,
            _ => Kind::Vec2,
        };
        let accessor = match attribute {
            None => builder.zeros(kind, geometry.vertex_count()),
            Some(attribute) => {
                let mut values = Vec::with_capacity(attribute.vertex_count() * kind.size());
                for vertex in 0..attribute.vertex_count() {
                    let value = clean(name, attribute.get(vertex), is_turned);
                    values.extend_from_slice(&value[..kind.size()]);
                }
                if name == "POSITION" {
                    builder.positions(&values)
                } else {
                    builder.floats(kind, &values, true)
                }
            }
        };
        builder.caches.attributes.insert(key, accessor);
        accessor
    }

    /// `None` where vertices are drawn as they come.
    fn indices(&self, builder: &mut Builder<'_>, geometry: &Geometry) -> Option<usize> {
        let Range { start, end } = self.range;
        let is_plain = geometry.index.is_none() && !self.is_back && self.mode != Mode::Wireframe;
        if is_plain && start == 0 && end == geometry.vertex_count() {
            return None;
        }
        let key = (self.geometry, start, end, self.mode, self.is_back);
        if let Some(accessor) = builder.caches.indices.get(&key) {
            return Some(*accessor);
        }
        let mut indices: Vec<u32> =
            (start..end).map(|element| geometry.vertex(element) as u32).collect();
        if self.is_back {
            indices.as_chunks_mut::<3>().0.iter_mut().for_each(|corners| corners.swap(1, 2));
        }
        if self.mode == Mode::Wireframe {
            indices = indices
                .as_chunks::<3>()
                .0
                .iter()
                .flat_map(|&[a, b, c]| [a, b, b, c, c, a])
                .collect();
        }
        let accessor = builder.indices(&indices);
        builder.caches.indices.insert(key, accessor);
        Some(accessor)
    }
}

/// A value that glTF takes: finite, directions of length 1, colours of 0 to 1.
fn clean(name: &str, value: [f32; 4], is_turned: bool) -> [f32; 4] {
    let [x, y, z, w] = value.map(finite);
    let sign = if is_turned { -1.0 } else { 1.0 };
    match name {
        "NORMAL" => unit([x * sign, y * sign, z * sign], [0.0, 0.0, 1.0], 0.0),
        "TANGENT" => unit([x, y, z], [1.0, 0.0, 0.0], if w * sign < 0.0 { -1.0 } else { 1.0 }),
        "COLOR_0" => [x, y, z, w].map(|channel| channel.clamp(0.0, 1.0)),
        _ => [x, y, z, w],
    }
}

fn unit(value: [f32; 3], or: [f32; 3], w: f32) -> [f32; 4] {
    let value = value.map(f64::from);
    let length = value.iter().map(|part| part * part).sum::<f64>().sqrt();
    let [x, y, z] = if length > 0.0 { value.map(|part| (part / length) as f32) } else { or };
    [x, y, z, w]
}
