//! Pictures inside a GLB, as textures. Source: rendering specification §C.1, §C.2.

use std::io::Cursor;

use asset::glb::Document;
use image::{DynamicImage, ImageReader, Limits};
use serde_json::Value;

use super::{LoadError, Texture};

/// Side of a picture, pixels.
const SIDE_PX_MAX: u32 = 16_384;
/// Bytes of one picture when it is decoded.
const DECODED_BYTES_MAX: u64 = 512 << 20;

/// The texture of a `textureInfo`. `None` where the original had none either: KTX2, what is no picture that we know, no
/// source.
pub(super) fn texture(
    document: &Document,
    info: &Value,
    key: &str,
) -> Result<Option<Texture>, LoadError> {
    let json = document.json();
    let at = |list: &str, idx: &Value| json.get(list)?.get(idx.as_u64()? as usize);
    let source = info.get("index").and_then(|idx| at("textures", idx)).and_then(|texture| {
        texture.pointer("/extensions/EXT_texture_webp/source").or_else(|| texture.get("source"))
    });
    let Some((source, image)) = source.and_then(|source| Some((source, at("images", source)?)))
    else {
        return Ok(None);
    };
    if image.get("mimeType").and_then(Value::as_str) == Some("image/ktx2") {
        return Ok(None);
    }
    let Ok(bytes) = document.image(source.as_u64().unwrap_or_default() as usize) else {
        return Ok(None);
    };
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let Some(mut reader) = reader.ok().filter(|reader| reader.format().is_some()) else {
        return Ok(None);
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_PX_MAX);
    limits.max_image_height = Some(SIDE_PX_MAX);
    limits.max_alloc = Some(DECODED_BYTES_MAX);
    reader.limits(limits);
    let decoded = reader.decode();
    let decoded = decoded.map_err(|error| LoadError::Failed(format!("{key}: {error}")))?;
    // Where one channel is taken, the other does not matter.
    let takes_one = matches!(key, "occlusionTexture" | "metallicRoughnessTexture");
    let is_grey_alpha =
        matches!(decoded, DynamicImage::ImageLumaA8(_) | DynamicImage::ImageLumaA16(_));
    if is_grey_alpha && !takes_one {
        let text = format!("{key} has two channels, grey and alpha, which cannot be drawn");
        return Err(LoadError::Refused(text));
    }
    let rgba = decoded.into_rgba8();
    let (width, height) = rgba.dimensions();
    Ok(Texture::new(width, height, rgba.into_raw().as_chunks().0.to_vec()))
}
