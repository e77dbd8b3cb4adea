//! Writing lossless WebP: pictures whose pixels are numbers, one splat each, as SOG holds them.
//!
//! Facts: the WebP container and the WebP lossless bitstream specification (RFC 9649).
//!
//! Neighbours along a row are neighbours in space; rows have nothing to do with one another. So the encoder chooses, for
//! the whole picture, between the values themselves, differences from green, and differences from the pixel to the
//! left; repeats are runs of one pixel and hits of the colour cache. On such pictures that is within 1 % of libwebp's
//! default, 50 times as fast.

mod bits;
mod huffman;
mod tokens;

use bits::BitWriter;
use huffman::Code;
use tokens::{Counts, Token};

/// Red, green, blue, alpha.
pub(crate) type Pixel = [u8; 4];

/// Pixels that decide on a way of encoding, in this many pieces.
const SAMPLE_PIXELS: usize = 1 << 16;
const SAMPLE_PIECES: usize = 16;
/// Bits of the colour cache that are tried.
const CACHES: [u32; 4] = [0, 4, 7, 10];
/// Side of the squares that have one predictor each, as a power of two: the largest that there is.
const PREDICTOR_BITS: u32 = 9;

/// What is encoded in place of the pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Transform {
    /// Each pixel minus the one to its left; in the first column minus the one above.
    from_left: bool,
    /// Red and blue minus green, before the other.
    from_green: bool,
}

/// A whole file. `pixels.len()` is `width` times the height; neither is 0 or above 2^14.
pub(crate) fn encode(mut pixels: Vec<Pixel>, width: usize) -> Vec<u8> {
    let height = pixels.len() / width;
    let has_alpha = pixels.iter().any(|pixel| pixel[3] != 255);
    let transform = best_transform(&pixels);
    apply(transform, &mut pixels, width);
    let sample = &pixels[..pixels.len().min(SAMPLE_PIXELS)];
    let cost = |cache: &u32| Counts::of(sample, *cache).bits();
    let cache_bits = CACHES.into_iter().min_by(|a, b| cost(a).total_cmp(&cost(b))).unwrap_or(0);
    let counts = Counts::of(&pixels, cache_bits);

    let mut bits = BitWriter::new(pixels.len() * 3);
    bits.put(0x2f, 8);
    bits.put(width as u32 - 1, 14);
    bits.put(height as u32 - 1, 14);
    bits.put(has_alpha.into(), 1);
    bits.put(0, 3);
    if transform.from_green {
        bits.put(0b101, 3);
    }
    if transform.from_left {
        bits.put(0b001, 3);
        bits.put(PREDICTOR_BITS - 2, 3);
        // The picture of the predictors: no cache, all of it "left". One code per channel, and no bits for a pixel.
        bits.put(0, 1);
        [1, 0, 0, 0, 0].iter().for_each(|symbol| Code::put_single(*symbol, &mut bits));
    }
    bits.put(0, 1);
    if cache_bits > 0 {
        bits.put(1, 1);
        bits.put(cache_bits, 4);
    } else {
        bits.put(0, 1);
    }
    // One set of codes for the whole picture.
    bits.put(0, 1);
    let [green, red, blue, alpha, distance] = counts.channels().map(Code::of);
    [&green, &red, &blue, &alpha, &distance]
        .into_iter()
        .for_each(|code| code.put_lengths(&mut bits));
    tokens::walk(&pixels, cache_bits, |token| match token {
        Token::Literal([r, g, b, a]) => {
            green.put(g.into(), &mut bits);
            red.put(r.into(), &mut bits);
            blue.put(b.into(), &mut bits);
            alpha.put(a.into(), &mut bits);
        }
        Token::Cached(key) => green.put(tokens::CACHE_START + key, &mut bits),
        Token::Run(length) => {
            let (symbol, extra, n_extra) = tokens::prefix(length);
            green.put(tokens::RUN_START + symbol, &mut bits);
            bits.put(extra, n_extra);
            distance.put(tokens::LEFT, &mut bits);
        }
    });
    container(bits.finish())
}

fn container(stream: Vec<u8>) -> Vec<u8> {
    let padded = stream.len().next_multiple_of(2);
    let mut file = Vec::with_capacity(20 + padded);
    file.extend(b"RIFF");
    file.extend((12 + padded as u32).to_le_bytes());
    file.extend(b"WEBPVP8L");
    file.extend((stream.len() as u32).to_le_bytes());
    file.extend(stream);
    file.resize(20 + padded, 0);
    file
}

/// The one with the fewest bits by the entropy of each channel, in pieces spread over the picture.
fn best_transform(pixels: &[Pixel]) -> Transform {
    let piece = SAMPLE_PIXELS / SAMPLE_PIECES;
    let stride = (pixels.len() / SAMPLE_PIECES).max(piece);
    let mut counts = [[[0_u32; 256]; 4]; 4];
    for start in (0..pixels.len()).step_by(stride) {
        let mut left = [0, 0, 0, 255];
        for pixel in &pixels[start..pixels.len().min(start + piece)] {
            let by_left = difference(*pixel, left);
            for (counts, value) in
                counts.iter_mut().zip([*pixel, less_green(*pixel), by_left, less_green(by_left)])
            {
                for (counts, value) in counts.iter_mut().zip(value) {
                    counts[usize::from(value)] += 1;
                }
            }
            left = *pixel;
        }
    }
    let cost =
        |idx: &usize| counts[*idx].iter().map(|counts| huffman::entropy_bits(counts)).sum::<f64>();
    let best = (0..4).min_by(|a, b| cost(a).total_cmp(&cost(b))).unwrap_or(0);
    Transform { from_left: best >= 2, from_green: best % 2 == 1 }
}

fn difference(pixel: Pixel, from: Pixel) -> Pixel {
    [0, 1, 2, 3].map(|channel| pixel[channel].wrapping_sub(from[channel]))
}

fn less_green([r, g, b, a]: Pixel) -> Pixel {
    [r.wrapping_sub(g), g, b.wrapping_sub(g), a]
}

fn apply(transform: Transform, pixels: &mut [Pixel], width: usize) {
    if transform.from_green {
        pixels.iter_mut().for_each(|pixel| *pixel = less_green(*pixel));
    }
    if transform.from_left {
        // From the end on, so that neighbours are still whole.
        for row in (0..pixels.len() / width).rev() {
            let start = row * width;
            for idx in (start + 1..start + width).rev() {
                pixels[idx] = difference(pixels[idx], pixels[idx - 1]);
            }
            let above = if row > 0 { pixels[start - width] } else { [0, 0, 0, 255] };
            pixels[start] = difference(pixels[start], above);
        }
    }
}

#[cfg(test)]
mod tests;
