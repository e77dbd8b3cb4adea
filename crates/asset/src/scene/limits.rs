//! The most that a checked scene holds.
//!
//! [`FILE`] bounds what files bring, which people choose to open. [`HAND_OVER`] bounds what the sandbox hands out, and
//! is far above what a valid module can make (Three.js specification §2: 250,000 vertices, 200 draw calls, 50,000
//! instances, 4 MiB of textures), so that a verdict never comes from here first; its numbers are the constants below.

/// Limits on the items of a scene, and on what all of them hold together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Nodes, empty groups included.
    pub nodes: usize,
    /// Geometries.
    pub geometries: usize,
    /// Materials.
    pub materials: usize,
    /// Textures.
    pub textures: usize,
    /// Vertices of all geometries together.
    pub vertices: usize,
    /// Indices of all geometries together.
    pub indices: usize,
    /// Groups of all geometries together.
    pub groups: usize,
    /// Entries of all material arrays together.
    pub material_slots: usize,
    /// Instances of all nodes together.
    pub instances: usize,
    /// Width and height of a texture.
    pub texture_side: u32,
    /// Bytes of all textures together, mip levels included.
    pub texel_bytes: usize,
    /// UTF-8 bytes of a name.
    pub name_bytes: usize,
}

/// Scenes of files: dozens of 4096² pictures, some ten million vertices.
pub const FILE: Limits = Limits {
    nodes: 1 << 18,
    geometries: 1 << 16,
    materials: 1 << 16,
    textures: 1 << 16,
    vertices: 1 << 25,
    indices: 1 << 27,
    groups: 1 << 18,
    material_slots: 1 << 18,
    instances: 1 << 22,
    texture_side: 16384,
    texel_bytes: 2 << 30,
    name_bytes: NAME_BYTES_MAX,
};

/// Scenes that come out of the sandbox.
pub const HAND_OVER: Limits = Limits {
    nodes: NODES_MAX,
    geometries: GEOMETRIES_MAX,
    materials: MATERIALS_MAX,
    textures: TEXTURES_MAX,
    vertices: VERTICES_MAX,
    indices: INDICES_MAX,
    groups: GROUPS_MAX,
    material_slots: MATERIAL_SLOTS_MAX,
    instances: INSTANCES_MAX,
    texture_side: TEXTURE_SIDE_MAX,
    texel_bytes: TEXEL_BYTES_MAX,
    name_bytes: NAME_BYTES_MAX,
};

/// Nodes of a scene that is handed over, empty groups included.
pub const NODES_MAX: usize = 1 << 16;
/// Geometries of a scene that is handed over.
pub const GEOMETRIES_MAX: usize = 1 << 12;
/// Materials of a scene that is handed over.
pub const MATERIALS_MAX: usize = 1 << 14;
/// Textures of a scene that is handed over.
pub const TEXTURES_MAX: usize = 1 << 14;
/// Vertices of all geometries that are handed over together.
pub const VERTICES_MAX: usize = 1 << 22;
/// Indices of all geometries that are handed over together.
pub const INDICES_MAX: usize = 1 << 24;
/// Groups of all geometries that are handed over together.
pub const GROUPS_MAX: usize = 1 << 16;
/// Entries of all material arrays that are handed over together.
pub const MATERIAL_SLOTS_MAX: usize = 1 << 16;
/// Instances of all nodes that are handed over together.
pub const INSTANCES_MAX: usize = 1 << 20;
/// Width and height of a texture that is handed over: what the original's driver takes.
pub const TEXTURE_SIDE_MAX: u32 = 8192;
/// Bytes of all textures that are handed over together, mip levels included.
pub const TEXEL_BYTES_MAX: usize = 64 << 20;
/// UTF-8 bytes of a name, anywhere.
pub const NAME_BYTES_MAX: usize = 256;
