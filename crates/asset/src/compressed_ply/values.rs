//! From bits to raw values and back, one splat at a time. In double precision: the largest value of a chunk has to come
//! back as it was.

use std::f64::consts::SQRT_2;

/// Of spherical harmonics of degree 0.
const SH_C0: f64 = 0.282_094_791_773_878_14;
/// Levels of ten bits, but one.
const ROTATION_MAX: f64 = 1023.0;
/// A component this near to a level, in steps, came from a file of this format.
const ON_A_LEVEL: f64 = 1e-3;

/// Bits and levels of the three values of a position or a scale, from the top.
const FIELDS: [(u32, u32); 3] = [(21, 2047), (11, 1023), (0, 2047)];

/// Smallest and largest value of a chunk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    pub(super) min: f32,
    pub(super) max: f32,
}

impl Range {
    /// Holds nothing.
    pub(super) const EMPTY: Self = Self { min: f32::INFINITY, max: f32::NEG_INFINITY };

    pub(super) fn include(&mut self, value: f32) {
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    fn unpack(self, raw: u32, raw_max: u32) -> f64 {
        let part = f64::from(raw) / f64::from(raw_max);
        f64::from(self.min) * (1.0 - part) + f64::from(self.max) * part
    }

    fn pack(self, value: f32, raw_max: u32) -> u32 {
        let (min, max) = (f64::from(self.min), f64::from(self.max));
        // No extent: every level is the same value.
        let part = if max > min { (f64::from(value) - min) / (max - min) } else { 0.0 };
        (part * f64::from(raw_max) + 0.5) as u32
    }
}

/// Position or log scale.
pub(super) fn vector_from(word: u32, ranges: [Range; 3]) -> [f32; 3] {
    std::array::from_fn(|axis| {
        let (shift, raw_max) = FIELDS[axis];
        ranges[axis].unpack(word >> shift & raw_max, raw_max) as f32
    })
}

pub(super) fn vector_to(values: [f32; 3], ranges: [Range; 3]) -> u32 {
    (0..3).fold(0, |word, axis| {
        let (shift, raw_max) = FIELDS[axis];
        word | ranges[axis].pack(values[axis], raw_max) << shift
    })
}

/// Levels of an axis, but one: the more, the finer its steps.
pub(super) const fn levels(axis: usize) -> f32 {
    FIELDS[axis].1 as f32
}

/// `sh_dc`; the opacity, the lowest byte, is left to the caller.
pub(super) fn colour_from(word: u32, ranges: [Range; 3]) -> [f32; 3] {
    std::array::from_fn(|channel| {
        let raw = word >> (24 - 8 * channel) & 255;
        ((ranges[channel].unpack(raw, 255) - 0.5) / SH_C0) as f32
    })
}

/// What the bounds of colours are about.
pub(super) fn shown(sh_dc: f32) -> f32 {
    (f64::from(sh_dc) * SH_C0 + 0.5) as f32
}

pub(super) fn colour_to(sh_dc: [f32; 3], opacity: u8, ranges: [Range; 3]) -> u32 {
    (0..3).fold(u32::from(opacity), |word, channel| {
        word | ranges[channel].pack(shown(sh_dc[channel]), 255) << (24 - 8 * channel)
    })
}

/// Quaternion w, x, y, z; the component that is not stored is positive.
pub(super) fn rotation_from(word: u32) -> [f32; 4] {
    let left_out = (word >> 30) as usize;
    let mut rotation = [0.0; 4];
    let mut sum = 0.0;
    let mut shift = 30;
    for idx in (0..4).filter(|idx| *idx != left_out) {
        shift -= 10;
        rotation[idx] = (f64::from(word >> shift & 1023) / ROTATION_MAX - 0.5) * SQRT_2;
        sum += rotation[idx] * rotation[idx];
    }
    // Three values near the ends are no unit quaternion: the sum is then up to 1.5.
    rotation[left_out] = (1.0 - sum).max(0.0).sqrt();
    rotation.map(|c| c as f32)
}

/// `rotation` has a finite length above 0.
///
/// The largest component is left out. But if three are levels of this format, the fourth is: rounding may have made it
/// smaller than another one, and what was rounded once is not rounded again.
pub(super) fn rotation_to(rotation: [f32; 4]) -> u32 {
    let largest = rotation.iter().fold(0.0_f32, |best, c| best.max(c.abs()));
    // Scaled first: squares of extreme values leave the range.
    let scaled = rotation.map(|c| f64::from(c) / f64::from(largest));
    let norm = scaled.iter().map(|c| c * c).sum::<f64>().sqrt();
    let levels = scaled.map(|c| (c / norm / SQRT_2 + 0.5) * ROTATION_MAX);
    let is_on_level = levels.map(|level| (level - level.round()).abs() < ON_A_LEVEL);
    let mut others = (0..4).filter(|idx| !is_on_level[*idx]);
    let left_out = match (others.next(), others.next()) {
        (Some(only), None) => only,
        _ => (1..4).fold(
            0,
            |best, idx| {
                if scaled[idx].abs() > scaled[best].abs() { idx } else { best }
            },
        ),
    };
    (0..4).filter(|idx| *idx != left_out).fold(left_out as u32, |word, idx| {
        let level = if scaled[left_out] < 0.0 { ROTATION_MAX - levels[idx] } else { levels[idx] };
        word << 10 | (level + 0.5).clamp(0.0, ROTATION_MAX) as u32
    })
}

pub(super) fn sh_from(raw: u8) -> f32 {
    match raw {
        0 => -4.0,
        255 => 4.0,
        _ => (f32::from(raw) + 0.5) / 32.0 - 4.0,
    }
}

pub(super) fn sh_to(value: f32) -> u8 {
    // Cut, not rounded: the middle of a step is what comes back.
    (value * 32.0 + 128.0) as u8
}
