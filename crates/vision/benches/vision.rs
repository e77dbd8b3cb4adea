//! `cargo bench -p vision`: the cut-out of a 1024² picture, and similarity of two 512² pictures.
#![allow(clippy::unwrap_used, reason = "a bench that cannot run has to stop")]

use image::{Rgba, RgbaImage};
use vision::cutout::{Effort, cut_out};
use vision::metrics::{psnr, ssim};

fn main() {
    divan::main();
}

/// A striped ball with a soft shadow on a grey gradient.
fn photograph(side_px: u32) -> RgbaImage {
    RgbaImage::from_fn(side_px, side_px, |x, y| {
        let [u, v] = [x, y].map(|at| at as f32 / side_px as f32);
        let d2 = (u - 0.5) * (u - 0.5) + (v - 0.5) * (v - 0.5);
        let grain = ((x * 7919 + y * 104_729) % 5) as f32 / 255.0;
        let rgb = if d2 < 0.08 {
            [0.9, 0.4 + 0.1 * libm::sinf(60.0 * u), 0.1]
        } else {
            let down = (v - 0.79) / 0.05;
            let light = 1.0 - 0.7 * libm::expf(-down * down - 12.0 * (u - 0.5) * (u - 0.5));
            [0.6, 0.62, 0.65].map(|c| light * (c + 0.2 * v))
        };
        let [r, g, b] = rgb.map(|c| ((c + grain) * 255.0) as u8);
        Rgba([r, g, b, 255])
    })
}

#[divan::bench(args = [Effort::Draft, Effort::Standard], sample_count = 10)]
fn cut_out_1024(bencher: divan::Bencher<'_, '_>, effort: Effort) {
    let picture = photograph(1024);
    bencher.bench_local(|| cut_out(&picture, effort).unwrap());
}

#[divan::bench(sample_count = 20)]
fn ssim_512(bencher: divan::Bencher<'_, '_>) {
    let (a, mut b) = (photograph(512), photograph(512));
    b.pixels_mut().for_each(|pixel| pixel[0] ^= 3);
    bencher.bench_local(|| ssim(&a, &b, None).unwrap());
}

#[divan::bench(sample_count = 20)]
fn psnr_512(bencher: divan::Bencher<'_, '_>) {
    let (a, mut b) = (photograph(512), photograph(512));
    b.pixels_mut().for_each(|pixel| pixel[0] ^= 3);
    bencher.bench_local(|| psnr(&a, &b, None).unwrap());
}
