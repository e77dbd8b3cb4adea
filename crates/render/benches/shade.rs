//! Nanoseconds per fragment of the materials, tone map and encoding included, and per texture sample:
//! `cargo bench -p render --bench shade`.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use glam::{Vec2, Vec3, Vec4};
use render::shade::anisotropy::Anisotropy;
use render::shade::clearcoat::Clearcoat;
use render::shade::iridescence::Iridescence;
use render::shade::lanes::LANES;
use render::shade::normal::Frame;
use render::shade::sheen::Sheen;
use render::shade::texture::{Channels, Filter, Sampler, Texels, Texture, Wrap};
use render::shade::{
    Environment, Fragments, Layers, Lighting, Surface, colour, physical, standard,
};

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
        surroundings: None,
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

/// Samples of a 256 × 256 texture of sRGB bytes, a pixel over a texel and a half.
fn run_sampler(bencher: Bencher<'_, '_>, sampler: Sampler) {
    let data =
        (0..256 * 256 * 4_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let texture = Texture::new(256, 256, Channels::Rgba, Texels::Byte(data), true)
        .expect("the data fills the size")
        .with_mip_levels();
    let (dx, dy) = (Vec2::new(1.5 / 256.0, 0.0), Vec2::new(0.0, 0.6 / 256.0));
    bencher.counter(ItemsCount::new(FRAGMENTS)).bench_local(|| {
        (0..FRAGMENTS)
            .map(|i| dx * (i % 100) as f32 + dy * (i / 100) as f32)
            .fold(Vec4::ZERO, |sum, uv| sum + texture.sample(black_box(&sampler), uv, dx, dy))
    });
}

const BILINEAR: Sampler = Sampler {
    wrap: [Wrap::Repeat; 2],
    magnify: Filter::Linear,
    minify: Filter::Linear,
    mip: None,
    anisotropy: 1,
};

#[divan::bench]
fn sample_nearest(bencher: Bencher<'_, '_>) {
    run_sampler(bencher, Sampler::default());
}

#[divan::bench]
fn sample_bilinear(bencher: Bencher<'_, '_>) {
    run_sampler(bencher, BILINEAR);
}

#[divan::bench]
fn sample_trilinear(bencher: Bencher<'_, '_>) {
    run_sampler(bencher, Sampler { mip: Some(Filter::Linear), ..BILINEAR });
}

#[divan::bench]
fn sample_anisotropic(bencher: Bencher<'_, '_>) {
    run_sampler(bencher, Sampler { mip: Some(Filter::Linear), anisotropy: 16, ..BILINEAR });
}

/// Filters a map of 256 × 128 texels.
#[divan::bench(sample_count = 10)]
fn environment(bencher: Bencher<'_, '_>) {
    let data =
        (0..256 * 128 * 4_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let texture = Texture::new(256, 128, Channels::Rgba, Texels::Byte(data), true)
        .expect("the data fills the size");
    bencher.bench_local(|| Environment::new(black_box(&texture), &BILINEAR));
}
