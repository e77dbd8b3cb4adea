//! Signed fields of simple solids, positive inside, and a way to run with several numbers of threads.

use glam::{Vec2, Vec3};
use mesh::{Mesh, extract};

pub(crate) const BOX: [[f32; 3]; 2] = [[-0.5; 3], [0.5; 3]];

pub(crate) type Field = fn([f32; 3]) -> f32;

pub(crate) fn ball(p: [f32; 3]) -> f32 {
    0.4 - Vec3::from(p).length()
}

pub(crate) fn torus(p: [f32; 3]) -> f32 {
    0.12 - Vec2::new(Vec2::new(p[0], p[2]).length() - 0.3, p[1]).length()
}

pub(crate) fn cuboid(p: [f32; 3]) -> f32 {
    let q = Vec3::from(p).abs() - Vec3::new(0.4, 0.3, 0.2);
    -(q.max(Vec3::ZERO).length() + q.max_element().min(0.0))
}

/// Noise without any order: every case of a cell, next to every other.
pub(crate) fn noise(seed: u32) -> impl Fn([f32; 3]) -> f32 + Sync {
    move |p| {
        let mut hash = seed.wrapping_mul(0x9E37_79B9);
        for c in p {
            hash = (hash ^ ((c * 64.0).round() as i32 as u32)).wrapping_mul(0x85EB_CA6B);
            hash ^= hash >> 13;
        }
        (hash.wrapping_mul(0xC2B2_AE35) >> 8) as f32 / 16_777_216.0 - 0.5
    }
}

pub(crate) fn mesh_of(field: impl Fn([f32; 3]) -> f32 + Sync, cells: u32) -> Mesh {
    extract::surface(field, BOX, cells).unwrap()
}

/// The result of `work`, checked to be the same with 1, 2 and 5 threads.
pub(crate) fn on_any_threads<T: PartialEq + Send>(work: impl Fn() -> T + Sync) -> T {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(&work)
    };
    let first = run(1);
    for threads in [2, 5] {
        assert!(run(threads) == first, "{threads} threads show");
    }
    first
}
