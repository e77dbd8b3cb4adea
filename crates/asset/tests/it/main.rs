//! Integration tests of `asset`: whole files in, values or one-line errors out.

mod any_bytes;
mod compressed_ply;
mod dripping;
mod flat_formats;
mod glb;
mod gltf_document;
mod gltf_round_trip;
mod gltf_scene;
mod gltf_splats;
mod ksplat;
mod make;
mod peers;
mod ply_hostile;
mod plys;
mod same_bytes;
mod scene_check;
mod scene_wire;
mod scenes;
mod sog;
mod splat;
mod splat_bytes;
mod spz_golden;
mod spz_hostile;
mod spz_peers;
mod spz_round_trip;
