//! What a renderer hands back: colour and coverage in floats, before background and bytes.

use image::RgbaImage;

/// What is behind the asset.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Background {
    /// Opaque, display-referred RGB, 0 to 1.
    Solid([f32; 3]),
    /// Straight (not premultiplied) alpha in the picture.
    Transparent,
}

impl Background {
    /// `ffffff`.
    pub const WHITE: Self = Self::Solid([1.0; 3]);
    /// `808080`.
    pub const GRAY: Self = Self::Solid([128.0 / 255.0; 3]);
}

/// A drawn picture before it is laid over a background. Pixels row by row from the top left.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Width, height in pixels.
    pub size_px: [u32; 2],
    /// Σ colour·α·T, display-referred, **premultiplied**, not clamped: `[pixel][r, g, b]`.
    pub colour: Vec<[f32; 3]>,
    /// Transmittance left over, T: alpha is 1 − T. `[pixel]`
    pub transmittance: Vec<f32>,
}

impl Frame {
    /// Lays the frame over a background and makes bytes.
    ///
    /// Over a solid background by truncation, floor(255 · value), as the original does (§B.6); a pixel that nothing was
    /// drawn on has the bytes nearest to the background, so 128/255 is 128 whatever the last bit of the float.
    /// Transparent pictures are ours: colour divided by alpha, and alpha, both rounded to the nearest byte, because
    /// what is meant to be opaque has an alpha of up to 0.9999; without alpha all four bytes are 0.
    #[must_use]
    pub fn over(&self, background: Background) -> RgbaImage {
        let mut picture = RgbaImage::new(self.size_px[0], self.size_px[1]);
        let pixels = picture.pixels_mut().zip(&self.colour).zip(&self.transmittance);
        match background {
            Background::Solid(rgb) => {
                let [r, g, b] = rgb.map(rounded);
                for ((pixel, colour), &t) in pixels {
                    pixel.0 = if t == 1.0 && *colour == [0.0; 3] {
                        [r, g, b, 255]
                    } else {
                        let over = |c: usize| truncated(colour[c] + t * rgb[c]);
                        [over(0), over(1), over(2), 255]
                    };
                }
            }
            Background::Transparent => {
                for ((pixel, colour), &t) in pixels {
                    let alpha = 1.0 - t;
                    pixel.0 = match rounded(alpha) {
                        0 => [0; 4],
                        a => {
                            let [r, g, b] = colour.map(|c| rounded(c / alpha));
                            [r, g, b, a]
                        }
                    };
                }
            }
        }
        picture
    }
}

/// A picture without background, from the same one over black and over white. Straight alpha; of a pixel that lets its
/// channels through differently, the one that lets through least counts.
#[must_use]
pub fn cut_out(black: &RgbaImage, white: &RgbaImage) -> RgbaImage {
    let mut picture = black.clone();
    for (pixel, white) in picture.pixels_mut().zip(white.pixels()) {
        let [r, g, b, _] = pixel.0;
        let clear = [0, 1, 2].map(|c| white.0[c].saturating_sub(pixel.0[c]));
        let alpha = 255 - clear.into_iter().min().unwrap_or(0);
        pixel.0 = match alpha {
            0 => [0; 4],
            _ => {
                let a = u32::from(alpha);
                let [r, g, b] =
                    [r, g, b].map(|c| ((u32::from(c) * 255 + a / 2) / a).min(255) as u8);
                [r, g, b, alpha]
            }
        };
    }
    picture
}

/// floor(255 · value), clamped.
fn truncated(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0) as u8
}

/// The byte nearest to 255 · value, clamped.
fn rounded(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_pixel(colour: [f32; 3], transmittance: f32, background: Background) -> [u8; 4] {
        let frame =
            Frame { size_px: [1, 1], colour: vec![colour], transmittance: vec![transmittance] };
        frame.over(background).get_pixel(0, 0).0
    }

    #[test]
    fn every_background_byte_comes_out_as_it_went_in() {
        for byte in 0..=255_u8 {
            let rgb = [f32::from(byte) / 255.0; 3];
            let found = one_pixel([0.0; 3], 1.0, Background::Solid(rgb));
            assert_eq!(found, [byte, byte, byte, 255]);
        }
        assert_eq!(one_pixel([0.0; 3], 1.0, Background::GRAY), [128, 128, 128, 255]);
        assert_eq!(one_pixel([0.0; 3], 1.0, Background::WHITE), [255; 4]);
    }

    #[test]
    fn solid_bytes_are_truncated_and_clamped() {
        assert_eq!(one_pixel([0.5, 1.7, -0.3], 0.0, Background::WHITE), [127, 255, 0, 255]);
        assert_eq!(one_pixel([0.25, 0.0, 0.0], 0.5, Background::WHITE), [191, 127, 127, 255]);
        assert_eq!(one_pixel([f32::NAN; 3], 0.5, Background::WHITE), [0, 0, 0, 255]);
    }

    #[test]
    fn transparent_colour_is_straight() {
        let over = |colour, t| one_pixel(colour, t, Background::Transparent);
        assert_eq!(over([0.25, 0.125, 0.0], 0.5), [128, 64, 0, 128]);
        assert_eq!(over([0.999_8, 0.0, 0.0], 2e-4), [255, 0, 0, 255]);
        assert_eq!(over([0.0; 3], 1.0), [0; 4]);
        assert_eq!(over([0.001, 0.0, 0.0], 0.999), [0; 4]);
        assert_eq!(over([9.0, -1.0, 0.0], 0.5), [255, 0, 0, 128]);
    }
}
