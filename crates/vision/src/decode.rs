//! Bytes of a picture file to a picture. PNG, JPEG and WebP are told apart by their content, never by a name.
//!
//! Whatever the file stores (palette, grey, 16 bits, CMYK) comes out as straight 8-bit RGBA, turned the way the EXIF
//! orientation asks. Colour profiles are not applied: pictures are taken as sRGB.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, RgbaImage};

/// Longest side we take, in pixels.
pub const SIDE_PX_MAX: u32 = 16_384;
/// Most pixels we take: 64 Mi, which is 256 MiB as RGBA.
pub const PIXELS_MAX: u64 = 64 * 1024 * 1024;
/// Largest memory a decoder may ask for besides the result: a picture of [`PIXELS_MAX`] with 16 bits per channel.
const DECODER_BYTES_MAX: u64 = 8 * PIXELS_MAX;
/// A deflate stream grows at most 1032-fold (a 258-byte match takes two bits), so a PNG that promises more is cut off.
const DEFLATE_GROWTH_MAX: u64 = 1032;

/// Why bytes are not a picture we take.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The first bytes are those of no format we read.
    #[error("picture: neither PNG, JPEG nor WebP")]
    Format,
    /// A side is longer than we take.
    #[error("picture, {field}: {found} pixels, our limit is {SIDE_PX_MAX}")]
    Side {
        /// `width` or `height`.
        field: &'static str,
        /// What the header says.
        found: u32,
    },
    /// The area is larger than we take.
    #[error("picture, width × height: {width} × {height} pixels, our limit is {PIXELS_MAX} in all")]
    Pixels {
        /// What the header says.
        width: u32,
        /// What the header says.
        height: u32,
    },
    /// The picture has no pixels.
    #[error("picture, {field}: 0 pixels")]
    NoPixels {
        /// `width` or `height`.
        field: &'static str,
    },
    /// The header promises more pixels than the file can hold.
    #[error(
        "picture, pixel data: {found_bytes} bytes of file cannot hold {width} × {height} pixels"
    )]
    CutOff {
        /// Length of the file.
        found_bytes: usize,
        /// What the header says.
        width: u32,
        /// What the header says.
        height: u32,
    },
    /// The decoder found the file broken.
    #[error("{format} picture: {message}")]
    Broken {
        /// `PNG`, `JPEG` or `WebP`.
        format: &'static str,
        /// In the decoder's words, on one line.
        message: String,
    },
}

/// Decodes a PNG, JPEG or WebP file. Of several frames it takes the first.
///
/// # Errors
/// Another format; a side above [`SIDE_PX_MAX`] or an area above [`PIXELS_MAX`], found in the header before memory is
/// taken; a broken or truncated file.
pub fn decode(bytes: &[u8]) -> Result<RgbaImage, DecodeError> {
    let (mut decoder, format) = open(bytes)?;
    // A broken EXIF block is no reason to refuse the pixels.
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder);
    let mut picture = picture.map_err(|error| broken(format, &error))?;
    picture.apply_orientation(orientation);
    Ok(picture.into_rgba8())
}

/// Looks at the header only: width and height as the file has them, before it is turned as its EXIF block asks.
///
/// # Errors
/// Those of [`decode`] that a header can tell of.
pub fn size(bytes: &[u8]) -> Result<(u32, u32), DecodeError> {
    open(bytes).map(|(decoder, _)| decoder.dimensions())
}

fn broken(format: &'static str, error: &ImageError) -> DecodeError {
    let message = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    DecodeError::Broken { format, message }
}

/// The decoder of a file whose header passed, and the name of its format.
fn open(bytes: &[u8]) -> Result<(impl ImageDecoder, &'static str), DecodeError> {
    let format = image::guess_format(bytes).map_err(|_| DecodeError::Format)?;
    let name = match format {
        ImageFormat::Png => "PNG",
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::WebP => "WebP",
        _ => return Err(DecodeError::Format),
    };
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(DECODER_BYTES_MAX);
    // Sides are checked below, so that the error is ours.
    limits.max_image_width = None;
    limits.max_image_height = None;
    if format == ImageFormat::Png {
        // Before the decoder is made: it may reserve rows by what the header says.
        check_size(png_size(bytes).unwrap_or((1, 1)), bytes.len(), true)?;
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|error| broken(name, &error))?;
    check_size(decoder.dimensions(), bytes.len(), false)?;
    Ok((decoder, name))
}

/// Width and height as a PNG's first chunk has them: bytes 16 to 24, big-endian.
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let word = |at: usize| bytes.get(at..)?.first_chunk().map(|&raw| u32::from_be_bytes(raw));
    Some((word(16)?, word(20)?))
}

fn check_size(
    (width, height): (u32, u32),
    file_bytes: usize,
    deflated: bool,
) -> Result<(), DecodeError> {
    for (field, found) in [("width", width), ("height", height)] {
        if found == 0 {
            return Err(DecodeError::NoPixels { field });
        }
        if found > SIDE_PX_MAX {
            return Err(DecodeError::Side { field, found });
        }
    }
    let pixels = u64::from(width) * u64::from(height);
    if pixels > PIXELS_MAX {
        return Err(DecodeError::Pixels { width, height });
    }
    // One bit per pixel is the least a PNG can promise.
    if deflated && pixels / 8 > file_bytes as u64 * DEFLATE_GROWTH_MAX {
        return Err(DecodeError::CutOff { found_bytes: file_bytes, width, height });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
