//! Bytes that are known exactly: background, tone map, camera, coverage of lines and points, alpha.

use asset::scene::{Attribute, Blending, Geometry, Material, MaterialKind, PointSize, Primitive};
use glam::DMat4;
use render::scene::{Alpha, Lighting, Prepared, Shot};
use render::{Camera, Lens, View};

use super::build::{add, basic, empty, plane};
use super::{draw, front, middle};

#[test]
fn every_background_byte_comes_out_as_it_went_in() {
    let prepared = Prepared::new(&empty());
    let camera = Camera::orbit(View::FRONT, Lens::competition(3));
    for byte in 0..=255 {
        let picture = prepared.draw(&camera, Lighting::Studio, [byte, 255 - byte, 7]);
        assert!(picture.pixels().all(|pixel| pixel.0 == [byte, 255 - byte, 7, 255]), "{byte}");
    }
}

/// Grey levels and colours of unlit surfaces, measured on the original.
#[test]
fn unlit_surfaces_have_the_bytes_of_the_tone_map() {
    let shown = |color: [f32; 3]| {
        let mut scene = empty();
        add(&mut scene, Primitive::Mesh, plane(1.0, 1.0), basic(color), DMat4::IDENTITY);
        let [r, g, b, a] = middle(&scene);
        assert_eq!(a, 255);
        [r, g, b]
    };
    let greys = [
        (0.0, 0),
        (0.02, 21),
        (0.05, 50),
        (0.1, 86),
        (0.18, 127),
        (0.3, 165),
        (0.5, 197),
        (0.7, 213),
        (0.8, 219),
        (1.0, 226),
        (2.0, 242),
        (5.0, 251),
        (16.3, 255),
    ];
    for (linear, byte) in greys {
        assert_eq!(shown([linear; 3]), [byte; 3], "grey {linear}");
    }
    assert_eq!(shown([1.0, 0.0, 0.0]), [250, 16, 20]);
    assert_eq!(shown([0.0, 1.0, 0.0]), [147, 228, 89]);
    assert_eq!(shown([0.0, 0.0, 1.0]), [0, 0, 228]);
    assert_eq!(shown([1.0, 1.0, 0.0]), [230, 226, 106]);
}

fn vertices(values: &[f32]) -> Geometry {
    Geometry { position: Some(Attribute::new(3, values.to_vec())), ..Geometry::default() }
}

fn points(size: f32, size_attenuation: bool) -> Material {
    Material {
        color: [0.0; 3],
        ..Material::new(MaterialKind::Points(PointSize { size, size_attenuation }))
    }
}

/// The table of rendering specification §A.3, 518 px: where points half a metre from the origin are seen.
#[test]
fn points_are_where_the_camera_sees_them() {
    let cases = [
        (0.0, 0.0, [0.5, 0.0, 0.0], [400.75, 259.0]),
        (0.0, 0.0, [0.0, 0.5, 0.0], [259.0, 117.25]),
        (24.0, -15.0, [0.5, 0.0, 0.0], [402.60, 275.55]),
        (24.0, -15.0, [0.0, 0.5, 0.0], [259.0, 112.60]),
        (24.0, -15.0, [0.0, 0.0, 0.5], [185.02, 302.00]),
        (90.0, 0.0, [0.0, 0.0, 0.5], [117.25, 259.0]),
        (0.0, -90.0, [0.0, 0.0, 0.5], [259.0, 400.75]),
    ];
    for (theta_deg, phi_deg, place, expected) in cases {
        let mut scene = empty();
        add(&mut scene, Primitive::Points, vertices(&place), points(9.0, false), DMat4::IDENTITY);
        let picture = draw(&scene, View { theta_deg, phi_deg }, 518);
        let (mut sum, mut x_sum, mut y_sum) = (0.0, 0.0, 0.0);
        for (x, y, pixel) in picture.enumerate_pixels() {
            let weight = f64::from(128 - pixel.0[0].min(128)) / 128.0;
            sum += weight;
            x_sum += weight * (f64::from(x) + 0.5);
            y_sum += weight * (f64::from(y) + 0.5);
        }
        let found = [x_sum / sum, y_sum / sum];
        assert!((sum - 81.0).abs() < 5.0, "{sum} pixels are covered, not 81");
        let error = (found[0] - expected[0]).abs().max((found[1] - expected[1]).abs());
        assert!(error < 0.2, "{theta_deg},{phi_deg} {place:?}: {found:?} is not {expected:?}");
    }
}

/// Pixels that are not background.
fn touched(picture: &image::RgbaImage) -> Vec<(u32, u32, u8)> {
    let changed = picture.enumerate_pixels().filter(|(.., pixel)| pixel.0[0] != 128);
    changed.map(|(x, y, pixel)| (x, y, pixel.0[0])).collect()
}

#[test]
fn points_are_squares_of_whole_samples() {
    let mut scene = empty();
    add(&mut scene, Primitive::Points, vertices(&[0.0; 3]), points(4.0, false), DMat4::IDENTITY);
    let four: Vec<_> = (6..10).flat_map(|y| (6..10).map(move |x| (x, y, 0))).collect();
    assert_eq!(touched(&front(&scene, 16)), four);
    // By distance: half the height of the picture at distance 1, and never less than a pixel.
    let mut scene = empty();
    add(&mut scene, Primitive::Points, vertices(&[0.0; 3]), points(1.0, true), DMat4::IDENTITY);
    assert_eq!(touched(&front(&scene, 16)).len(), 16);
    let mut scene = empty();
    add(&mut scene, Primitive::Points, vertices(&[0.0; 3]), points(1e-9, true), DMat4::IDENTITY);
    // Half a pixel each way from a corner of four pixels: one sample of each.
    let corner = [(7, 7, 96), (8, 7, 96), (7, 8, 96), (8, 8, 96)];
    assert_eq!(touched(&front(&scene, 16)), corner);
}

#[test]
fn lines_are_one_pixel_wide() {
    let mut scene = empty();
    let line = vertices(&[-0.4, 0.0, 0.0, 0.4, 0.0, 0.0]);
    let black = Material { color: [0.0; 3], ..Material::new(MaterialKind::LineBasic) };
    add(&mut scene, Primitive::LineSegments, line, black, DMat4::IDENTITY);
    let picture = front(&scene, 16);
    // Along the seam of two rows: the samples within half a pixel of it, two of each row.
    let column: Vec<u8> = (0..16).map(|y| picture.get_pixel(8, y).0[0]).collect();
    let mut expected = [128; 16];
    (expected[7], expected[8]) = (64, 64);
    assert_eq!(column, expected);
}

#[test]
fn alpha_that_nothing_blended_is_kept_or_laid_over_black() {
    let mut scene = empty();
    let half =
        Material { opacity: 0.5, transparent: true, blending: Blending::None, ..basic([1.0; 3]) };
    add(&mut scene, Primitive::Mesh, plane(2.0, 2.0), half, DMat4::IDENTITY);
    let camera = Camera::orbit(View::FRONT, Lens::competition(4));
    let shot = |alpha| Shot { camera, lighting: Lighting::Follow, background: [9; 3], alpha };
    let shots = [shot(Alpha::Straight), shot(Alpha::OverBlack)];
    let pictures = Prepared::new(&scene).draw_all(&shots, &|| false).unwrap();
    assert_eq!(pictures[0].get_pixel(1, 1).0, [255, 255, 255, 128]);
    assert_eq!(pictures[1].get_pixel(1, 1).0, [226, 226, 226, 255]);
}

#[test]
fn normal_blending_rounds_to_bytes_at_each_layer() {
    let mut scene = empty();
    for _ in 0..2 {
        let veil = Material { opacity: 0.3, transparent: true, ..basic([0.0; 3]) };
        add(&mut scene, Primitive::Mesh, plane(2.0, 2.0), veil, DMat4::IDENTITY);
    }
    // 128 · 0.7 = 89.6 → 90; 90 · 0.7 = 63.
    assert_eq!(middle(&scene), [63, 63, 63, 255]);
}
