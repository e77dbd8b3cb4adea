//! The most that a checked scene holds. Far above what a valid module can make (Three.js specification §2: 250,000
//! vertices, 200 draw calls, 50,000 instances, 4 MiB of textures), so that a verdict never comes from here first.

/// Nodes of a scene, empty groups included.
pub const NODES_MAX: usize = 1 << 16;
/// Geometries of a scene.
pub const GEOMETRIES_MAX: usize = 1 << 12;
/// Materials of a scene.
pub const MATERIALS_MAX: usize = 1 << 14;
/// Textures of a scene.
pub const TEXTURES_MAX: usize = 1 << 14;
/// Vertices of all geometries together.
pub const VERTICES_MAX: usize = 1 << 22;
/// Indices of all geometries together.
pub const INDICES_MAX: usize = 1 << 24;
/// Groups of all geometries together.
pub const GROUPS_MAX: usize = 1 << 16;
/// Entries of all material arrays together.
pub const MATERIAL_SLOTS_MAX: usize = 1 << 16;
/// Instances of all nodes together.
pub const INSTANCES_MAX: usize = 1 << 20;
/// Width and height of a texture: what the original's driver takes.
pub const TEXTURE_SIDE_MAX: u32 = 8192;
/// Bytes of all textures together, mip levels included.
pub const TEXEL_BYTES_MAX: usize = 64 << 20;
/// UTF-8 bytes of a name.
pub const NAME_BYTES_MAX: usize = 256;
