//! Pictures are made here, so that each file is known byte for byte.

use image::{DynamicImage, ExtendedColorType, ImageEncoder, Rgba};
use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;

/// 5×4 pixels, no two alike.
fn sample() -> RgbaImage {
    RgbaImage::from_fn(5, 4, |x, y| Rgba([40 * x as u8, 60 * y as u8, 200, 255]))
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A sound PNG whose header says another size; its checksum is set right.
fn png_claiming(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = encoded(&sample().into(), ImageFormat::Png);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.to_be_bytes());
    bytes
}

/// The CRC of PNG chunks (ISO 3309), bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    })
}

fn outcome(bytes: &[u8]) -> String {
    decode(bytes).map_or_else(
        |error| error.to_string(),
        |picture| format!("{} × {}", picture.width(), picture.height()),
    )
}

#[test]
fn lossless_formats_come_back_as_they_were() {
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        assert_eq!(decode(&encoded(&sample().into(), format)).unwrap(), sample(), "{format:?}");
    }
}

#[test]
fn grey_and_deep_pictures_become_rgba() {
    let rgba = DynamicImage::from(sample());
    let grey = decode(&encoded(&rgba.to_luma8().into(), ImageFormat::Png)).unwrap();
    assert!(grey.pixels().all(|p| p[0] == p[1] && p[1] == p[2] && p[3] == 255));
    assert_eq!(decode(&encoded(&rgba.to_rgba16().into(), ImageFormat::Png)).unwrap(), sample());
    let grey_alpha = decode(&encoded(&rgba.to_luma_alpha8().into(), ImageFormat::Png)).unwrap();
    assert_eq!(grey_alpha, grey);
}

#[test]
fn jpeg_is_close() {
    let flat = RgbaImage::from_pixel(16, 16, Rgba([200, 120, 40, 255]));
    let rgb = DynamicImage::from(flat.clone()).to_rgb8();
    let found = decode(&encoded(&rgb.into(), ImageFormat::Jpeg)).unwrap();
    let largest = found.as_raw().iter().zip(flat.as_raw()).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(largest <= Some(3), "{largest:?}");
}

/// Orientation 6: the camera was turned, rows of the file are columns of the picture from the right.
#[test]
fn exif_orientation_is_applied() {
    let mut exif = b"II*\0\x08\0\0\0\x01\0".to_vec();
    exif.extend(*b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0");
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    encoder.set_exif_metadata(exif).unwrap();
    let picture = sample();
    encoder.write_image(picture.as_raw(), 5, 4, ExtendedColorType::Rgba8).unwrap();
    let found = decode(&bytes).unwrap();
    assert_eq!(found, image::imageops::rotate90(&sample()));
}

#[test]
fn sizes_beyond_the_limits_are_refused_from_the_header() {
    assert_snapshot!(outcome(&png_claiming(60_000, 60_000)), @"picture, width: 60000 pixels, our limit is 16384");
    assert_snapshot!(outcome(&png_claiming(5, 20_000)), @"picture, height: 20000 pixels, our limit is 16384");
    assert_snapshot!(outcome(&png_claiming(16_000, 16_000)), @"picture, width × height: 16000 × 16000 pixels, our limit is 67108864 in all");
    assert_snapshot!(outcome(&png_claiming(8_000, 8_000)), @"picture, pixel data: 144 bytes of file cannot hold 8000 × 8000 pixels");
    assert_snapshot!(outcome(&png_claiming(0, 4)), @"picture, width: 0 pixels");
}

#[test]
fn broken_files_are_told_in_one_line() {
    assert_snapshot!(outcome(b""), @"picture: neither PNG, JPEG nor WebP");
    assert_snapshot!(outcome(b"ply\nformat ascii 1.0"), @"picture: neither PNG, JPEG nor WebP");
    assert_snapshot!(outcome(b"GIF89a\x01\0\x01\0\0\0\0"), @"picture: neither PNG, JPEG nor WebP");
    let png = encoded(&sample().into(), ImageFormat::Png);
    assert_snapshot!(outcome(&png[..40]), @"PNG picture: unexpected end of file");
    assert_snapshot!(outcome(&png_claiming(50, 40)), @"PNG picture: Format error decoding Png: IDAT or fDAT chunk does not have enough data for image.");
    let jpeg = encoded(&DynamicImage::from(sample()).to_rgb8().into(), ImageFormat::Jpeg);
    assert_snapshot!(outcome(&jpeg[..40]), @"JPEG picture: Format error decoding Jpeg: I/O errors Not enough bytes, expected 1 but found 0");
    let webp = encoded(&sample().into(), ImageFormat::WebP);
    assert_snapshot!(outcome(&webp[..24]), @"WebP picture: failed to fill whole buffer");
}

proptest! {
    /// A sound file with a few bytes changed and its end cut off: an answer, never a panic.
    #[test]
    fn any_bytes_get_an_answer(
        format in 0..3_usize,
        changes in proptest::collection::vec((0.0..1.0_f64, any::<u8>()), 0..6),
        keep in 0.0..1.5_f64,
    ) {
        let formats = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP];
        let mut bytes = encoded(&DynamicImage::from(sample()).to_rgb8().into(), formats[format]);
        for (place, value) in changes {
            let at = (place * bytes.len() as f64) as usize;
            bytes[at] = value;
        }
        bytes.truncate((keep * bytes.len() as f64) as usize);
        if let Err(error) = decode(&bytes) {
            prop_assert!(!error.to_string().contains('\n'), "{}", error);
        }
    }
}
