//! The lists of a glTF file while it is written: accessors, views, the binary chunk, and what was added already.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::losses::Losses;
use super::material::{Look, Made};
use super::{BYTES_MAX, GlbError, PIXELS_FREE, mesh, texture};
use crate::scene::{Geometry, GeometryId, Scene};

/// Type of an accessor of floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Vec2,
    Vec3,
    Vec4,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Vec2 => "VEC2",
            Self::Vec3 => "VEC3",
            Self::Vec4 => "VEC4",
        }
    }

    pub(super) const fn size(self) -> usize {
        match self {
            Self::Vec2 => 2,
            Self::Vec3 => 3,
            Self::Vec4 => 4,
        }
    }
}

pub(super) struct Builder<'a> {
    pub(super) scene: &'a Scene,
    pub(super) nodes: Vec<Value>,
    pub(super) meshes: Vec<Value>,
    pub(super) materials: Vec<Value>,
    pub(super) textures: Vec<Value>,
    pub(super) images: Vec<Value>,
    pub(super) samplers: Vec<Value>,
    pub(super) caches: Caches,
    pub(super) losses: Losses,
    /// Nodes without a parent.
    pub(super) roots: Vec<usize>,
    /// Geometries made here, numbered after those of the scene.
    made: Vec<Geometry>,
    /// The first limit that was passed. From then on nothing large is added.
    error: Option<GlbError>,
    pixel_count: usize,
    pixels_max: usize,
    accessors: Vec<Value>,
    views: Vec<Value>,
    binary: Vec<u8>,
    used: BTreeSet<&'static str>,
    required: BTreeSet<&'static str>,
}

/// What was added already, by what it was made from.
#[derive(Default)]
pub(super) struct Caches {
    pub(super) meshes: BTreeMap<String, Option<usize>>,
    pub(super) materials: BTreeMap<Look, Made>,
    pub(super) faceted: BTreeMap<(GeometryId, usize, usize), GeometryId>,
    pub(super) attributes: BTreeMap<mesh::AttributeKey, usize>,
    pub(super) indices: BTreeMap<mesh::IndexKey, usize>,
    pub(super) images: BTreeMap<texture::Source, usize>,
    pub(super) textures: BTreeMap<(usize, usize), usize>,
}

/// Zero for what is not finite, which no file may hold.
pub(super) const fn finite(value: f32) -> f32 {
    if value.is_finite() { value } else { 0.0 }
}

/// A picture may be written twice, in two encodings; small ones of a scene may be as large as two of them together ask for.
fn pixels_max(scene: &Scene) -> usize {
    let levels = scene.textures.iter().filter_map(|texture| texture.base());
    let pixels = levels.map(|level| level.width as usize * level.height as usize).sum::<usize>();
    PIXELS_FREE.max(2 * pixels)
}

impl<'a> Builder<'a> {
    pub(super) fn new(scene: &'a Scene) -> Self {
        Self {
            scene,
            nodes: Vec::new(),
            meshes: Vec::new(),
            materials: Vec::new(),
            textures: Vec::new(),
            images: Vec::new(),
            samplers: Vec::new(),
            caches: Caches::default(),
            losses: Losses::default(),
            roots: Vec::new(),
            made: Vec::new(),
            error: None,
            pixel_count: 0,
            pixels_max: pixels_max(scene),
            accessors: Vec::new(),
            views: Vec::new(),
            binary: Vec::new(),
            used: BTreeSet::new(),
            required: BTreeSet::new(),
        }
    }

    pub(super) fn adopt(&mut self, parent: usize, child: usize) {
        let parent = &mut self.nodes[parent];
        match parent.get_mut("children").and_then(Value::as_array_mut) {
            Some(children) => children.push(json!(child)),
            None => parent["children"] = json!([child]),
        }
    }

    /// One of the scene's, or one made here.
    pub(super) fn geometry(&self, id: GeometryId) -> Option<&Geometry> {
        let scene = self.scene;
        scene.geometry(id).or_else(|| self.made.get(id.idx().checked_sub(scene.geometries.len())?))
    }

    pub(super) fn add_geometry(&mut self, geometry: Geometry) -> GeometryId {
        self.made.push(geometry);
        GeometryId((self.scene.geometries.len() + self.made.len() - 1) as u32)
    }

    /// Whether so many more bytes may be held; if not, the file will not be written.
    pub(super) fn has_room(&mut self, bytes: usize) -> bool {
        let found = self.binary.len().saturating_add(bytes);
        if found > BYTES_MAX && self.error.is_none() {
            self.error = Some(GlbError::TooLong { found });
        }
        self.error.is_none()
    }

    /// Whether so many more pixels may be encoded; if not, the file will not be written.
    pub(super) fn has_room_for_pixels(&mut self, count: usize) -> bool {
        self.pixel_count = self.pixel_count.saturating_add(count);
        if self.pixel_count > self.pixels_max && self.error.is_none() {
            let (found, max) = (self.pixel_count, self.pixels_max);
            self.error = Some(GlbError::TooManyPixels { found, max });
        }
        self.error.is_none()
    }

    pub(super) fn use_extension(&mut self, name: &'static str) {
        self.used.insert(name);
    }

    pub(super) fn require(&mut self, name: &'static str) {
        self.used.insert(name);
        self.required.insert(name);
    }

    /// A view of new bytes. `target`: what a graphics card takes them as, 0 for nothing.
    pub(super) fn view(&mut self, bytes: &[u8], target: u32) -> usize {
        let offset = self.binary.len();
        self.binary.extend(bytes);
        self.binary.resize(self.binary.len().next_multiple_of(4), 0);
        let mut view = json!({ "buffer": 0, "byteOffset": offset, "byteLength": bytes.len() });
        if target != 0 {
            view["target"] = json!(target);
        }
        self.views.push(view);
        self.views.len() - 1
    }

    /// An accessor of floats, all finite; not empty.
    pub(super) fn floats(&mut self, kind: Kind, values: &[f32], is_vertex: bool) -> usize {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let view = self.view(&bytes, if is_vertex { 34962 } else { 0 });
        let count = values.len() / kind.size();
        self.accessor(json!({ "bufferView": view, "componentType": 5126, "count": count, "type": kind.name() }))
    }

    /// The same, with the lowest and highest value of each component.
    pub(super) fn positions(&mut self, values: &[f32]) -> usize {
        let (mut min, mut max) = ([f32::INFINITY; 3], [f32::NEG_INFINITY; 3]);
        for vertex in values.as_chunks::<3>().0 {
            for axis in 0..3 {
                min[axis] = min[axis].min(vertex[axis]);
                max[axis] = max[axis].max(vertex[axis]);
            }
        }
        let accessor = self.floats(Kind::Vec3, values, true);
        self.accessors[accessor]["min"] = json!(min);
        self.accessors[accessor]["max"] = json!(max);
        accessor
    }

    /// An accessor of zeros, which takes no bytes.
    pub(super) fn zeros(&mut self, kind: Kind, count: usize) -> usize {
        self.accessor(json!({ "componentType": 5126, "count": count, "type": kind.name() }))
    }

    /// Indices, in 16 bits where that is enough.
    pub(super) fn indices(&mut self, indices: &[u32]) -> usize {
        let is_short = indices.iter().all(|index| *index < 0xffff);
        let (kind, bytes): (u32, Vec<u8>) = if is_short {
            (5123, indices.iter().flat_map(|index| (*index as u16).to_le_bytes()).collect())
        } else {
            (5125, indices.iter().flat_map(|index| index.to_le_bytes()).collect())
        };
        let view = self.view(&bytes, 34963);
        self.accessor(json!({ "bufferView": view, "componentType": kind, "count": indices.len(), "type": "SCALAR" }))
    }

    fn accessor(&mut self, accessor: Value) -> usize {
        self.accessors.push(accessor);
        self.accessors.len() - 1
    }

    /// The JSON and the binary chunk.
    pub(super) fn finish(self) -> Result<(Value, Vec<u8>), GlbError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let mut json = json!({
            "asset": { "version": "2.0", "generator": "Crucible" },
            "scene": 0,
            "scenes": [{ "nodes": self.roots }],
        });
        let mut put = |name: &str, list: Vec<Value>| {
            if !list.is_empty() {
                json[name] = Value::Array(list);
            }
        };
        put("nodes", self.nodes);
        put("meshes", self.meshes);
        put("materials", self.materials);
        put("textures", self.textures);
        put("images", self.images);
        put("samplers", self.samplers);
        put("accessors", self.accessors);
        put("bufferViews", self.views);
        put("extensionsUsed", self.used.into_iter().map(Value::from).collect());
        put("extensionsRequired", self.required.into_iter().map(Value::from).collect());
        if !self.binary.is_empty() {
            put("buffers", vec![json!({ "byteLength": self.binary.len() })]);
        }
        Ok((json, self.binary))
    }
}
