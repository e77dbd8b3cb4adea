//! Textures: pictures as PNG in the encoding and the channels that glTF wants, samplers, uv transforms.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use serde_json::{Value, json};

use super::build::Builder;
use super::losses::Owner;
use crate::color;
use crate::scene::{Format, Level, MagFilter, MinFilter, Scene, Texels, Texture, TextureId, Wrap};

/// What a picture is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// Values as they are sampled.
    Data(TextureId),
    /// Colours, encoded as sRGB; alpha of their own.
    Color(TextureId),
    /// Colours, white if there are none, with alpha from G of the second.
    ColorAlpha(Option<TextureId>, TextureId),
    /// G of the first, B of the second, 1 for what is missing.
    RoughMetal(Option<TextureId>, Option<TextureId>),
    /// One channel as a shade of grey.
    Grey(TextureId, u8),
    /// A direction whose x and y are multiplied by two numbers (their bits).
    Normal(TextureId, [u32; 2]),
}

impl Source {
    /// The texture whose sampler, channel and transform count.
    const fn main(self) -> Option<TextureId> {
        match self {
            Self::Data(id)
            | Self::Color(id)
            | Self::Grey(id, _)
            | Self::Normal(id, _)
            | Self::ColorAlpha(Some(id), _) => Some(id),
            Self::ColorAlpha(None, id) => Some(id),
            Self::RoughMetal(Some(id), _) | Self::RoughMetal(None, Some(id)) => Some(id),
            Self::RoughMetal(None, None) => None,
        }
    }
}

/// A `textureInfo`; `None` without a texture.
pub(super) fn add(builder: &mut Builder<'_>, source: Source) -> Option<Value> {
    let id = source.main()?;
    let texture = builder.scene.texture(id)?;
    tell_losses(builder, id, texture);
    let image = image(builder, source);
    let sampler = sampler(builder, texture);
    let next = builder.textures.len();
    let index = *builder.caches.textures.entry((image, sampler)).or_insert(next);
    if index == next {
        builder.textures.push(json!({ "source": image, "sampler": sampler }));
    }
    let mut info = json!({ "index": index });
    if texture.channel != 0 {
        info["texCoord"] = json!(texture.channel);
    }
    if let Some(transform) = transform(&texture.uv_matrix) {
        info["extensions"] = json!({ "KHR_texture_transform": transform });
        builder.use_extension("KHR_texture_transform");
    }
    Some(info)
}

fn tell_losses(builder: &mut Builder<'_>, id: TextureId, texture: &Texture) {
    let [a, b, _, c, d, _, x, y, _] = texture.uv_matrix;
    let (lengths, overlap) = ((a * a + b * b) * (c * c + d * d), a * c + b * d);
    let is_sheared = overlap * overlap > 1e-12 * lengths;
    if is_sheared || [a, b, c, d, x, y].iter().any(|value| !value.is_finite()) {
        builder.losses.add("sheared uv transform", Owner::Texture(id));
    }
    let is_wide = |level: &Level| match &level.texels {
        Texels::U8(_) => false,
        Texels::F16(values) => values.iter().any(|value| !(0.0..=1.0).contains(&half(*value))),
        Texels::F32(values) => values.iter().any(|value| !(0.0..=1.0).contains(value)),
    };
    if texture.base().is_some_and(is_wide) {
        builder.losses.add("texture values out of 0 to 1", Owner::Texture(id));
    }
    if texture.levels.len() > 1 {
        builder.losses.add("mip levels of the author's own", Owner::Texture(id));
    }
}

fn sampler(builder: &mut Builder<'_>, texture: &Texture) -> usize {
    let wrap = |wrap| match wrap {
        Wrap::Repeat => 10497,
        Wrap::ClampToEdge => 33071,
        Wrap::MirroredRepeat => 33648,
    };
    let has_levels = texture.generate_mipmaps || texture.levels.len() > 1;
    let min = match texture.min_filter {
        MinFilter::Nearest => 9728,
        MinFilter::Linear => 9729,
        MinFilter::NearestMipmapNearest | MinFilter::NearestMipmapLinear if !has_levels => 9728,
        MinFilter::LinearMipmapNearest | MinFilter::LinearMipmapLinear if !has_levels => 9729,
        MinFilter::NearestMipmapNearest => 9984,
        MinFilter::LinearMipmapNearest => 9985,
        MinFilter::NearestMipmapLinear => 9986,
        MinFilter::LinearMipmapLinear => 9987,
    };
    let mag = if texture.mag_filter == MagFilter::Nearest { 9728 } else { 9729 };
    let sampler = json!({
        "magFilter": mag,
        "minFilter": min,
        "wrapS": wrap(texture.wrap_s),
        "wrapT": wrap(texture.wrap_t),
    });
    builder.samplers.iter().position(|found| *found == sampler).unwrap_or_else(|| {
        builder.samplers.push(sampler);
        builder.samplers.len() - 1
    })
}

/// u' = c·sx·u + s·sy·v + tx, v' = −s·sx·u + c·sy·v + ty, with c and s of the rotation. `None` for the identity. What
/// has no such form (a rotation after an uneven repeat) comes as near as the lengths of its columns.
fn transform(matrix: &[f64; 9]) -> Option<Value> {
    let &[a, b, _, c, d, _, x, y, _] = matrix;
    let is_identity = [a, b, c, d, x, y] == [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];
    let (sx, sy) = ((a * a + b * b).sqrt(), (c * c + d * d).sqrt());
    let is_usable = [sx, sy, x, y].iter().all(|value| value.is_finite());
    if is_identity || !is_usable {
        return None;
    }
    // Rounded to 32 bits, so that errors of rounding are gone and what was read is written as the same number.
    let narrow = |value: f64| f64::from(value as f32);
    if (b, c) == (0.0, 0.0) {
        return Some(json!({ "offset": [x, y], "scale": [narrow(a), narrow(d)] }));
    }
    let rotation = if sx > 0.0 { libm::atan2(-b, a) } else { libm::atan2(c, d) };
    let sy = if a * d - b * c < 0.0 { -sy } else { sy };
    let mut transform = json!({ "offset": [x, y], "scale": [narrow(sx), narrow(sy)] });
    // Half a turn in 32 bits is a little more than half a turn, and would come back as one to the other side.
    const HALF_TURN: f64 = 3.141_592_5_f32 as f64;
    let rotation = rotation.clamp(-HALF_TURN, HALF_TURN);
    if rotation != 0.0 {
        transform["rotation"] = json!(narrow(rotation));
    }
    Some(transform)
}

fn image(builder: &mut Builder<'_>, source: Source) -> usize {
    if let Some(image) = builder.caches.images.get(&source) {
        return *image;
    }
    let (width, height) = size(builder.scene, source);
    let has_room = builder.has_room_for_pixels(width as usize * height as usize);
    let png = if has_room { png(builder.scene, source, false) } else { Vec::new() };
    let view = builder.view(&png, 0);
    let mut image = json!({ "bufferView": view, "mimeType": "image/png" });
    let texture = source.main().and_then(|id| builder.scene.texture(id));
    if let Some(texture) = texture.filter(|texture| !texture.name.is_empty()) {
        image["name"] = json!(texture.name);
    }
    builder.images.push(image);
    builder.caches.images.insert(source, builder.images.len() - 1);
    builder.images.len() - 1
}

/// A picture as a PNG file; its first row is at v = 0, or at v = 1 if it is upright.
pub(crate) fn png(scene: &Scene, source: Source, is_upright: bool) -> Vec<u8> {
    let (width, height, mut pixels) = pixels(scene, source);
    if is_upright {
        let row = 4 * width as usize;
        pixels = pixels.chunks_exact(row).rev().flatten().copied().collect();
    }
    let mut png = Vec::new();
    let encoder =
        PngEncoder::new_with_quality(&mut png, CompressionType::Default, FilterType::Adaptive);
    // Writing to memory fails for an empty picture only, and none is.
    encoder.write_image(&pixels, width, height, ExtendedColorType::Rgba8).ok();
    png
}

fn inputs(scene: &Scene, source: Source) -> (Sampler<'_>, Sampler<'_>) {
    let get = |id: Option<TextureId>| Sampler(id.and_then(|id| scene.texture(id)));
    match source {
        Source::Data(id) | Source::Color(id) | Source::Normal(id, _) | Source::Grey(id, _) => {
            (get(Some(id)), get(None))
        }
        Source::ColorAlpha(id, alpha) => (get(id), get(Some(alpha))),
        Source::RoughMetal(rough, metal) => (get(rough), get(metal)),
    }
}

fn size(scene: &Scene, source: Source) -> (u32, u32) {
    let (one, two) = inputs(scene, source);
    (one.size().0.max(two.size().0), one.size().1.max(two.size().1))
}

fn pixels(scene: &Scene, source: Source) -> (u32, u32, Vec<u8>) {
    let (one, two) = inputs(scene, source);
    let (width, height) = size(scene, source);
    let pixel_count = width as usize * height as usize;
    if let Some(pixels) = as_stored(&one, &two, source) {
        return (width, height, pixels);
    }
    let mut pixels = Vec::with_capacity(4 * pixel_count);
    for row in 0..height {
        for column in 0..width {
            let place = (column, row, width, height);
            let a = one.texel(place);
            let pixel = match source {
                Source::Data(_) => a.map(byte),
                Source::Grey(_, channel) => {
                    let shade = byte(a[usize::from(channel.min(3))]);
                    [shade, shade, shade, 255]
                }
                Source::Color(_) => encode(a),
                Source::ColorAlpha(..) => encode([a[0], a[1], a[2], a[3] * two.texel(place)[1]]),
                Source::RoughMetal(..) => [255, byte(a[1]), byte(two.texel(place)[2]), 255],
                Source::Normal(_, factors) => {
                    let [x, y] = factors.map(f32::from_bits);
                    let scaled = |value: f32, factor: f32| byte((value - 0.5) * factor + 0.5);
                    [scaled(a[0], x), scaled(a[1], y), byte(a[2]), 255]
                }
            };
            pixels.extend(pixel);
        }
    }
    (width, height, pixels)
}

/// The bytes of a texture where they are the ones that a file needs: large pictures are common, and curves slow.
fn as_stored(one: &Sampler<'_>, two: &Sampler<'_>, source: Source) -> Option<Vec<u8>> {
    let texture = one.0.filter(|texture| texture.format == Format::Rgba && !texture.flip_y)?;
    let Texels::U8(values) = &texture.base()?.texels else { return None };
    let plain = [1.0_f32.to_bits(); 2];
    match source {
        Source::Data(_) if !texture.is_srgb() => Some(values.clone()),
        Source::Color(_) if texture.is_srgb() => Some(values.clone()),
        Source::Normal(_, factors) if !texture.is_srgb() && factors == plain => {
            Some(values.as_chunks().0.iter().flat_map(|&[x, y, z, _]| [x, y, z, 255]).collect())
        }
        Source::RoughMetal(rough, metal)
            if !texture.is_srgb() && rough == metal && two.0.is_some() =>
        {
            Some(values.as_chunks().0.iter().flat_map(|&[_, g, b, _]| [255, g, b, 255]).collect())
        }
        _ => None,
    }
}

/// A texture, white without one, black and transparent if it was never uploaded.
struct Sampler<'a>(Option<&'a Texture>);

impl Sampler<'_> {
    fn size(&self) -> (u32, u32) {
        let base = self.0.and_then(Texture::base);
        base.map_or((1, 1), |level| (level.width, level.height))
    }

    /// Linear values of the texel nearest to a pixel of a picture of another size.
    fn texel(&self, (column, row, width, height): (u32, u32, u32, u32)) -> [f32; 4] {
        let Some(texture) = self.0 else { return [1.0; 4] };
        let Some(level) = texture.base() else { return [0.0; 4] };
        let scaled = |at: u32, from: u32, to: u32| {
            (u64::from(at) * u64::from(to) / u64::from(from.max(1))) as usize
        };
        let column = scaled(column, width, level.width);
        let row = scaled(row, height, level.height);
        let row = if texture.flip_y { level.height as usize - 1 - row } else { row };
        let channels = texture.format.channels();
        let start = (row * level.width as usize + column) * channels;
        let mut texel = [0.0, 0.0, 0.0, 1.0];
        for (channel, value) in texel.iter_mut().enumerate().take(channels) {
            *value = value_at(level, start + channel);
        }
        if texture.is_srgb() {
            texel[..3].iter_mut().for_each(|value| *value = color::decode(*value));
        }
        texel
    }
}

fn value_at(level: &Level, at: usize) -> f32 {
    let value = match &level.texels {
        Texels::U8(values) => values.get(at).map(|value| f32::from(*value) / 255.0),
        Texels::F16(values) => values.get(at).map(|value| half(*value)),
        Texels::F32(values) => values.get(at).copied(),
    };
    value.unwrap_or(0.0)
}

/// An IEEE half float.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (u32::from((bits >> 10) & 31), u32::from(bits & 1023));
    match exponent {
        // Subnormal: multiples of 2^-24.
        0 => sign * fraction as f32 / 16_777_216.0,
        31 if fraction == 0 => sign * f32::INFINITY,
        31 => f32::NAN,
        _ => sign * f32::from_bits(((exponent + 112) << 23) | (fraction << 13)),
    }
}

/// 0 to 1 as a byte; NaN is 0.
fn byte(value: f32) -> u8 {
    (value * 255.0 + 0.5) as u8
}

fn encode([r, g, b, a]: [f32; 4]) -> [u8; 4] {
    let encode = |value: f32| byte(color::encode(value));
    [encode(r), encode(g), encode(b), byte(a)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves() {
        let values = [0x0000, 0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00].map(half);
        assert_eq!(values, [0.0, 1.0, -2.0, 65504.0, 1.0 / 16_777_216.0, f32::INFINITY]);
        assert!(half(0x7e00).is_nan());
    }

    #[test]
    fn srgb_bytes_come_back() {
        for value in 0..=255_u8 {
            let linear = color::decode(f32::from(value) / 255.0);
            assert_eq!(encode([linear, 0.0, 0.0, 1.0])[0], value);
        }
    }
}
