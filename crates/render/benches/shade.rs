//! Nanoseconds per fragment of the materials, tone map and encoding included: `cargo bench -p render --bench shade`.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use glam::{Vec2, Vec3};
use render::shade::anisotropy::Anisotropy;
use render::shade::clearcoat::Clearcoat;
use render::shade::iridescence::Iridescence;
use render::shade::lanes::LANES;
use render::shade::normal::Frame;
use render::shade::sheen::Sheen;
use render::shade::{Fragments, Layers, Lighting, Surface, colour, physical, standard};

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

fn run(bencher: Bencher<'_, '_>, lighting: Lighting, layers: Layers) {
    let surfaces = surfaces();
    bencher.counter(ItemsCount::new(FRAGMENTS)).bench_local(|| {
        let bytes = |surface: &Surface| {
            let linear = if layers == Layers::default() {
                standard::shade(surface, &lighting)
            } else {
                physical::shade(surface, &layers, &lighting)
            };
            colour::display_bytes(linear, true)
        };
        surfaces.iter().map(bytes).fold([0; 3], |a, b| [a[0] ^ b[0], a[1] ^ b[1], a[2] ^ b[2]])
    });
}

/// The same by [`Fragments`].
fn run_together(bencher: Bencher<'_, '_>, lighting: Lighting, layers: Layers) {
    let surfaces = surfaces();
    let mut fragments = Fragments::new(&surfaces[0], &layers);
    bencher.counter(ItemsCount::new(FRAGMENTS)).bench_local(|| {
        let mut all = [0; 3];
        for some in black_box(&surfaces).chunks(LANES) {
            fragments.clear();
            for surface in some {
                fragments.push(surface.normal, surface.view, surface.spread);
            }
            let bytes = fragments.shade(&lighting).bytes(true);
            for b in &bytes[..some.len()] {
                all = [all[0] ^ b[0], all[1] ^ b[1], all[2] ^ b[2]];
            }
        }
        all
    });
}

fn full() -> Layers {
    let frame = Frame { tangent: Vec3::X, bitangent: Vec3::Y };
    let normal = Vec3::new(0.1, 0.2, 1.0).normalize();
    Layers {
        clearcoat: Some(Clearcoat { strength: 0.8, roughness: 0.1, normal }),
        sheen: Some(Sheen { colour: Vec3::splat(0.3), roughness: 0.4 }),
        iridescence: Some(Iridescence { strength: 1.0, ior: 1.3, thickness_nm: 400.0 }),
        anisotropy: Some(Anisotropy { vector: Vec2::new(0.7, 0.4), frame }),
        transmission: None,
    }
}

#[divan::bench]
fn one_light_standard(bencher: Bencher<'_, '_>) {
    run(bencher, Lighting::follow(Vec3::Z), Layers::default());
}

#[divan::bench]
fn one_light_standard_together(bencher: Bencher<'_, '_>) {
    run_together(bencher, Lighting::follow(Vec3::Z), Layers::default());
}

#[divan::bench]
fn three_lights_standard(bencher: Bencher<'_, '_>) {
    run(bencher, Lighting::studio(), Layers::default());
}

#[divan::bench]
fn three_lights_standard_together(bencher: Bencher<'_, '_>) {
    run_together(bencher, Lighting::studio(), Layers::default());
}

#[divan::bench]
fn three_lights_full(bencher: Bencher<'_, '_>) {
    run(bencher, Lighting::studio(), full());
}

#[divan::bench]
fn three_lights_full_together(bencher: Bencher<'_, '_>) {
    run_together(bencher, Lighting::studio(), full());
}
