//! Milliseconds of a typical module's pictures: `cargo bench -p render --bench scene`.
#![allow(missing_docs, unreachable_pub, reason = "a bench has no readers from outside")]

#[path = "../tests/it/scene/build.rs"]
mod build;

use divan::{Bencher, black_box};
use render::scene::{Alpha, Lighting, Prepared, Shot};
use render::{Camera, Lens, View};

fn main() {
    divan::main();
}

/// Eight white and four gray views.
fn shots(size: u32) -> Vec<Shot> {
    let shot = |view: View, background: [u8; 3]| Shot {
        camera: Camera::orbit(view, Lens::competition(size)),
        lighting: Lighting::Follow,
        background,
        alpha: Alpha::Straight,
    };
    let white = View::WHITE.iter().map(|named| shot(named.view, [255; 3]));
    white.chain(View::GRAY.iter().map(|named| shot(named.view, [128; 3]))).collect()
}

#[divan::bench]
fn twelve_views_1024(bencher: Bencher<'_, '_>) {
    let prepared = Prepared::new(&build::typical());
    let shots = shots(1024);
    bencher.bench_local(|| prepared.draw_all(black_box(&shots), &|| false));
}

#[divan::bench]
fn one_view_1024(bencher: Bencher<'_, '_>) {
    let prepared = Prepared::new(&build::typical());
    let shots = &shots(1024)[..1];
    bencher.bench_local(|| prepared.draw_all(black_box(shots), &|| false));
}

#[divan::bench]
fn prepare(bencher: Bencher<'_, '_>) {
    let scene = build::typical();
    bencher.bench_local(|| Prepared::new(black_box(&scene)));
}
