//! What the mesh competition drew: one mesh of triangles and one material. Source: rendering specification §C.1, §C.2.

use asset::rules::COORDINATE_MAX;

use super::{Texture, normals};

/// How a surface looks. The default is that of a primitive without material and vertex colours.
#[derive(Debug, Clone, PartialEq)]
pub struct Material {
    /// Linear red, green, blue, and alpha. The original holds it in bytes: see [`Material::quantised`].
    pub base: [f32; 4],
    /// 0 to 1.
    pub metallic: f32,
    /// 0 to 1.
    pub roughness: f32,
    /// As in the file; it is squared where it is used, as in the original.
    pub emissive: [f32; 3],
    /// sRGB, straight alpha; times `base`.
    pub base_texture: Option<Texture>,
    /// Green is roughness, blue is metallic.
    pub metallic_roughness_texture: Option<Texture>,
    /// Tangent space, green up.
    pub normal_texture: Option<Texture>,
    /// Red takes light away, that of the lamp too.
    pub occlusion_texture: Option<Texture>,
    /// sRGB; times `emissive` squared.
    pub emissive_texture: Option<Texture>,
}

impl Default for Material {
    fn default() -> Self {
        Self {
            base: [0.3, 0.3, 0.3, 1.0],
            metallic: 0.2,
            roughness: 0.8,
            emissive: [0.0; 3],
            base_texture: None,
            metallic_roughness_texture: None,
            normal_texture: None,
            occlusion_texture: None,
            emissive_texture: None,
        }
    }
}

impl Material {
    /// A base colour as the original holds it: the nearest of 256 steps.
    #[must_use]
    pub fn quantised(base: [f32; 4]) -> [f32; 4] {
        base.map(|c| (c.max(0.0).min(1.0) * 255.0).round_ties_even() / 255.0)
    }

    fn textures(&self) -> [&Option<Texture>; 5] {
        [
            &self.base_texture,
            &self.metallic_roughness_texture,
            &self.normal_texture,
            &self.occlusion_texture,
            &self.emissive_texture,
        ]
    }
}

/// Why there is no such model.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// Its index is past the end.
    #[error("triangle {triangle_idx}: vertex {vertex_idx} of {vertex_count}")]
    Index {
        /// The first such triangle.
        triangle_idx: usize,
        /// What it names.
        vertex_idx: u32,
        /// How many there are.
        vertex_count: usize,
    },
    /// One value per vertex is needed.
    #[error("{found} {what} for {vertex_count} vertices")]
    Count {
        /// Which attribute.
        what: &'static str,
        /// How many it has.
        found: usize,
        /// How many are needed.
        vertex_count: usize,
    },
    /// Farther out than ±[`COORDINATE_MAX`] along an axis. The text is that of the original service.
    #[error("Model exceeds unit cube size constraint")]
    TooLarge,
    /// Textures need texture coordinates.
    #[error("the material has textures, and the primitive no TEXCOORD_0")]
    NoTexcoords,
}

/// A mesh that can be drawn: indices are within, every attribute has a value per vertex, and it fits the box.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub(super) positions: Vec<[f32; 3]>,
    /// Unit vectors, or zero where there is no direction.
    pub(super) normals: Vec<[f32; 3]>,
    pub(super) uvs: Option<Vec<[f32; 2]>>,
    pub(super) colours: Option<Vec<[u8; 4]>>,
    pub(super) triangles: Vec<[u32; 3]>,
    pub(super) material: Material,
    /// Nothing shines through anywhere.
    pub(super) is_opaque: bool,
}

/// The parts of a [`Model`], not yet checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelParts {
    /// Metres. What is not finite is not drawn.
    pub positions: Vec<[f32; 3]>,
    /// `None`: means of the faces around each vertex, weighted by their angles there.
    pub normals: Option<Vec<[f32; 3]>>,
    /// (0, 0) is the upper left corner of a texture, as in glTF.
    pub uvs: Option<Vec<[f32; 2]>>,
    /// Light, not sRGB: 255 is 1.
    pub colours: Option<Vec<[u8; 4]>>,
    /// Vertex indices, counter-clockwise as seen from the front. Drawn in this order.
    pub triangles: Vec<[u32; 3]>,
    /// How it looks.
    pub material: Material,
}

impl Model {
    /// Checks the parts, and makes normals where there are none.
    ///
    /// # Errors
    /// [`ModelError`] says what does not hold.
    pub fn new(parts: ModelParts) -> Result<Self, ModelError> {
        let ModelParts { positions, normals, uvs, colours, triangles, material } = parts;
        let vertex_count = positions.len();
        let counts = [
            ("normals", normals.as_ref().map(Vec::len)),
            ("texture coordinates", uvs.as_ref().map(Vec::len)),
            ("vertex colours", colours.as_ref().map(Vec::len)),
        ];
        for (what, found) in counts {
            if let Some(found) = found.filter(|found| *found != vertex_count) {
                return Err(ModelError::Count { what, found, vertex_count });
            }
        }
        for (triangle_idx, triangle) in triangles.iter().enumerate() {
            if let Some(&vertex_idx) = triangle.iter().find(|v| **v as usize >= vertex_count) {
                return Err(ModelError::Index { triangle_idx, vertex_idx, vertex_count });
            }
        }
        let is_outside = |c: &f32| f64::from(*c).abs() > COORDINATE_MAX;
        if positions.iter().flatten().any(is_outside) {
            return Err(ModelError::TooLarge);
        }
        if uvs.is_none() && material.textures().iter().any(|texture| texture.is_some()) {
            return Err(ModelError::NoTexcoords);
        }
        let normals = match normals {
            Some(normals) => normals.into_iter().map(normals::unit).collect(),
            None => normals::of_vertices(&positions, &triangles),
        };
        let has_clear_texels = material.base_texture.as_ref().is_some_and(|t| !t.is_opaque());
        let has_clear_vertices = colours.iter().flatten().any(|colour| colour[3] != 255);
        let is_opaque = material.base[3] >= 1.0 && !has_clear_texels && !has_clear_vertices;
        Ok(Self { positions, normals, uvs, colours, triangles, material, is_opaque })
    }
}
