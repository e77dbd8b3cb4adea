//! Textures as they are uploaded, and maps: a texture, its sampler, its coordinates.
//! Source: rendering specification §D.7.

use asset::scene::{
    Format, Level, MagFilter, MinFilter, Scene, Texels as SceneTexels, Texture as SceneTexture,
    TextureId, Wrap as SceneWrap,
};
use glam::Vec2;

use crate::shade::texture::{Channels, Filter, Sampler, Texels, Texture, Wrap};

/// A texture as a material reads it.
#[derive(Debug, Clone)]
pub(super) struct Map {
    /// Index of the uploaded textures.
    pub(super) texture: usize,
    pub(super) sampler: Sampler,
    /// Which of the four coordinates.
    pub(super) channel: usize,
    u: Vec2,
    v: Vec2,
    add: Vec2,
}

impl Map {
    /// The coordinate to sample at.
    #[inline]
    pub(super) fn point(&self, uv: Vec2) -> Vec2 {
        Vec2::new(self.u.dot(uv), self.v.dot(uv)) + self.add
    }
}

/// The map of a slot; `None` if it is empty.
pub(super) fn map(scene: &Scene, texture: Option<TextureId>) -> Option<Map> {
    let id = texture?;
    let texture = scene.texture(id)?;
    let wrap = |wrap: SceneWrap| match wrap {
        SceneWrap::Repeat => Wrap::Repeat,
        SceneWrap::ClampToEdge => Wrap::Clamp,
        SceneWrap::MirroredRepeat => Wrap::Mirror,
    };
    let (minify, mip) = match texture.min_filter {
        MinFilter::Nearest => (Filter::Nearest, None),
        MinFilter::NearestMipmapNearest => (Filter::Nearest, Some(Filter::Nearest)),
        MinFilter::NearestMipmapLinear => (Filter::Nearest, Some(Filter::Linear)),
        MinFilter::Linear => (Filter::Linear, None),
        MinFilter::LinearMipmapNearest => (Filter::Linear, Some(Filter::Nearest)),
        MinFilter::LinearMipmapLinear => (Filter::Linear, Some(Filter::Linear)),
    };
    let magnify = match texture.mag_filter {
        MagFilter::Nearest => Filter::Nearest,
        MagFilter::Linear => Filter::Linear,
    };
    // Three sets the number only where it can count.
    let counts = magnify == Filter::Linear && mip == Some(Filter::Linear);
    let anisotropy = if counts && texture.anisotropy > 1.0 { texture.anisotropy as u32 } else { 1 };
    let m = texture.uv_matrix.map(|value| value as f32);
    Some(Map {
        texture: id.idx(),
        sampler: Sampler {
            wrap: [wrap(texture.wrap_s), wrap(texture.wrap_t)],
            magnify,
            minify,
            mip,
            anisotropy: anisotropy.clamp(1, Sampler::MAX_ANISOTROPY),
        },
        channel: usize::from(texture.channel.min(3)),
        u: Vec2::new(m[0], m[3]),
        v: Vec2::new(m[1], m[4]),
        add: Vec2::new(m[6], m[7]),
    })
}

/// A texture with its mip levels; one that was never uploaded, or does not fit, is empty.
pub(super) fn upload(texture: &SceneTexture) -> Texture {
    let Some(base) = texture.base() else { return Texture::empty() };
    let channels = match texture.format {
        Format::Red => Channels::Red,
        Format::Rg => Channels::RedGreen,
        Format::Rgba => Channels::Rgba,
    };
    let texels = flipped(base, channels.count(), texture.flip_y);
    let (width, height) = (base.width as usize, base.height as usize);
    let Ok(mut uploaded) = Texture::new(width, height, channels, texels, texture.is_srgb()) else {
        return Texture::empty();
    };
    if texture.generate_mipmaps && texture.levels.len() == 1 {
        return uploaded.with_mip_levels();
    }
    for level in &texture.levels[1..] {
        let texels = flipped(level, channels.count(), texture.flip_y);
        if !uploaded.push_level(level.width as usize, level.height as usize, &texels) {
            break;
        }
    }
    uploaded
}

fn flipped(level: &Level, channels: usize, flip: bool) -> Texels {
    fn rows<T: Copy>(values: &[T], row: usize, flip: bool) -> Vec<T> {
        if !flip || row == 0 {
            return values.to_vec();
        }
        values.chunks(row).rev().flatten().copied().collect()
    }
    let row = level.width as usize * channels;
    match &level.texels {
        SceneTexels::U8(values) => Texels::Byte(rows(values, row, flip)),
        SceneTexels::F16(values) => Texels::Half(rows(values, row, flip)),
        SceneTexels::F32(values) => Texels::Float(rows(values, row, flip)),
    }
}
