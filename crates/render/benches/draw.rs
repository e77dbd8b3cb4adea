//! Drawing the grid of a competition, 4 × 518², activation included: `cargo bench -p render --bench draw`.

#[path = "../tests/it/scenes.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    reason = "the scenes of the tests; not all are used here"
)]
mod scenes;

use divan::{Bencher, black_box};
use render::{Background, Camera, Lens, View, grid, png, splats};

fn main() {
    divan::main();
}

/// The four cameras of the grid.
fn cameras() -> [Camera; 4] {
    View::GRID.map(|view| Camera::orbit(view, Lens::competition(518)))
}

#[divan::bench(args = [100_000, 1_000_000], sample_count = 10, sample_size = 1)]
fn grid_of_plain_splats(bencher: Bencher<'_, '_>, n: usize) {
    let asset = scenes::object(1, n, 0);
    bencher.bench_local(|| splats::draw_all(black_box(&asset), &cameras()));
}

#[divan::bench(args = [100_000, 1_000_000], sample_count = 10, sample_size = 1)]
fn grid_of_sh3_splats(bencher: Bencher<'_, '_>, n: usize) {
    let asset = scenes::object(1, n, 3);
    bencher.bench_local(|| splats::draw_all(black_box(&asset), &cameras()));
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn grid_of_a_cloud_of_large_splats(bencher: Bencher<'_, '_>) {
    let asset = scenes::cloud(1, 20_000, [0.005, 0.1], 0);
    bencher.bench_local(|| splats::draw_all(black_box(&asset), &cameras()));
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn compose_and_encode(bencher: Bencher<'_, '_>) {
    let frames = splats::draw_all(&scenes::object(1, 100_000, 0), &cameras());
    bencher.bench_local(|| {
        let cells: Vec<_> = frames.iter().map(|frame| frame.over(Background::GRAY)).collect();
        png::encode(&grid::compose(&cells, grid::GAP_PX))
    });
}
