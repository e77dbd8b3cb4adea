//! What every descriptor must keep, and what the built-in one says of simple pictures.

use image::{Rgb, RgbImage};
use proptest::prelude::*;

use super::{BuiltIn, DescribeError, Descriptor, distance};

/// A disc of one colour over a bar of another, on a backdrop.
fn thing(side: u32, disc: [u8; 3], bar: [u8; 3], backdrop: u8, shift: f32) -> RgbImage {
    RgbImage::from_fn(side, side, |x, y| {
        let scale = 100.0 / side as f32;
        let (x, y) = ((x as f32 + 0.5) * scale - 50.0 - shift, (y as f32 + 0.5) * scale - 50.0);
        let is_disc = x * x + (y + 12.0) * (y + 12.0) < 400.0;
        let is_bar = x.abs() < 5.0 && (0.0..35.0).contains(&y);
        Rgb(if is_disc {
            disc
        } else if is_bar {
            bar
        } else {
            [backdrop; 3]
        })
    })
}

const RED: [u8; 3] = [200, 40, 30];
const BLUE: [u8; 3] = [30, 60, 190];
const BROWN: [u8; 3] = [110, 70, 30];

fn between(a: &RgbImage, b: &RgbImage) -> f64 {
    let vectors = BuiltIn.describe(&[a.clone(), b.clone()]).expect("they have pixels");
    distance(&vectors[0], &vectors[1])
}

#[test]
fn what_looks_alike_is_near() {
    let plain = thing(256, RED, BROWN, 255, 0.0);
    let near = |what: &str, other: &RgbImage, most: f64| {
        let found = between(&plain, other);
        assert!((-1e-6..=most).contains(&found), "{what}: distance {found}, at most {most}");
    };
    near("itself", &plain, 1e-6);
    near("twice as large", &thing(512, RED, BROWN, 255, 0.0), 0.01);
    near("moved", &thing(256, RED, BROWN, 255, 8.0), 0.02);
    near("on gray", &thing(256, RED, BROWN, 128, 0.0), 0.12);
    let mut tinted = plain.clone();
    tinted.pixels_mut().for_each(|pixel| pixel.0 = pixel.0.map(|byte| byte.saturating_sub(6)));
    near("a little darker", &tinted, 0.02);
}

#[test]
fn what_looks_different_is_far() {
    let plain = thing(256, RED, BROWN, 255, 0.0);
    let far = |what: &str, other: &RgbImage, least: f64| {
        let found = between(&plain, other);
        assert!((least..=2.0).contains(&found), "{what}: distance {found}, at least {least}");
    };
    far("another colour", &thing(256, BLUE, BROWN, 255, 0.0), 0.5);
    let mut upside_down = plain.clone();
    image::imageops::flip_vertical_in_place(&mut upside_down);
    far("upside down", &upside_down, 0.1);
}

#[test]
fn nothing_to_see_has_a_vector_too() {
    for picture in
        [RgbImage::new(1, 1), RgbImage::new(3, 700), RgbImage::from_pixel(9, 9, Rgb([255; 3]))]
    {
        let vector = &BuiltIn.describe(std::slice::from_ref(&picture)).expect("it has pixels")[0];
        assert_eq!(vector.len(), BuiltIn::DIMENSION);
        assert!(vector.iter().all(|value| value.is_finite()), "{picture:?}");
    }
    let pictures = [RgbImage::new(1, 1), RgbImage::new(0, 5)];
    assert_eq!(BuiltIn.describe(&pictures), Err(DescribeError::Empty { picture_idx: 1 }));
}

#[test]
fn threads_change_nothing() {
    let pictures: Vec<_> = (0..5).map(|at| thing(100 + at, RED, BLUE, 255, at as f32)).collect();
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| BuiltIn.describe(&pictures).expect("they have pixels"))
    };
    assert_eq!(with(1), with(2));
    assert_eq!(with(1), with(5));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_picture_has_a_vector_of_length_one(
        width in 1_u32..60, height in 1_u32..60, seed: u32, kinds in 1_u32..300,
    ) {
        let picture = RgbImage::from_fn(width, height, |x, y| {
            let at = (y * width + x).wrapping_add(seed).wrapping_mul(2_654_435_761) % kinds;
            Rgb([at as u8, (at >> 3) as u8, (at * 7) as u8])
        });
        let vector = &BuiltIn.describe(&[picture]).expect("it has pixels")[0];
        let length: f64 = vector.iter().map(|&value| f64::from(value) * f64::from(value)).sum();
        prop_assert!((length - 1.0).abs() < 1e-5, "{length}");
    }
}
