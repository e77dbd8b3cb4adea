//! Pictures kept in `tests/golden`, compared byte for byte.
//!
//! On failure the picture that was drawn and the difference (×16, grey is none) are written to the target folder and
//! named. `CRUCIBLE_BLESS=1 cargo test -p render golden` writes the kept pictures anew: look at them before committing.

use std::path::{Path, PathBuf};

use asset::Splats;
use image::{Rgba, RgbaImage};
use render::{Background, Camera, Lens, View, grid, png, splats};

use crate::scenes;

pub fn check(name: &str, picture: &RgbaImage) {
    let kept = Path::new("tests/golden").join(name);
    let bytes = png::encode(picture);
    assert!(
        bytes.len() <= 20_000,
        "{name} has {} bytes: keep the kept pictures small",
        bytes.len()
    );
    #[expect(clippy::disallowed_methods, reason = "the one switch of this test")]
    let bless = std::env::var("CRUCIBLE_BLESS").is_ok_and(|value| value == "1");
    if bless {
        write(&kept, &bytes);
        return;
    }
    let expected = image::open(&kept).unwrap_or_else(|error| panic!("{}: {error}", kept.display()));
    let expected = expected.into_rgba8();
    if expected == *picture {
        return;
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("golden");
    let actual = folder.join(name);
    write(&actual, &bytes);
    assert_eq!(picture.dimensions(), expected.dimensions(), "drawn: {}", actual.display());
    let diff = folder.join(format!("diff_{name}"));
    write(&diff, &png::encode(&difference(picture, &expected)));
    let changed = picture.pixels().zip(expected.pixels()).filter(|(a, b)| a != b).count();
    let most = picture.as_raw().iter().zip(expected.as_raw()).map(|(a, b)| a.abs_diff(*b)).max();
    panic!(
        "{name}: {changed} of {} pixels differ, by {} at most\ndrawn:      {}\nkept:       {}\ndifference: {}",
        picture.width() * picture.height(),
        most.unwrap_or(0),
        actual.display(),
        kept.display(),
        diff.display()
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests need no paths in errors that they print themselves"
)]
fn write(path: &Path, bytes: &[u8]) {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    }
    std::fs::write(path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn difference(a: &RgbaImage, b: &RgbaImage) -> RgbaImage {
    RgbaImage::from_fn(a.width(), a.height(), |x, y| {
        let (a, b) = (a.get_pixel(x, y).0, b.get_pixel(x, y).0);
        let far = |c: usize| (128 + 16 * (i32::from(a[c]) - i32::from(b[c]))).clamp(0, 255) as u8;
        Rgba([far(0), far(1), far(2), 255])
    })
}

fn draw(splats: &Splats, view: View, size: u32, background: Background) -> RgbaImage {
    splats::draw(splats, &Camera::orbit(view, Lens::competition(size))).over(background)
}

#[test]
fn golden_object_grid() {
    let asset = scenes::object(1, 6000, 0);
    let cells = View::GRID.map(|view| draw(&asset, view, 40, Background::GRAY));
    check("object_grid.png", &grid::compose(&cells, grid::GAP_PX));
}

#[test]
fn golden_sh3_from_above() {
    let asset = scenes::object(2, 3000, 3);
    check("sh3_from_above.png", &draw(&asset, View::WHITE[3].view, 64, Background::WHITE));
}

#[test]
fn golden_cloud_transparent() {
    let asset = scenes::cloud(3, 40, [0.01, 0.2], 0);
    check("cloud_transparent.png", &draw(&asset, View::WHITE[0].view, 56, Background::Transparent));
}

#[test]
fn golden_needles() {
    let asset = scenes::cloud(4, 40, [1e-4, 0.5], 1);
    check("needles.png", &draw(&asset, View::FRONT, 56, Background::WHITE));
}
