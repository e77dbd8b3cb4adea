//! Pictures of all sorts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use generators::Failure;
use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma, Rgb, Rgba};
use insta::assert_snapshot;

use super::{Service, Setting, encoded, generate, png, square};

/// A picture of one colour, 16 × 12 pixels, written by Pillow 13.
const CMYK_JPEG: &str = "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAQCwwODAoQDg0OEhEQExgoGhgWFhgxIyUdKDozPTw5Mzg3QEhcTkBEV0U3OFBtUVdfYmdoZz5NcXlwZHhcZWdj/8AAFAgADAAQBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwDpK52uJr0Ciiiiiiiiiiiiv//Z";
/// The same in another colour after it.
const ANIMATED_PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAABAAAAAMCAIAAADkharWAAAACGFjVEwAAAACAAAAAPONk3AAAAAaZmNUTAAAAAAAAAAQAAAADAAAAAAAAAAAAAEACgAAYtH5jgAAABdJREFUeJxjPGEjwkAKYCJJ9aiGEaQBAJ+eATDRJClCAAAAGmZjVEwAAAABAAAAEAAAAAwAAAAAAAAAAAABAAoAAPmiE1oAAAAbZmRBVAAAAAJ4nGMUsTnBQApgIkn1qIYRpAEAnjYBMLWQbRcAAAAASUVORK5CYII=";
const ANIMATED_WEBP: &str = "UklGRsQAAABXRUJQVlA4WAoAAAACAAAADwAACwAAQU5JTQYAAAAAAAAAAABBTk1GSAAAAAAAAAAAAA8AAAsAAGQAAAJWUDggMAAAADABAJ0BKhAADAABQCYloAADcAD+7tPf//mwP/bz/wR6Af//tof/+2h//7aH/SgAAEFOTUZIAAAAAAAAAAAADwAACwAAZAAAAFZQOCAwAAAANAEAnQEqEAAMAAAAJiWgAANwAP72lZf//cHH/9wcf/3Bx+9b//8Wh/bz/g1tKAAA";

#[tokio::test(flavor = "multi_thread")]
async fn odd_ones_are_taken() {
    // As a generator that has to read them.
    let setting = Setting::making(|request| {
        let picture = vision::decode(&request.picture).expect("the service let it in");
        let Rgba([r, g, b, _]) = *picture.get_pixel(5, 5);
        Ok(format!("{} × {}, {r} {g} {b}", picture.width(), picture.height()).into())
    });
    let service = setting.start().await;
    let decoded = |text| STANDARD.decode(text).expect("base64");
    let wide = DynamicImage::from(square()).to_rgb16();
    let grey: ImageBuffer<Luma<u16>, _> = DynamicImage::from(square()).to_luma16();
    let clear = ImageBuffer::from_pixel(20, 20, Rgba([1_u8, 2, 3, 0]));
    let mut lines = String::new();
    for (what, picture) in [
        ("16 bits", encoded(wide, ImageFormat::Png)),
        ("16 bits of grey", encoded(grey, ImageFormat::Png)),
        ("grey JPEG", encoded(GrayImage::new(9, 9), ImageFormat::Jpeg)),
        ("transparent", encoded(clear, ImageFormat::WebP)),
        ("CMYK", decoded(CMYK_JPEG)),
        ("animated PNG", decoded(ANIMATED_PNG)),
        ("animated WebP", decoded(ANIMATED_WEBP)),
    ] {
        lines += &format!("{what}: {}\n", generate(service.client, &picture, "1").await.line());
    }
    assert_snapshot!(lines, @r#"
    16 bits: 200 64 × 64, 255 255 255
    16 bits of grey: 200 64 × 64, 255 255 255
    grey JPEG: 200 9 × 9, 0 0 0
    transparent: 200 20 × 20, 1 2 3
    CMYK: 200 16 × 12, 200 60 20
    animated PNG: 200 16 × 12, 200 60 20
    animated WebP: 200 16 × 12, 200 61 21
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_ones_are_refused() {
    let service = Service::start().await;
    let mut lines = String::new();
    for (what, picture) in [
        ("text", b"not a picture".to_vec()),
        ("GIF", b"GIF89a\x01\0\x01\0\0\0\0".to_vec()),
        ("SVG", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec()),
        ("a head alone", png()[..33].to_vec()),
        ("100 megapixels", encoded(GrayImage::new(10_000, 10_000), ImageFormat::Png)),
        ("a long side", encoded(GrayImage::new(16_385, 1), ImageFormat::Png)),
    ] {
        lines += &format!("{what}: {}\n", generate(service.client, &picture, "1").await.line());
    }
    assert_snapshot!(lines, @r#"
    text: 422 {"detail":"picture: neither PNG, JPEG nor WebP"}
    GIF: 422 {"detail":"picture: neither PNG, JPEG nor WebP"}
    SVG: 422 {"detail":"picture: neither PNG, JPEG nor WebP"}
    a head alone: 422 {"detail":"PNG picture: unexpected end of file"}
    100 megapixels: 422 {"detail":"picture, width × height: 10000 × 10000 pixels, our limit is 67108864 in all"}
    a long side: 422 {"detail":"picture, width: 16385 pixels, our limit is 16384"}
    "#);
    assert_eq!(generate(service.client, &png(), "1").await.status, 200, "it still serves");
}

/// The head is sound, the rest is not: generators that do not say so are not to blame.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_picture() {
    let setting = Setting::making(|request| match request.seed.bits() {
        0 => Ok(super::echo(&request)),
        1 => Err(Failure::Failed("exit status 1".to_owned())),
        _ => Err(Failure::BadPicture("cut off".to_owned())),
    });
    let service = setting.start().await;
    let noise = noise();
    let half = &noise[..noise.len() / 2];
    let mut lines = String::new();
    for (picture, seed) in [(half, "0"), (half, "1"), (half, "2"), (&noise, "1")] {
        lines += &format!("{}\n", generate(service.client, picture, seed).await.line());
    }
    assert_snapshot!(lines, @r#"
    200 splats of 3682 bytes, seed 0
    422 {"detail":"PNG picture: unexpected end of file"}
    422 {"detail":"picture: cut off"}
    500 {"detail":"exit status 1"}
    "#);
}

fn noise() -> Vec<u8> {
    let noise = ImageBuffer::from_fn(64, 64, |x, y| Rgb([(x * y) as u8, (x ^ y) as u8, x as u8]));
    encoded(noise, ImageFormat::Png)
}
