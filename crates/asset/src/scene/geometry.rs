//! Vertices, indices, groups. Facts: Three.js specification §13.2, rendering specification §D.6.

use std::ops::Range;

/// A `BufferGeometry`. Every attribute has as many vertices as `position`; [`Geometry::fit`] makes it so.
///
/// Morph targets are forbidden by the module contract and not held.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Geometry {
    /// For people and files; may be empty.
    pub name: String,
    /// Without it nothing is drawn.
    pub position: Option<Attribute>,
    /// Need not be unit vectors.
    pub normal: Option<Attribute>,
    /// `uv`, `uv1`, `uv2`, `uv3`: texture channels 0 to 3.
    pub uvs: [Option<Attribute>; 4],
    /// Linear; item size 4 has alpha.
    pub color: Option<Attribute>,
    /// Direction, and the sign of the bitangent.
    pub tangent: Option<Attribute>,
    /// Length along the line up to each vertex, for dashes.
    pub line_distance: Option<Attribute>,
    /// Every index is below [`Self::vertex_count`].
    pub index: Option<Vec<u32>>,
    /// Count only with a material array.
    pub groups: Vec<Group>,
    /// Of indices, or of vertices where there is no index.
    pub draw_range: Span,
    /// The geometry's own bounding sphere, where the module had it computed or wrote it (it may be stale). Otherwise
    /// whoever needs one computes it from `position`.
    pub bounding_sphere: Option<Sphere>,
}

/// Values per vertex: of interleaved buffers only the attribute's own, of normalised integers the mapped values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Attribute {
    /// Values per vertex, 1 to 4.
    pub item_size: u8,
    /// `[vertex, component]` flat.
    pub values: Vec<f32>,
    /// From a 32-bit integer array: a draw call whose program reads this attribute draws nothing.
    pub undrawable: bool,
}

/// A range with an open end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// First element.
    pub start: u32,
    /// `None` is infinity: up to the end.
    pub count: Option<u32>,
}

/// A part of a geometry that has its own material.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Group {
    /// Of indices, or of vertices where there is no index. May reach beyond the end.
    pub span: Span,
    /// Index of the material array. May be beyond its end: such a group is not drawn.
    pub material_idx: u32,
}

/// A bounding sphere. Radius −1 is an empty one.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sphere {
    /// In the space of the geometry.
    pub center: [f64; 3],
    /// In the same unit.
    pub radius: f64,
}

impl Attribute {
    /// An attribute that can be drawn. `item_size` is 1 to 4.
    #[must_use]
    pub const fn new(item_size: u8, values: Vec<f32>) -> Self {
        Self { item_size, values, undrawable: false }
    }

    /// Whole vertices.
    #[must_use]
    pub fn vertex_count(&self) -> usize {
        self.values.len().checked_div(self.item_size.into()).unwrap_or(0)
    }

    /// What a shader reads: missing components, and all of a missing vertex, are (0, 0, 0, 1).
    #[must_use]
    pub fn get(&self, vertex: usize) -> [f32; 4] {
        let mut value = [0.0, 0.0, 0.0, 1.0];
        let size = usize::from(self.item_size).min(4);
        let start = vertex.saturating_mul(size);
        if let Some(found) = self.values.get(start..start.saturating_add(size)) {
            value[..size].copy_from_slice(found);
        }
        value
    }
}

impl Span {
    /// From the first element to the last one.
    pub const ALL: Self = Self { start: 0, count: None };

    /// The elements of `len` that are inside.
    fn within(self, len: usize) -> Range<usize> {
        let start = (self.start as usize).min(len);
        let end = self
            .count
            .map_or(len, |count| (self.start as usize).saturating_add(count as usize).min(len));
        start..end
    }
}

impl Geometry {
    /// Vertices of `position`.
    #[must_use]
    pub fn vertex_count(&self) -> usize {
        self.position.as_ref().map_or(0, Attribute::vertex_count)
    }

    /// Indices, or vertices where there is no index.
    #[must_use]
    pub fn element_count(&self) -> usize {
        self.index.as_ref().map_or_else(|| self.vertex_count(), Vec::len)
    }

    /// The elements that are drawn, of `group` or of the whole: cut by the draw range and by what there is.
    #[must_use]
    pub fn drawn(&self, group: Option<Span>) -> Range<usize> {
        let len = self.element_count();
        let drawn = self.draw_range.within(len);
        let group = group.unwrap_or(Span::ALL).within(len);
        let start = drawn.start.max(group.start);
        start..drawn.end.min(group.end).max(start)
    }

    /// The vertex of an element.
    #[must_use]
    pub fn vertex(&self, element: usize) -> usize {
        self.index.as_ref().map_or(element, |index| {
            index.get(element).map_or(usize::MAX, |vertex| *vertex as usize)
        })
    }

    /// Every attribute there is, with the name it has in Three.js.
    pub fn attributes(&self) -> impl Iterator<Item = (&'static str, &Attribute)> {
        let [uv, uv1, uv2, uv3] = &self.uvs;
        let named = [
            ("position", &self.position),
            ("normal", &self.normal),
            ("uv", uv),
            ("uv1", uv1),
            ("uv2", uv2),
            ("uv3", uv3),
            ("color", &self.color),
            ("tangent", &self.tangent),
            ("lineDistance", &self.line_distance),
        ];
        named.into_iter().filter_map(|(name, attribute)| Some((name, attribute.as_ref()?)))
    }

    /// Makes lengths agree as a graphics driver with bounds checks would see them: attributes that are too short go on
    /// with zeros, and indices beyond the last vertex mean a vertex of zeros, which is added.
    pub fn fit(&mut self) {
        if let Some(position) = &mut self.position {
            position.values.truncate(position.vertex_count() * usize::from(position.item_size));
        }
        let vertex_count = self.vertex_count();
        let beyond = u32::try_from(vertex_count).unwrap_or(u32::MAX);
        let mut wanted = vertex_count;
        for vertex in self.index.iter_mut().flatten().filter(|vertex| **vertex >= beyond) {
            *vertex = beyond;
            wanted = vertex_count + 1;
        }
        if self.position.is_none() {
            // Nothing can be drawn.
            (self.index, wanted) = (None, 0);
        }
        let others =
            self.uvs.iter_mut().chain([&mut self.normal, &mut self.color, &mut self.tangent]);
        for attribute in others.chain([&mut self.position, &mut self.line_distance]).flatten() {
            attribute.values.resize(wanted * usize::from(attribute.item_size), 0.0);
        }
    }
}
