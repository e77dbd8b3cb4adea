//! Every picture comes back, decoded by the `image-webp` crate.

use std::io::Cursor;

use image::ImageDecoder as _;
use image::codecs::webp::WebPDecoder;
use proptest::prelude::*;

use super::*;

fn decode(file: &[u8]) -> (usize, Vec<Pixel>) {
    let decoder = WebPDecoder::new(Cursor::new(file)).expect("a WebP");
    let (width, _) = decoder.dimensions();
    let picture = image::DynamicImage::from_decoder(decoder).expect("a picture").into_rgba8();
    (width as usize, picture.pixels().map(|pixel| pixel.0).collect())
}

/// An evenly spread value from an index.
fn noise(idx: usize) -> u32 {
    let mut bits = (idx as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (bits >> 32) as u32
}

#[test]
fn pictures_of_each_kind_come_back() {
    type PixelOf = fn(usize) -> Pixel;
    let kinds: [(&str, PixelOf); 7] = [
        ("noise", |idx| noise(idx).to_le_bytes()),
        ("opaque noise", |idx| (noise(idx) | 255 << 24).to_le_bytes()),
        ("one colour", |_| [7, 200, 3, 255]),
        ("ramp", |idx| {
            [(idx / 9) as u8, (idx / 5) as u8, (idx / 7) as u8, 252 + (noise(idx) % 4) as u8]
        }),
        ("few colours", |idx| [(noise(idx) % 3) as u8, 0, (noise(idx) % 2) as u8, 255]),
        ("runs", |idx| [(noise(idx / 4321) % 9) as u8, 1, (noise(idx / 700) % 5) as u8, 255]),
        // Counts that double: the tree would be deeper than code words may be long.
        ("skewed", |idx| [(noise(idx) | 1 << 30).trailing_zeros() as u8, 0, 0, 255]),
    ];
    for (name, pixel) in kinds {
        for (width, height) in [(1, 1), (1, 7), (5, 1), (64, 64), (1000, 300)] {
            let pixels: Vec<Pixel> = (0..width * height).map(pixel).collect();
            let file = encode(pixels.clone(), width);
            assert!(decode(&file) == (width, pixels), "{name}, {width} × {height}");
        }
    }
}

#[test]
fn lengths_of_code_words_stay_within_their_limit() {
    let counts: Vec<u32> = (0..31).map(|idx| 1 << idx).collect();
    for max in [15, 7] {
        let lengths = huffman::lengths(&counts, max);
        let kraft: u32 = lengths.iter().map(|length| 1 << (max - usize::from(*length))).sum();
        assert!(
            kraft == 1 << max && lengths.iter().all(|length| usize::from(*length) <= max),
            "{lengths:?}"
        );
    }
}

proptest! {
    #[test]
    fn any_pixels_come_back(pixels: Vec<Pixel>, width in 1_usize..20) {
        let height = pixels.len() / width;
        prop_assume!(height > 0);
        let pixels = pixels[..width * height].to_vec();
        prop_assert!(decode(&encode(pixels.clone(), width)) == (width, pixels));
    }
}
