//! Pictures with known masks: shapes with texture before a backdrop with gradient, noise, horizon and contact shadow.

use image::RgbaImage;
use vision::Matte;

/// Where the object is (in [0, 1]², y down), and its colour there.
pub(crate) type Shape = fn(f32, f32) -> Option<[f32; 3]>;
/// The backdrop's colour.
pub(crate) type Backdrop = fn(f32, f32) -> [f32; 3];

/// Noise without a random generator: every pixel has its own, and it is the same everywhere.
pub(crate) fn noise(x: u32, y: u32, salt: u32) -> f32 {
    let mut v = x.wrapping_mul(0x9e37_79b9) ^ y.wrapping_mul(0x85eb_ca6b) ^ salt;
    v = (v ^ (v >> 15)).wrapping_mul(0x2c1b_3c6d);
    v = (v ^ (v >> 12)).wrapping_mul(0x297a_2d39);
    (v >> 8) as f32 / (1 << 24) as f32 - 0.5
}

/// 3×3 samples per pixel; the true mask is the share of samples inside. The shadow takes `shadow` of the light at its
/// darkest, and lies at (x, y) with half-axes (rx, ry).
pub(crate) fn photograph(
    size_px: u32,
    shape: Shape,
    backdrop: Backdrop,
    shadow: Option<([f32; 4], f32)>,
) -> (RgbaImage, Matte) {
    let mut picture = RgbaImage::new(size_px, size_px);
    let mut alpha = Vec::with_capacity((size_px * size_px) as usize);
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let mut sum = [0.0_f32; 3];
        let mut inside = 0;
        for sample in 0..9 {
            let u = (x as f32 + (sample % 3) as f32 / 3.0 + 1.0 / 6.0) / size_px as f32;
            let v = (y as f32 + (sample / 3) as f32 / 3.0 + 1.0 / 6.0) / size_px as f32;
            let colour = shape(u, v).inspect(|_| inside += 1).unwrap_or_else(|| {
                let light = shadow.map_or(1.0, |([cx, cy, rx, ry], depth)| {
                    let d2 = ((u - cx) / rx) * ((u - cx) / rx) + ((v - cy) / ry) * ((v - cy) / ry);
                    1.0 - depth * libm::expf(-d2)
                });
                backdrop(u, v).map(|c| light * c)
            });
            std::iter::zip(&mut sum, colour).for_each(|(sum, c)| *sum += c / 9.0);
        }
        alpha.push(inside as f32 / 9.0);
        let byte = |c: f32, salt| ((c + 0.02 * noise(x, y, salt)).clamp(0.0, 1.0) * 255.0) as u8;
        pixel.0 = [byte(sum[0], 1), byte(sum[1], 2), byte(sum[2], 3), 255];
    }
    let side = size_px as usize;
    (picture, Matte { width: side, height: side, alpha })
}

/// A studio: grey wall above a lighter floor, with a soft horizon at 0.62.
pub(crate) fn studio(x: f32, y: f32) -> [f32; 3] {
    let floor = 1.0 / (1.0 + libm::expf(-(y - 0.62) * 60.0));
    let [wall, ground] = [[0.45, 0.5, 0.58], [0.8, 0.75, 0.66]];
    std::array::from_fn(|c| (wall[c] + floor * (ground[c] - wall[c])) * (1.0 - 0.15 * x))
}

/// A white sweep.
pub(crate) fn white(x: f32, y: f32) -> [f32; 3] {
    [0.95 - 0.05 * y + 0.01 * x; 3]
}

/// Dark olive fading into sand with pebbles.
pub(crate) fn outdoors(x: f32, y: f32) -> [f32; 3] {
    let ground = 1.0 / (1.0 + libm::expf(-(y - 0.55) * 40.0));
    let pebble = noise((x * 128.0) as u32, (y * 128.0) as u32, 7) * 0.14;
    let blur = 0.06 * libm::sinf(11.0 * x) * libm::cosf(7.0 * y);
    let [wood, sand] = [[0.35, 0.4, 0.25], [0.66, 0.52, 0.38]];
    std::array::from_fn(|c| wood[c] + blur + ground * (sand[c] + pebble - wood[c] - blur))
}
