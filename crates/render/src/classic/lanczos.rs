//! Halving a picture with the Lanczos filter of Pillow, in its whole numbers. Source: rendering specification §C.5.

use rayon::prelude::*;

/// Bits after the point of a weight.
const BITS: u32 = 22;
/// Radius of the filter for a factor of two, pixels of the larger picture.
const SUPPORT: f64 = 6.0;

/// Taps of one output place: the first input, and its weights.
struct Taps {
    first: usize,
    weights: Vec<i32>,
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    let x = x * std::f64::consts::PI;
    libm::sin(x) / x
}

fn lanczos(x: f64) -> f64 {
    if (-3.0..3.0).contains(&x) { sinc(x) * sinc(x / 3.0) } else { 0.0 }
}

/// The taps of each of `size / 2` places.
fn taps(size: usize) -> Vec<Taps> {
    let place = |out: usize| {
        let centre = (out as f64 + 0.5) * 2.0;
        let first = (centre - SUPPORT + 0.5).max(0.0) as usize;
        let end = ((centre + SUPPORT + 0.5) as usize).min(size);
        let weight = |s: usize| lanczos((s as f64 - centre + 0.5) * 0.5);
        let weights: Vec<f64> = (first..end).map(weight).collect();
        let sum: f64 = weights.iter().sum();
        let fixed = |weight: &f64| {
            let scaled = weight / sum * f64::from(1 << BITS);
            (scaled + 0.5_f64.copysign(scaled)) as i32
        };
        Taps { first, weights: weights.iter().map(fixed).collect() }
    };
    (0..size / 2).map(place).collect()
}

/// The weighted mean, rounded and clamped.
#[inline]
fn blend<'a>(texels: impl Iterator<Item = &'a [u8; 3]>, weights: &[i32]) -> [u8; 3] {
    let mut sum = [1_i32 << (BITS - 1); 3];
    for (texel, weight) in texels.zip(weights) {
        for c in 0..3 {
            sum[c] += i32::from(texel[c]) * weight;
        }
    }
    sum.map(|sum| (sum >> BITS).clamp(0, 255) as u8)
}

/// A square picture of an even side, row by row, at half the size.
pub(super) fn halve(texels: &[[u8; 3]], side: usize) -> Vec<[u8; 3]> {
    let half = side / 2;
    if half == 0 {
        return Vec::new();
    }
    let taps = taps(side);
    let mut narrow = vec![[0; 3]; half * side];
    narrow.par_chunks_mut(half).zip(texels.par_chunks(side)).for_each(|(out, row)| {
        for (out, taps) in out.iter_mut().zip(&taps) {
            *out = blend(row[taps.first..].iter(), &taps.weights);
        }
    });
    let mut out = vec![[0; 3]; half * half];
    out.par_chunks_mut(half).zip(&taps).for_each(|(out, taps)| {
        for (x, out) in out.iter_mut().enumerate() {
            let column = narrow[taps.first * half + x..].iter().step_by(half);
            *out = blend(column, &taps.weights);
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_picture_stays_plain() {
        for value in [0, 1, 127, 254, 255] {
            assert!(halve(&[[value; 3]; 36 * 36], 36).iter().all(|texel| *texel == [value; 3]));
        }
        assert_eq!(halve(&[], 0), Vec::<[u8; 3]>::new());
        assert_eq!(halve(&[[9; 3]; 4], 2), [[9; 3]]);
    }

    /// Values of Pillow 12.0.0: `Image.resize((8, 8), LANCZOS)` of a 16 × 16 picture whose texel (x, y) is
    /// (x·x·7 + y·13) mod 256.
    #[test]
    fn as_pillow_does() {
        let texel = |i: u32| [((i % 16) * (i % 16) * 7 + (i / 16) * 13) as u8; 3];
        let texels: Vec<_> = (0..256).map(texel).collect();
        let row = |y: usize| -> Vec<u8> {
            halve(&texels, 16)[y * 8..][..8].iter().map(|texel| texel[0]).collect()
        };
        assert_eq!(row(0), PILLOW[0]);
        assert_eq!(row(3), PILLOW[1]);
        assert_eq!(row(7), PILLOW[2]);
    }

    const PILLOW: [[u8; 8]; 3] = [
        [9, 49, 147, 130, 130, 137, 185, 76],
        [85, 138, 159, 107, 74, 92, 163, 165],
        [204, 159, 91, 90, 159, 114, 90, 112],
    ];
}
