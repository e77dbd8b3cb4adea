//! The pictures a service is asked with: objects of this project, and what services trip over.

use std::io::{Cursor, Write};
use std::sync::OnceLock;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageError, ImageFormat, RgbaImage};

/// A file called a picture.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    /// For findings.
    pub(super) name: &'static str,
    pub(super) bytes: Bytes,
}

impl Picture {
    fn new(name: &'static str, bytes: impl Into<Bytes>) -> Self {
        Self { name, bytes: bytes.into() }
    }
}

const VASE: &[u8] = include_bytes!("../../../../assets/pictures/vase.jpg");
const VASE_MASK: &[u8] = include_bytes!("../../../../assets/pictures/vase.mask.png");
const TOADSTOOL: &[u8] = include_bytes!("../../../../assets/pictures/toadstool.jpg");

/// A vase, as JPEG.
pub(super) fn vase() -> Picture {
    Picture::new("a JPEG", VASE)
}

/// Another object, as JPEG.
pub(super) fn toadstool() -> Picture {
    Picture::new("another JPEG", TOADSTOOL)
}

/// The vase as PNG, 512 pixels wide.
fn png() -> Result<Picture, ImageError> {
    let picture = image::load_from_memory(VASE)?.resize(512, 512, FilterType::Triangle).to_rgb8();
    Ok(Picture::new("a PNG", encode(&picture.into())?))
}

/// The vase as PNG, cut out.
fn rgba() -> Result<Picture, ImageError> {
    let mask = image::load_from_memory(VASE_MASK)?.to_luma8();
    let (width, height) = mask.dimensions();
    let vase =
        image::load_from_memory(VASE)?.resize_exact(width, height, FilterType::Triangle).to_rgb8();
    let picture = RgbaImage::from_fn(width, height, |x, y| {
        let [r, g, b] = vase.get_pixel(x, y).0;
        image::Rgba([r, g, b, mask.get_pixel(x, y).0[0]])
    });
    Ok(Picture::new("a PNG with alpha", encode(&picture.into())?))
}

/// The vase as JPEG of 4000 × 3000 pixels.
fn big() -> Result<Picture, ImageError> {
    let picture =
        image::load_from_memory(VASE)?.resize_exact(4000, 3000, FilterType::Nearest).to_rgb8();
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 85).encode_image(&picture)?;
    Ok(Picture::new("a picture of 12 megapixels", bytes))
}

/// The pictures that have to be made; drawing them would keep a thread of requests busy for a second.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) png: Picture,
    pub(super) rgba: Picture,
    pub(super) big: Picture,
    pub(super) odd: Vec<Picture>,
}

/// Makes them, once per process.
pub(super) fn made() -> Result<Made, ImageError> {
    static MADE: OnceLock<Made> = OnceLock::new();
    if let Some(made) = MADE.get() {
        return Ok(made.clone());
    }
    let made = Made { png: png()?, rgba: rgba()?, big: big()?, odd: odd() };
    Ok(MADE.get_or_init(|| made).clone())
}

/// What must be answered with an error.
pub(super) fn garbage() -> [Picture; 2] {
    let page = "<!DOCTYPE html><title>Not a picture</title><p>Not a picture.";
    let noise: Vec<u8> =
        (0_u32..4096).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    [Picture::new("an HTML page", page), Picture::new("4096 random bytes", noise)]
}

/// What must be answered, no matter how.
fn odd() -> Vec<Picture> {
    vec![
        Picture::new("a PNG of 16 bits", plain_png(64, 64, 16)),
        Picture::new("a CMYK JPEG", &include_bytes!("pictures/cmyk.jpg")[..]),
        Picture::new("an animated GIF", &include_bytes!("pictures/animated.gif")[..]),
        Picture::new("half a JPEG", &VASE[..VASE.len() / 2]),
        Picture::new("a PNG of 100 megapixels", plain_png(10_000, 10_000, 1)),
        Picture::new("an empty file", Bytes::new()),
    ]
}

/// What a server of pictures may send that is no picture.
pub(super) const PAGE: &str = "<!DOCTYPE html><title>404</title><p>There is no picture here.";

fn encode(picture: &DynamicImage) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}

/// A black gray-scale PNG of 1, 8 or 16 bits per pixel. Small for any size: it is what a decompression bomb looks like.
fn plain_png(width: u32, height: u32, bits: u8) -> Vec<u8> {
    let row = vec![0; 1 + (width as usize * usize::from(bits)).div_ceil(8)];
    let mut data = ZlibEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..height {
        // Writing to memory cannot fail.
        data.write_all(&row).ok();
    }
    let mut header = Vec::new();
    header.extend_from_slice(&width.to_be_bytes());
    header.extend_from_slice(&height.to_be_bytes());
    header.extend_from_slice(&[bits, 0, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, body) in
        [(b"IHDR", header), (b"IDAT", data.finish().unwrap_or_default()), (b"IEND", Vec::new())]
    {
        let mut crc = flate2::Crc::new();
        crc.update(name);
        crc.update(&body);
        png.extend_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes());
        png.extend_from_slice(name);
        png.extend_from_slice(&body);
        png.extend_from_slice(&crc.sum().to_be_bytes());
    }
    png
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(picture: &Picture) -> Option<(u32, u32)> {
        image::load_from_memory(&picture.bytes).ok().map(|it| (it.width(), it.height()))
    }

    #[test]
    fn pictures_are_what_they_are_called() {
        assert_eq!(size(&vase()), Some((1024, 1024)));
        assert_eq!(size(&png().expect("drawn")), Some((512, 512)));
        let rgba = rgba().expect("drawn");
        let alpha = image::load_from_memory(&rgba.bytes).expect("a picture").to_rgba8();
        assert!(alpha.pixels().any(|p| p.0[3] == 0) && alpha.pixels().any(|p| p.0[3] == 255));
        assert_eq!(size(&big().expect("drawn")), Some((4000, 3000)));
        assert!(garbage().iter().all(|picture| size(picture).is_none()));
        let odd = odd();
        assert_eq!(size(&odd[0]), Some((64, 64)));
        assert!(odd[4].bytes.len() < 200_000, "{} bytes", odd[4].bytes.len());
        let reader = image::ImageReader::new(Cursor::new(&odd[4].bytes)).with_guessed_format();
        let bomb = reader.expect("memory").into_dimensions().expect("a header");
        assert_eq!(bomb, (10_000, 10_000));
    }
}
