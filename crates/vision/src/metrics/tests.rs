//! Figures from outside: scikit-image 0.26.0 (numpy 2.4.6), `structural_similarity(gaussian_weights=True, sigma=1.5,
//! use_sample_covariance=False, data_range=255, channel_axis=2, full=True)` and `peak_signal_noise_ratio` on the same
//! two pictures, made from these formulas.

use image::Rgba;
use proptest::prelude::*;

use super::*;

const WIDTH: u32 = 40;
const HEIGHT: u32 = 33;

fn first() -> RgbaImage {
    RgbaImage::from_fn(WIDTH, HEIGHT, |x, y| {
        Rgba([7 * x + 3 * y, x * x + 5 * y, x * y + 11 * x, 255].map(|v| (v % 256) as u8))
    })
}

fn second() -> RgbaImage {
    let mut picture = first();
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let d = ((x * 31 + y * 17) % 23) as i32 - 11;
        for (channel, d) in pixel.0.iter_mut().zip([d, -d, d.div_euclid(2)]) {
            *channel = (i32::from(*channel) + d).clamp(0, 255) as u8;
        }
    }
    picture
}

fn mask(inside: impl Fn(i32, i32) -> bool) -> Matte {
    let (width, height) = (WIDTH as i32, HEIGHT as i32);
    let alpha = (0..width * height)
        .map(|at| if inside(at % width, at / width) { 1.0 } else { 0.0 })
        .collect();
    Matte { width: width as usize, height: height as usize, alpha }
}

#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found} instead of {expected} ± {tolerance}");
}

#[test]
fn psnr_is_that_of_scikit_image() {
    let disk = mask(|x, y| (x - 20).pow(2) + (y - 14).pow(2) <= 150);
    let left = mask(|x, _| x < 9);
    close(psnr(&first(), &second(), None).unwrap(), 33.054_936_394_999_42, 1e-9);
    close(psnr(&first(), &second(), Some(&disk)).unwrap(), 33.080_056_306_607_986, 1e-9);
    close(psnr(&first(), &second(), Some(&left)).unwrap(), 32.982_152_280_596_39, 1e-9);
}

#[test]
fn ssim_is_that_of_scikit_image() {
    let disk = mask(|x, y| (x - 20).pow(2) + (y - 14).pow(2) <= 150);
    let left = mask(|x, _| x < 9);
    close(ssim(&first(), &second(), None).unwrap(), 0.965_472_022_593_684_4, 2e-6);
    close(ssim(&first(), &second(), Some(&disk)).unwrap(), 0.965_766_960_749_294_2, 2e-6);
    close(ssim(&first(), &second(), Some(&left)).unwrap(), 0.918_881_330_837_629, 2e-6);
}

/// Constant pictures have no variance, so only the luminance term is left: (2·100·110 + C1) / (100² + 110² + C1).
#[test]
fn ssim_of_two_constants_is_the_luminance_term() {
    let constant = |v| RgbaImage::from_pixel(16, 16, Rgba([v, v, v, 255]));
    let expected = (22_000.0 + 6.5025) / (22_100.0 + 6.5025);
    close(ssim(&constant(100), &constant(110), None).unwrap(), expected, 1e-6);
}

#[test]
fn one_byte_off_by_255_in_four_pixels() {
    let black = RgbaImage::from_pixel(2, 2, Rgba([0, 0, 0, 255]));
    let mut other = black.clone();
    other.put_pixel(1, 0, Rgba([0, 255, 0, 255]));
    close(psnr(&black, &other, None).unwrap(), 10.0 * libm::log10(12.0), 1e-12);
    assert_eq!(psnr(&black, &black, None), Ok(f64::INFINITY));
}

#[test]
fn overlap_of_two_masks() {
    let matte = |alpha: [f32; 4]| Matte { width: 2, height: 2, alpha: alpha.to_vec() };
    let a = matte([1.0, 0.6, 0.4, 0.0]);
    let b = matte([1.0, 0.2, 0.5, 0.0]);
    close(iou(&a, &b, 0.5).unwrap(), 1.0 / 3.0, 1e-12);
    close(iou(&a, &b, 0.4).unwrap(), 2.0 / 3.0, 1e-12);
    close(iou(&matte([0.0; 4]), &matte([0.0; 4]), 0.5).unwrap(), 1.0, 0.0);
}

#[test]
fn errors_name_what_is_wrong() {
    let small = RgbaImage::new(3, 2);
    let text = |result: Result<f64, MetricError>| result.unwrap_err().to_string();
    insta::assert_snapshot!(text(psnr(&first(), &small, None)), @"second picture: [3, 2] pixels beside [40, 33]: sizes must be equal");
    let disk = mask(|_, _| true);
    insta::assert_snapshot!(text(ssim(&small, &small, Some(&disk))), @"mask: [40, 33] pixels beside [3, 2]: sizes must be equal");
    let nothing = mask(|_, _| false);
    insta::assert_snapshot!(text(ssim(&first(), &second(), Some(&nothing))), @"no pixel to compare: the picture or the mask is empty");
    let none = RgbaImage::new(0, 0);
    insta::assert_snapshot!(text(psnr(&none, &none, None)), @"no pixel to compare: the picture or the mask is empty");
}

proptest! {
    #[test]
    fn any_two_pictures_of_one_size_have_a_similarity(
        width in 1_u32..24, height in 1_u32..24, seed: u32,
    ) {
        let noise = |salt: u32| RgbaImage::from_fn(width, height, |x, y| {
            let v = (x * 7 + y * 131 + salt).wrapping_mul(2_654_435_761) >> 9;
            Rgba([v as u8, (v >> 8) as u8, (v >> 16) as u8, 255])
        });
        let (a, b) = (noise(seed), noise(seed ^ 0x5bd1));
        let found = ssim(&a, &b, None).unwrap();
        prop_assert!((-1.0..=1.0).contains(&found), "{found}");
        prop_assert_eq!(found, ssim(&b, &a, None).unwrap());
        let same = ssim(&a, &a, None).unwrap();
        prop_assert!((same - 1.0).abs() < 1e-5, "{}", same);
    }
}
