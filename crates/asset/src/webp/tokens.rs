//! What a picture is written as: pixels, hits of the colour cache, runs of the pixel before.

use super::{Pixel, huffman};

/// In the alphabet of green: values, then lengths, then the cache.
pub(super) const RUN_START: usize = 256;
pub(super) const CACHE_START: usize = 256 + 24;
/// The distance "one pixel to the left" has code 2, written as symbol 1 without extra bits.
pub(super) const LEFT: usize = 1;
const DISTANCES: usize = 40;
/// Below this a run is not worth its bits.
const RUN_MIN: usize = 5;
const RUN_MAX: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    Literal(Pixel),
    Cached(usize),
    Run(usize),
}

/// Place of a pixel in a cache of `cache_bits`, which is not 0.
fn key(pixel: Pixel, cache_bits: u32) -> usize {
    let [r, g, b, a] = pixel;
    let argb = u32::from_be_bytes([a, r, g, b]);
    (argb.wrapping_mul(0x1e35_a7bd) >> (32 - cache_bits)) as usize
}

/// Calls `take` for each token of the picture in order.
pub(super) fn walk(pixels: &[Pixel], cache_bits: u32, mut take: impl FnMut(Token)) {
    let mut cache = vec![[0_u8; 4]; 1 << cache_bits];
    let mut idx = 0;
    while idx < pixels.len() {
        let pixel = pixels[idx];
        if idx > 0 && pixel == pixels[idx - 1] {
            let rest = &pixels[idx..pixels.len().min(idx + RUN_MAX)];
            let length = rest.iter().take_while(|next| **next == pixel).count();
            if length >= RUN_MIN {
                // The pixel is in the cache already.
                take(Token::Run(length));
                idx += length;
                continue;
            }
        }
        idx += 1;
        if cache_bits == 0 {
            take(Token::Literal(pixel));
            continue;
        }
        let key = key(pixel, cache_bits);
        if cache[key] == pixel {
            take(Token::Cached(key));
        } else {
            cache[key] = pixel;
            take(Token::Literal(pixel));
        }
    }
}

/// A length from 1 on as a symbol, the value of its extra bits, and their number.
pub(super) fn prefix(length: usize) -> (usize, u32, u32) {
    let value = length - 1;
    if value < 4 {
        return (value, 0, 0);
    }
    let highest = value.ilog2();
    let second = value >> (highest - 1) & 1;
    let n_extra = highest - 1;
    (2 * highest as usize + second, (value & ((1 << n_extra) - 1)) as u32, n_extra)
}

/// How often each symbol occurs.
#[derive(Debug)]
pub(super) struct Counts {
    green: Vec<u32>,
    red: [u32; 256],
    blue: [u32; 256],
    alpha: [u32; 256],
    distance: [u32; DISTANCES],
    n_extra_bits: u64,
}

impl Counts {
    pub(super) fn of(pixels: &[Pixel], cache_bits: u32) -> Self {
        let cache_size = if cache_bits == 0 { 0 } else { 1 << cache_bits };
        let mut counts = Self {
            green: vec![0; CACHE_START + cache_size],
            red: [0; 256],
            blue: [0; 256],
            alpha: [0; 256],
            distance: [0; DISTANCES],
            n_extra_bits: 0,
        };
        walk(pixels, cache_bits, |token| match token {
            Token::Literal([r, g, b, a]) => {
                counts.red[usize::from(r)] += 1;
                counts.green[usize::from(g)] += 1;
                counts.blue[usize::from(b)] += 1;
                counts.alpha[usize::from(a)] += 1;
            }
            Token::Cached(key) => counts.green[CACHE_START + key] += 1,
            Token::Run(length) => {
                let (symbol, _, n_extra) = prefix(length);
                counts.green[RUN_START + symbol] += 1;
                counts.distance[LEFT] += 1;
                counts.n_extra_bits += u64::from(n_extra);
            }
        });
        counts
    }

    /// In the order of the file.
    pub(super) fn channels(&self) -> [&[u32]; 5] {
        [&self.green, &self.red, &self.blue, &self.alpha, &self.distance]
    }

    /// Bits of the picture at least.
    pub(super) fn bits(&self) -> f64 {
        let coded: f64 = self.channels().into_iter().map(huffman::entropy_bits).sum();
        coded + self.n_extra_bits as f64
    }
}
