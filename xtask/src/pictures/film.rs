//! From shot to picture: samples per pixel, tone curve, grain; and the exact coverage by the solid.

use generate::truth::paint::linear_to_srgb;
use glam::{Vec2, Vec3};
use image::{GrayImage, Luma, Rgb, RgbImage};
use rayon::prelude::*;

use super::random::Random;
use super::shot::Shot;

/// A developed picture and the share of each pixel that the solid covers.
pub(super) struct Picture {
    pub colour: RgbImage,
    pub coverage: Vec<f32>,
}

/// Renders a square picture with `samples` samples per pixel.
pub(super) fn develop(shot: &Shot, size: u32, samples: u32) -> Picture {
    let pixels: Vec<(Vec3, f32)> = (0..size * size)
        .into_par_iter()
        .map(|idx| {
            let pixel = [idx % size, idx / size];
            let (mut light, mut hits) = (Vec3::ZERO, 0);
            for sample_idx in 0..samples {
                let random = Random { pixel, sample_idx };
                let sub = Vec2::new(random.unit(0), random.unit(1));
                let at = (Vec2::new(pixel[0] as f32, pixel[1] as f32) + sub) / size as f32;
                let at = Vec2::new(2.0 * at.x - 1.0, 1.0 - 2.0 * at.y);
                let (seen, hit) = shot.sample(at, random);
                // A lamp seen in a mirror must not outweigh all other samples of its pixel.
                light += seen.min(Vec3::splat(6.0));
                hits += u32::from(hit);
            }
            let n = samples as f32;
            (light / n, hits as f32 / n)
        })
        .collect();
    let mut colour = RgbImage::new(size, size);
    for (idx, (light, _)) in pixels.iter().enumerate() {
        let (x, y) = (idx as u32 % size, idx as u32 / size);
        let grain = Random { pixel: [x, y], sample_idx: 0 }.unit(100) - 0.5;
        let exposed = tone(*light * shot.exposure);
        let byte = |v: f32| (v * 255.0 + grain * 2.0 + 0.5).clamp(0.0, 255.0) as u8;
        colour.put_pixel(x, y, Rgb([byte(exposed.x), byte(exposed.y), byte(exposed.z)]));
    }
    Picture { colour, coverage: pixels.into_iter().map(|(_, cover)| cover).collect() }
}

/// Exponential shoulder, then display curve with a little contrast.
fn tone(light: Vec3) -> Vec3 {
    let channel = |v: f32| {
        let display = linear_to_srgb(1.0 - libm::expf(-1.15 * v));
        let contrast = display * display * (3.0 - 2.0 * display);
        display + (contrast - display) * 0.35
    };
    Vec3::new(channel(light.x), channel(light.y), channel(light.z))
}

/// The coverage at half of the picture's size, 0 to 255.
pub(super) fn half_size_mask(coverage: &[f32], size: u32) -> GrayImage {
    let at = |x: u32, y: u32| coverage[(y * size + x) as usize];
    GrayImage::from_fn(size / 2, size / 2, |x, y| {
        let (x, y) = (2 * x, 2 * y);
        let sum = at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1);
        Luma([(sum / 4.0 * 255.0 + 0.5) as u8])
    })
}
