//! Alpha of a fragment: test, hash, premultiplication; and the dithering of colours. Source: three r183, with sines to the
//! bit as measured.

use std::f32::consts::PI;

use glam::{Vec2, Vec3};

use super::driver;
use super::normal::Slope;

/// Whether an alpha test drops a fragment; a threshold of 0 means there is no test.
pub fn test_drops(alpha: f32, threshold: f32) -> bool {
    threshold > 0.0 && alpha < threshold
}

/// Whether hashed alpha drops a fragment at an object-space position.
pub fn hash_drops(alpha: f32, position: Vec3, slope: Slope<Vec3>) -> bool {
    alpha < hash_threshold(position, slope)
}

/// The threshold of hashed alpha, stable in object space: 1e−6..=1.
pub fn hash_threshold(position: Vec3, slope: Slope<Vec3>) -> f32 {
    let longest = slope.x.length().max(slope.y.length());
    let scale = 1.0 / (0.05 * longest);
    if !scale.is_finite() {
        return 1.0;
    }
    let level = driver::log2(scale);
    let (low, high) = (driver::exp2(level.floor()), driver::exp2(level.ceil()));
    let fraction = level - level.floor();
    let (a, b) = (hash3((position * low).floor()), hash3((position * high).floor()));
    let x = a * (1.0 - fraction) + b * fraction;
    // Makes the threshold uniform again: a mix of two uniform values is not.
    let c = fraction.min(1.0 - fraction);
    let threshold = if x < c {
        x * x / (2.0 * c * (1.0 - c))
    } else if x < 1.0 - c {
        (x - 0.5 * c) / (1.0 - c)
    } else {
        1.0 - (1.0 - x) * (1.0 - x) / (2.0 * c * (1.0 - c))
    };
    if threshold > 1e-6 { threshold.min(1.0) } else { 1e-6 }
}

fn hash2(x: f32, y: f32) -> f32 {
    let wave = 1e4 * driver::sin(17.0 * x + 0.1 * y) * (0.1 + driver::sin(13.0 * y + x).abs());
    wave - wave.floor()
}

fn hash3(v: Vec3) -> f32 {
    hash2(hash2(v.x, v.y), v.z)
}

/// Alpha-to-coverage with an alpha test: a smooth step as wide as alpha changes within a pixel.
pub fn coverage_smooth(alpha: f32, threshold: f32, width: f32) -> f32 {
    let t = (alpha - threshold) / width.max(f32::MIN_POSITIVE);
    let t = t.max(0.0).min(1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Encoded colour times alpha.
pub fn premultiply(encoded: Vec3, alpha: f32) -> Vec3 {
    encoded * alpha
}

/// Encoded colour with half a byte step of noise. `fragment` is the pixel centre, y counted from the bottom row.
pub fn dither(encoded: Vec3, fragment: Vec2) -> Vec3 {
    let wave = fragment.dot(Vec2::new(12.9898, 78.233));
    let wave = driver::sin(wave - PI * (wave / PI).floor()) * 43_758.547;
    let noise = wave - wave.floor();
    encoded + Vec3::new(0.25, -0.25, 0.25) / 255.0 * (2.0 - 4.0 * noise)
}
