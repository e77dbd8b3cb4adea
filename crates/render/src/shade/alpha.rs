//! Alpha of a fragment: test, hash, premultiplication; and the dithering of colours. Source: three r183.

use std::f32::consts::PI;

use glam::{Vec2, Vec3};

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
    let level = libm::log2f(1.0 / (0.05 * longest));
    if !level.is_finite() {
        return 1.0;
    }
    let (low, high) = (libm::exp2f(level.floor()), libm::exp2f(level.ceil()));
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

/// The sine of the original's driver: a polynomial of degree 5, 2e−4 off at most. Hash and noise amplify every bit of it.
fn driver_sine(x: f32) -> f32 {
    // Exact at 0, 30, 60 and 90 degrees; `z` counts full turns.
    const A: f32 = 74.438_89;
    const B: f32 = -41.169_37;
    const C: f32 = 6.282_308_6;
    let turns = x * -(0.5 * std::f32::consts::FRAC_1_PI) + 0.25;
    let z = 0.25 - (turns - turns.round_ties_even()).abs();
    let z2 = z * z;
    ((A * z2 + B) * z2 + C) * z
}

fn hash2(x: f32, y: f32) -> f32 {
    let wave = 1e4 * driver_sine(17.0 * x + 0.1 * y) * (0.1 + driver_sine(13.0 * y + x).abs());
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
    let wave = driver_sine(wave - PI * (wave / PI).floor()) * 43_758.547;
    let noise = wave - wave.floor();
    encoded + Vec3::new(0.25, -0.25, 0.25) / 255.0 * (2.0 - 4.0 * noise)
}
