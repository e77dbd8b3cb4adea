//! Nanoseconds per fragment of the materials, tone map and encoding included: `cargo bench -p render --bench shade`.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use glam::{Vec2, Vec3};
use render::shade::anisotropy::Anisotropy;
use render::shade::clearcoat::Clearcoat;
use render::shade::iridescence::Iridescence;
use render::shade::normal::Frame;
use render::shade::sheen::Sheen;
use render::shade::{Layers, Lighting, Surface, colour, physical, standard};

/// Fragments per sample.
const FRAGMENTS: usize = 10_000;

fn main() {
    divan::main();
}

/// Fragments over a bowl: every normal differs.
fn surfaces() -> Vec<Surface> {
    (0..FRAGMENTS)
        .map(|i| {
            let at = Vec2::new((i % 100) as f32, (i / 100) as f32) / 50.0 - 1.0;
            let normal = Vec3::new(at.x, at.y, 1.0).normalize();
            Surface::new(Vec3::new(0.8, 0.4, 0.2), 0.5, 0.2, normal, Vec3::Z)
        })
        .collect()
}

fn run(bencher: Bencher<'_, '_>, shade: impl Fn(&Surface, &Lighting) -> Vec3) {
    let surfaces = surfaces();
    let lighting = Lighting::studio();
    bencher.counter(ItemsCount::new(FRAGMENTS)).bench_local(|| {
        let bytes = |surface| colour::display_bytes(shade(black_box(surface), &lighting), true);
        surfaces.iter().map(bytes).fold([0; 3], |a, b| [a[0] ^ b[0], a[1] ^ b[1], a[2] ^ b[2]])
    });
}

#[divan::bench]
fn plain_standard(bencher: Bencher<'_, '_>) {
    run(bencher, standard::shade);
}

#[divan::bench]
fn full_physical(bencher: Bencher<'_, '_>) {
    let frame = Frame { tangent: Vec3::X, bitangent: Vec3::Y };
    run(bencher, |surface, lighting| {
        let normal = surface.normal;
        let layers = Layers {
            clearcoat: Some(Clearcoat { strength: 0.8, roughness: 0.1, normal }),
            sheen: Some(Sheen { colour: Vec3::splat(0.3), roughness: 0.4 }),
            iridescence: Some(Iridescence { strength: 1.0, ior: 1.3, thickness_nm: 400.0 }),
            anisotropy: Some(Anisotropy { vector: Vec2::new(0.7, 0.4), frame }),
            transmission: None,
        };
        physical::shade(surface, &layers, lighting)
    });
}
