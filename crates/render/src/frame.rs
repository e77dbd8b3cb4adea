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
    /// Lays the frame over a background and makes bytes by truncation, floor(255 · value) (§B.6). A fully empty pixel
    /// gives the background byte for byte.
    #[must_use]
    pub fn over(&self, background: Background) -> RgbaImage {
        let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0) as u8;
        let mut picture = RgbaImage::new(self.size_px[0], self.size_px[1]);
        for ((pixel, colour), &t) in picture.pixels_mut().zip(&self.colour).zip(&self.transmittance)
        {
            pixel.0 = match background {
                Background::Solid(rgb) => {
                    let over = |c: usize| byte(colour[c] + t * rgb[c]);
                    [over(0), over(1), over(2), 255]
                }
                Background::Transparent => {
                    let alpha = 1.0 - t;
                    let straight = |c: f32| if alpha > 0.0 { byte(c / alpha) } else { 0 };
                    let [r, g, b] = *colour;
                    [straight(r), straight(g), straight(b), byte(alpha)]
                }
            };
        }
        picture
    }
}
