//! Pictures of textures: PNG, JPEG and WebP as bytes of red, green, blue and alpha. Size first, then memory.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageReader};

use crate::scene::limits::FILE;
use crate::scene::{Level, Texels};

/// Pixels of one picture: 8192 × 8192.
const PIXELS_MAX: usize = 1 << 26;

/// Decodes a picture, if it and what was decoded before (`texel_bytes`, which grows) stay within the limits of files.
pub(crate) fn decode(bytes: &[u8], texel_bytes: &mut usize) -> Result<Level, String> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let reader = reader.map_err(|cause| cause.to_string())?;
    if reader.format().is_none() {
        return Err("is not a PNG, JPEG or WebP picture".to_owned());
    }
    let decoder = reader.into_decoder().map_err(|cause| format!("broken picture: {cause}"))?;
    let (width, height) = decoder.dimensions();
    let max = FILE.texture_side;
    if width == 0 || height == 0 || width > max || height > max {
        return Err(format!("{width} × {height} pixels, sides may be 1 to {max}"));
    }
    let pixel_count = width as usize * height as usize;
    if pixel_count > PIXELS_MAX {
        return Err(format!("{width} × {height} pixels, our limit is {PIXELS_MAX} altogether"));
    }
    // Sixteen bits for each channel at most, before they become eight.
    *texel_bytes += 4 * pixel_count;
    check_budget(*texel_bytes)?;
    let picture = DynamicImage::from_decoder(decoder);
    let picture = picture.map_err(|cause| format!("broken picture: {cause}"))?;
    Ok(Level { width, height, texels: Texels::U8(picture.into_rgba8().into_raw()) })
}

/// Whether all pictures together are within the limit.
pub(crate) fn check_budget(texel_bytes: usize) -> Result<(), String> {
    let max = FILE.texel_bytes;
    if texel_bytes > max {
        return Err(format!(
            "{texel_bytes} bytes of pixels, with the pictures before it, our limit is {max}"
        ));
    }
    Ok(())
}
