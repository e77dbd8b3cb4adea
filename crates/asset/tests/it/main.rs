//! Integration tests of `asset`: whole files in, values or one-line errors out.

mod any_bytes;
mod dripping;
mod glb;
mod ksplat;
mod make;
mod ply_hostile;
mod plys;
mod same_bytes;
mod scene_check;
mod scene_wire;
mod scenes;
mod sog;
mod splat;
mod spz_golden;
mod spz_hostile;
mod spz_round_trip;
