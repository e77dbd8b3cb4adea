//! A scene of meshes: what the sandbox hands out, what the renderer draws, what glTF files are written from.
//! Facts: Three.js specification §13, rendering specification part D (Three.js r183 semantics).
//!
//! A [`Scene`] is plain data, open for whoever builds it. [`Scene::check`] tells whether it holds together: every id
//! and index exists, lengths agree, and nothing passes a limit of [`limits`]. Drawing or writing a checked scene cannot
//! go out of bounds. Numbers may still be anything a module can make, NaN and infinity included.
//!
//! Colours are linear, with the primaries of sRGB. Matrices are column-major, as in Three.js.

pub mod flat;
pub mod limits;
pub mod wire;

pub(crate) mod baked;
mod check;
mod drawable;
mod geometry;
mod material;
mod node;
mod numbered;
mod texture;

pub use check::SceneError;
pub use drawable::{Drawable, Instances, Materials, Part, Primitive};
pub use geometry::{Attribute, Geometry, Group, Span, Sphere};
pub use material::{
    Basic, BlendFactors, Blending, Combine, Dashes, DepthFunc, Material, MaterialKind,
    NormalMapType, Physical, PointSize, PolygonOffset, Side, Standard,
};
pub use node::{IDENTITY, Node};
pub use texture::{
    ColorSpace, Format, Level, MagFilter, Mapping, MinFilter, Texels, Texture, Wrap,
};

/// A hierarchy of nodes and what they share.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scene {
    /// In the order of a depth-first walk: the root first, parents before children.
    pub nodes: Vec<Node>,
    /// Shared by drawables.
    pub geometries: Vec<Geometry>,
    /// Shared by drawables.
    pub materials: Vec<Material>,
    /// Shared by materials.
    pub textures: Vec<Texture>,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $id:ident, $list:ident, $item:ty, $get:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $id(pub u32);

            impl $id {
                /// The id as an index of its list.
                #[must_use]
                pub const fn idx(self) -> usize {
                    self.0 as usize
                }
            }
        )*

        impl Scene {
            $(
                /// `None` if there is no such item, which [`Self::check`] refuses.
                #[must_use]
                pub fn $get(&self, id: $id) -> Option<&$item> {
                    self.$list.get(id.idx())
                }
            )*
        }
    };
}

ids! {
    /// Index of [`Scene::nodes`].
    NodeId, nodes, Node, node;
    /// Index of [`Scene::geometries`].
    GeometryId, geometries, Geometry, geometry;
    /// Index of [`Scene::materials`].
    MaterialId, materials, Material, material;
    /// Index of [`Scene::textures`].
    TextureId, textures, Texture, texture;
}
