//! Meshes: a primitive for each part of a drawable, its attributes and its indices.

use std::ops::Range;

use serde_json::{Value, json};

use super::build::{Builder, Kind, finite};
use super::losses::Owner;
use super::material::{self, Look, Made};
use super::tangent;
use crate::scene::{
    Attribute, Drawable, Geometry, GeometryId, Material, MaterialId, Part, Primitive, Scene, Side,
    TextureId,
};

/// Attributes are shared by all primitives of a geometry: name, whether it is turned inside out, what it is made from.
pub(super) type AttributeKey = (GeometryId, &'static str, bool, Tangents);
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
    /// Lines (1) in the file: a strip with gaps.
    BrokenStrip = 103,
}

/// Where directions along a surface come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tangents {
    /// Not needed, or not to be had.
    None,
    /// The geometry's own.
    Given,
    /// Made for a texture, or for the first texture coordinates.
    Made(Option<TextureId>),
}

impl Tangents {
    /// Made bitangents point the other way: see `tangent`.
    pub(super) const fn y_sign(self) -> f32 {
        if matches!(self, Self::Made(_)) { -1.0 } else { 1.0 }
    }

    fn of(scene: &Scene, geometry: &Geometry, material: &Material) -> Self {
        let Some(frame) = material::frame(material) else { return Self::None };
        let is_faceted = material.flat_shading || geometry.normal.is_none();
        if geometry.tangent.is_some() && !is_faceted && material::reads_tangents(material) {
            return Self::Given;
        }
        let texture = frame.and_then(|id| scene.texture(id));
        let channel = texture.map_or(0, |texture| usize::from(texture.channel.min(3)));
        if geometry.uvs[channel].is_some() { Self::Made(frame) } else { Self::None }
    }
}

impl Mode {
    const fn number(self) -> u32 {
        match self {
            Self::Wireframe | Self::BrokenStrip => 1,
            _ => self as u32,
        }
    }

    /// Elements that belong together.
    const fn step(self) -> usize {
        match self {
            Self::Triangles | Self::Wireframe => 3,
            Self::Lines => 2,
            _ => 1,
        }
    }
}

/// Whether anything of it would be in the file.
pub(super) fn is_drawn(scene: &Scene, drawable: &Drawable) -> bool {
    let geometry = scene.geometry(drawable.geometry);
    geometry.is_some_and(|geometry| {
        drawable.parts(geometry).iter().any(|part| Wanted::of(scene, drawable, part).is_some())
    })
}

/// The index of the mesh, `None` if nothing is drawn. `tint` multiplies the colours of its materials.
pub(super) fn add(
    builder: &mut Builder<'_>,
    drawable: &Drawable,
    tint: Option<[f32; 3]>,
) -> Option<usize> {
    let scene = builder.scene;
    let geometry = scene.geometry(drawable.geometry)?;
    let tint =
        tint.map(|tint| tint.map(f32::to_bits)).filter(|tint| *tint != [1.0_f32.to_bits(); 3]);
    let parts = drawable.parts(geometry);
    let wanted: Vec<_> = parts
        .iter()
        .filter_map(|part| Wanted::of(scene, drawable, part))
        .map(|wanted| Wanted { tint, ..wanted })
        .collect();
    let key = format!("{wanted:?}");
    if let Some(mesh) = builder.caches.meshes.get(&key) {
        return *mesh;
    }
    let primitives: Vec<_> = wanted.into_iter().filter_map(|wanted| wanted.add(builder)).collect();
    let index = (!primitives.is_empty()).then(|| {
        let mut mesh = json!({ "primitives": primitives });
        if !geometry.name.is_empty() {
            mesh["name"] = json!(geometry.name);
        }
        builder.meshes.push(mesh);
        builder.meshes.len() - 1
    });
    builder.caches.meshes.insert(key, index);
    index
}

/// A primitive before it is added.
#[derive(Debug)]
struct Wanted {
    geometry: GeometryId,
    material: MaterialId,
    tint: Option<[u32; 3]>,
    range: Range<usize>,
    mode: Mode,
    is_back: bool,
    has_normals: bool,
    has_colors: bool,
    tangents: Tangents,
}

impl Wanted {
    fn of(scene: &Scene, drawable: &Drawable, part: &Part) -> Option<Self> {
        let geometry = scene.geometry(drawable.geometry)?;
        let material = scene.material(part.material)?;
        let mode = match drawable.primitive {
            Primitive::Points => Mode::Points,
            Primitive::LineSegments => Mode::Lines,
            Primitive::Line => Mode::LineStrip,
            Primitive::Mesh | Primitive::InstancedMesh(_) if material.wireframe => Mode::Wireframe,
            Primitive::Mesh | Primitive::InstancedMesh(_) => Mode::Triangles,
        };
        let Range { start, end } = part.range;
        let count = (end - start) / mode.step() * mode.step();
        let is_surface = mode == Mode::Triangles;
        let is_lit = material.standard().is_some() && is_surface;
        let wanted = Self {
            geometry: drawable.geometry,
            material: part.material,
            tint: None,
            range: start..start + count,
            mode,
            is_back: is_surface && material.side == Side::Back,
            has_normals: is_lit && !material.flat_shading && geometry.normal.is_some(),
            has_colors: material.vertex_colors,
            tangents: if is_lit { Tangents::of(scene, geometry, material) } else { Tangents::None },
        };
        let is_enough = count > usize::from(mode == Mode::LineStrip);
        let is_hidden = !material.visible || !material.color_write;
        (is_enough && !is_hidden && wanted.is_drawable(scene, geometry, material)).then_some(wanted)
    }

    /// Whether no attribute that is read comes from a 32-bit integer array.
    fn is_drawable(&self, scene: &Scene, geometry: &Geometry, material: &Material) -> bool {
        let is_good = |attribute: &Option<Attribute>| {
            attribute.as_ref().is_none_or(|found| !found.undrawable)
        };
        is_good(&geometry.position)
            && (!self.has_normals || is_good(&geometry.normal))
            && (!self.has_colors || is_good(&geometry.color))
            && (self.tangents != Tangents::Given || is_good(&geometry.tangent))
            && material::channels(scene, material).all(|channel| is_good(&geometry.uvs[channel]))
    }

    fn add(mut self, builder: &mut Builder<'_>) -> Option<Value> {
        if matches!(self.tangents, Tangents::Made(_)) && !self.has_normals {
            self.make_faceted(builder)?;
        }
        self.mend_gaps(builder)?;
        let geometry = builder.geometry(self.geometry)?;
        let has_uv = geometry.uvs[0].is_some();
        let indices = match self.is_plain(geometry) {
            true => None,
            false => Some(self.indices(builder)?),
        };
        let position = self.attribute(builder, "POSITION")?;
        let mut attributes = json!({ "POSITION": position });
        if self.has_normals {
            attributes["NORMAL"] = json!(self.attribute(builder, "NORMAL")?);
        }
        if self.tangents != Tangents::None {
            attributes["TANGENT"] = json!(self.attribute(builder, "TANGENT")?);
        }
        if self.has_colors {
            attributes["COLOR_0"] = json!(self.attribute(builder, "COLOR_0")?);
        }
        let Self { material, tangents, tint, .. } = self;
        let Made { index, sets } =
            material::add(builder, Look { material, tangents, tint, has_uv });
        for name in ["TEXCOORD_0", "TEXCOORD_1", "TEXCOORD_2", "TEXCOORD_3"].iter().take(sets) {
            attributes[*name] = json!(self.attribute(builder, name)?);
        }
        let mut primitive =
            json!({ "attributes": attributes, "material": index, "mode": self.mode.number() });
        if let Some(indices) = indices {
            primitive["indices"] = json!(indices);
        }
        Some(primitive)
    }

    /// Gives every triangle corners and a normal of its own.
    fn make_faceted(&mut self, builder: &mut Builder<'_>) -> Option<()> {
        let Range { start, end } = self.range;
        let key = (self.geometry, start, end);
        let found = builder.caches.faceted.get(&key).copied();
        let geometry = match found {
            Some(geometry) => geometry,
            None => {
                // Position, normal, colour and four texture coordinates of every corner.
                if !builder.has_room((end - start) * 72) {
                    return None;
                }
                let faceted = tangent::faceted(builder.geometry(self.geometry)?, start, end);
                let geometry = builder.add_geometry(faceted);
                builder.caches.faceted.insert(key, geometry);
                geometry
            }
        };
        (self.geometry, self.range, self.has_normals) = (geometry, 0..end - start, true);
        Some(())
    }

    /// A strip with a vertex that is nowhere becomes lines. `None` if nothing is left to draw.
    fn mend_gaps(&mut self, builder: &Builder<'_>) -> Option<()> {
        let geometry = builder.geometry(self.geometry)?;
        let has_gaps =
            self.range.clone().any(|element| !is_somewhere(geometry, geometry.vertex(element)));
        if !has_gaps {
            return Some(());
        }
        if self.mode == Mode::LineStrip {
            self.mode = Mode::BrokenStrip;
        }
        (!self.elements(geometry).is_empty()).then_some(())
    }

    /// Vertices are drawn as they come.
    fn is_plain(&self, geometry: &Geometry) -> bool {
        let count = geometry.vertex_count();
        geometry.index.is_none()
            && !self.is_back
            && !matches!(self.mode, Mode::Wireframe | Mode::BrokenStrip)
            && self.range == (0..count)
            && (0..count).all(|vertex| is_somewhere(geometry, vertex))
    }

    /// The vertices to join, without those that are nowhere and what hangs on them.
    fn elements(&self, geometry: &Geometry) -> Vec<u32> {
        let vertices: Vec<u32> =
            self.range.clone().map(|element| geometry.vertex(element) as u32).collect();
        let is_whole = |vertices: &[u32]| {
            vertices.iter().all(|vertex| is_somewhere(geometry, *vertex as usize))
        };
        match self.mode {
            Mode::LineStrip => vertices,
            Mode::BrokenStrip => {
                vertices.windows(2).filter(|pair| is_whole(pair)).flatten().copied().collect()
            }
            mode => vertices
                .chunks_exact(mode.step())
                .filter(|some| is_whole(some))
                .flatten()
                .copied()
                .collect(),
        }
    }

    fn indices(&self, builder: &mut Builder<'_>) -> Option<usize> {
        let Range { start, end } = self.range;
        let key = (self.geometry, start, end, self.mode, self.is_back);
        if let Some(accessor) = builder.caches.indices.get(&key) {
            return Some(*accessor);
        }
        // Two for every one where triangles or strips become lines.
        if !builder.has_room((end - start) * 8) {
            return None;
        }
        let mut indices = self.elements(builder.geometry(self.geometry)?);
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

    fn attribute(&self, builder: &mut Builder<'_>, name: &'static str) -> Option<usize> {
        let is_turned = self.is_back && matches!(name, "NORMAL" | "TANGENT");
        let tangents = if name == "TANGENT" { self.tangents } else { Tangents::None };
        let key = (self.geometry, name, is_turned, tangents);
        if let Some(accessor) = builder.caches.attributes.get(&key) {
            return Some(*accessor);
        }
        let geometry = builder.geometry(self.geometry)?;
        let vertex_count = geometry.vertex_count();
        let made;
        let attribute = match (name, tangents) {
            ("TANGENT", Tangents::Made(texture)) => {
                let texture = texture.and_then(|id| builder.scene.texture(id));
                made = tangent::made(geometry, texture);
                Some(&made)
            }
            ("TANGENT", _) => geometry.tangent.as_ref(),
            ("POSITION", _) => geometry.position.as_ref(),
            ("NORMAL", _) => geometry.normal.as_ref(),
            ("COLOR_0", _) => geometry.color.as_ref(),
            ("TEXCOORD_0", _) => geometry.uvs[0].as_ref(),
            ("TEXCOORD_1", _) => geometry.uvs[1].as_ref(),
            ("TEXCOORD_2", _) => geometry.uvs[2].as_ref(),
            _ => geometry.uvs[3].as_ref(),
        };
        let kind = match name {
            "POSITION" | "NORMAL" => Kind::Vec3,
            "TANGENT" => Kind::Vec4,
            "COLOR_0" if attribute.is_some_and(|found| found.item_size == 4) => Kind::Vec4,
            "COLOR_0" => Kind::Vec3,
            _ => Kind::Vec2,
        };
        let values = attribute.map(|attribute| {
            let mut values = Vec::with_capacity(vertex_count * kind.size());
            for vertex in 0..vertex_count {
                let value = clean(name, attribute.get(vertex), is_turned);
                values.extend_from_slice(&value[..kind.size()]);
            }
            values
        });
        let accessor = match values {
            None => builder.zeros(kind, vertex_count),
            Some(values) if !builder.has_room(4 * values.len()) => return None,
            Some(values) if name == "POSITION" => builder.positions(&values),
            Some(values) => builder.floats(kind, &values, true),
        };
        if name == "COLOR_0" && self.has_bright_colors(builder) {
            builder.losses.add("vertex colours out of 0 to 1", Owner::Material(self.material));
        }
        builder.caches.attributes.insert(key, accessor);
        Some(accessor)
    }

    fn has_bright_colors(&self, builder: &Builder<'_>) -> bool {
        let colors = builder.geometry(self.geometry).and_then(|geometry| geometry.color.as_ref());
        colors.is_some_and(|colors| colors.values.iter().any(|value| !(0.0..=1.0).contains(value)))
    }
}

/// Whether a vertex has a place. Three.js draws nothing that hangs on one without.
fn is_somewhere(geometry: &Geometry, vertex: usize) -> bool {
    geometry
        .position
        .as_ref()
        .is_some_and(|position| position.get(vertex)[..3].iter().all(|value| value.is_finite()))
}

/// A value that glTF takes: finite, directions of length 1, colours of 0 to 1.
fn clean(name: &str, value: [f32; 4], is_turned: bool) -> [f32; 4] {
    let [x, y, z, w] = value.map(finite);
    let sign = if is_turned { -1.0 } else { 1.0 };
    let direction = |value: [f32; 3], or| unit(value.map(f64::from), or).map(|part| part as f32);
    match name {
        "NORMAL" => {
            let [x, y, z] = direction([x * sign, y * sign, z * sign], [0.0, 0.0, 1.0]);
            [x, y, z, 0.0]
        }
        "TANGENT" => {
            let [x, y, z] = direction([x, y, z], [1.0, 0.0, 0.0]);
            [x, y, z, if w * sign < 0.0 { -1.0 } else { 1.0 }]
        }
        "COLOR_0" => [x, y, z, w].map(|channel| channel.clamp(0.0, 1.0)),
        _ => [x, y, z, w],
    }
}

/// A direction of length 1; `or` where there is none. One that is as good as 32 bits allow stays as it is.
pub(super) fn unit(value: [f64; 3], or: [f64; 3]) -> [f64; 3] {
    let value = value.map(|part| if part.is_finite() { part } else { 0.0 });
    let length = value.iter().map(|part| part * part).sum::<f64>().sqrt();
    const NEAR: f64 = 2e-7;
    if (length - 1.0).abs() <= NEAR {
        value
    } else if length > 0.0 {
        value.map(|part| part / length)
    } else {
        or
    }
}
