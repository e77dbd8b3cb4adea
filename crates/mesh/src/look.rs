//! A mesh as a scene that is drawn and written.

use asset::scene::{
    Attribute, Basic, ColorSpace, Drawable, Format, Geometry, GeometryId, Level, MagFilter,
    Material, MaterialId, MaterialKind, Materials, MinFilter, Node, NodeId, Primitive, Scene,
    Standard, Texels, Texture, TextureId,
};

use crate::Mesh;

/// How a mesh meets light.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Look {
    /// Metallic-roughness shading; the texture is the base colour.
    Lit {
        /// 0 (mirror) to 1 (chalk).
        roughness: f32,
        /// 0 or 1.
        metalness: f32,
    },
    /// The texture as it is, without tone mapping: right for colours with light in them already.
    Unlit,
}

impl Default for Look {
    fn default() -> Self {
        Self::Lit { roughness: 0.9, metalness: 0.0 }
    }
}

/// A square base-colour texture: sRGB RGBA bytes, opaque, linear filters with mip-maps, clamped at the edges.
/// `rgb` is `[row, column]` flat.
#[must_use]
pub fn base_colour(side_px: u32, rgb: &[[u8; 3]]) -> Texture {
    let texels = rgb.iter().flat_map(|&[r, g, b]| [r, g, b, 255]).collect();
    Texture {
        name: "base colour".to_owned(),
        levels: vec![Level { width: side_px, height: side_px, texels: Texels::U8(texels) }],
        format: Format::Rgba,
        color_space: ColorSpace::Srgb,
        mag_filter: MagFilter::Linear,
        min_filter: MinFilter::LinearMipmapLinear,
        generate_mipmaps: true,
        ..Texture::default()
    }
}

impl Mesh {
    /// A scene of this mesh alone: a root, and below it one node with one material. The texture needs `uvs`. Front faces
    /// only: a closed mesh needs no others.
    #[must_use]
    pub fn to_scene(&self, name: &str, texture: Option<Texture>, look: Look) -> Scene {
        let kind = match look {
            Look::Lit { roughness, metalness } => MaterialKind::Standard(Box::new(Standard {
                roughness,
                metalness,
                ..Standard::default()
            })),
            Look::Unlit => MaterialKind::Basic(Box::<Basic>::default()),
        };
        let mut material = Material::new(kind);
        material.name = name.to_owned();
        material.tone_mapped = look != Look::Unlit;
        let textures: Vec<Texture> = texture.into_iter().collect();
        material.map = (!textures.is_empty() && !self.uvs.is_empty()).then_some(TextureId(0));
        fn attribute<const N: usize>(values: &[[f32; N]]) -> Option<Attribute> {
            let filled = !values.is_empty();
            filled.then(|| Attribute::new(N as u8, values.as_flattened().to_vec()))
        }
        let geometry = Geometry {
            name: name.to_owned(),
            position: Some(Attribute::new(3, self.positions.as_flattened().to_vec())),
            normal: attribute(&self.normals),
            uvs: [attribute(&self.uvs), None, None, None],
            index: Some(self.triangles.as_flattened().to_vec()),
            ..Geometry::default()
        };
        let drawn = Drawable {
            primitive: Primitive::Mesh,
            geometry: GeometryId(0),
            materials: Materials::Single(MaterialId(0)),
        };
        let node = Node {
            parent: Some(NodeId(0)),
            object_id: 1,
            name: name.to_owned(),
            drawable: Some(drawn),
            ..Node::default()
        };
        Scene {
            nodes: vec![Node::default(), node],
            geometries: vec![geometry],
            materials: vec![material],
            textures,
        }
    }
}
