//! The same bytes for any number of threads.

use render::{Background, Camera, Frame, Lens, View, grid, png, splats};

use crate::scenes;

/// All floats of the frames, and the PNG of the grid made of them.
fn draw(n_threads: usize) -> (Vec<Frame>, Vec<u8>) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
    pool.install(|| {
        let asset = scenes::object(1, 30_000, 2);
        let cameras = View::GRID.map(|view| Camera::orbit(view, Lens::competition(200)));
        let frames = splats::draw_all(&asset, &cameras);
        let cells: Vec<_> = frames.iter().map(|frame| frame.over(Background::GRAY)).collect();
        let bytes = png::encode(&grid::compose(&cells, grid::GAP_PX));
        (frames, bytes)
    })
}

#[test]
fn the_number_of_threads_does_not_show() {
    let expected = draw(1);
    for n_threads in [1, 2, 3, 7] {
        let found = draw(n_threads);
        assert!(found.0 == expected.0, "floats differ between 1 thread and {n_threads}");
        assert!(found.1 == expected.1, "PNG bytes differ between 1 thread and {n_threads}");
    }
}

#[test]
fn one_by_one_is_the_same_as_all_together() {
    let asset = scenes::cloud(2, 2000, [0.01, 0.1], 1);
    let cameras = View::WHITE.map(|named| Camera::orbit(named.view, Lens::competition(64)));
    let alone: Vec<_> = cameras.iter().map(|camera| splats::draw(&asset, camera)).collect();
    assert!(splats::draw_all(&asset, &cameras) == alone);
}
