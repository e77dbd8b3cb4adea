//! Texture sampling: formats, wraps, filters, mip chains and anisotropy of Three.js data textures.
//!
//! Facts: three r183 on WebGL2. Row 0 of the data is at v = 0. A texture that was never uploaded is
//! [`Texture::empty`] and samples as zeros.

use std::fmt;

use glam::{Vec2, Vec4};

use super::colour::{linear_from_srgb_bytes, srgb_from_linear};
use super::half::{f32_from_half, half_from_f32};

/// Channels of a texel: missing green and blue are 0, missing alpha is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channels {
    /// One.
    Red,
    /// Two.
    RedGreen,
    /// Four.
    Rgba,
}

impl Channels {
    /// Numbers per texel.
    pub fn count(self) -> usize {
        match self {
            Self::Red => 1,
            Self::RedGreen => 2,
            Self::Rgba => 4,
        }
    }
}

/// Texel data, row by row.
#[derive(Clone, PartialEq)]
pub enum Texels {
    /// Unsigned bytes as 0..=1.
    Byte(Vec<u8>),
    /// Half floats by their bits.
    Half(Vec<u16>),
    /// Floats.
    Float(Vec<f32>),
}

impl Texels {
    fn len(&self) -> usize {
        match self {
            Self::Byte(data) => data.len(),
            Self::Half(data) => data.len(),
            Self::Float(data) => data.len(),
        }
    }
}

impl fmt::Debug for Texels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Byte(_) => "Byte",
            Self::Half(_) => "Half",
            Self::Float(_) => "Float",
        };
        write!(f, "{kind}[{}]", self.len())
    }
}

/// What lies outside 0..1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wrap {
    /// The edge texel.
    #[default]
    Clamp,
    /// The texture again.
    Repeat,
    /// The texture again, mirrored every other time.
    Mirror,
}

/// How texels of one level become a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Filter {
    /// The texel the coordinate is in.
    #[default]
    Nearest,
    /// Bilinear between texel centres.
    Linear,
}

/// How a texture is read. The default is that of a data texture.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sampler {
    /// Wrap of u and v.
    pub wrap: [Wrap; 2],
    /// Where texels are larger than pixels.
    pub magnify: Filter,
    /// Where they are smaller.
    pub minify: Filter,
    /// Between mip levels; ignored by a texture without them.
    pub mip: Option<Filter>,
    /// Largest number of samples along a stretched footprint, up to [`Sampler::MAX_ANISOTROPY`]; 0 and 1 are off.
    pub anisotropy: u32,
}

impl Sampler {
    /// What the measured renderer honours at most.
    pub const MAX_ANISOTROPY: u32 = 16;
}

/// How a coordinate is turned, repeated and moved before sampling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transform {
    /// Repeats along u and v.
    pub repeat: Vec2,
    /// Added at the end.
    pub offset: Vec2,
    /// Point turned and scaled about.
    pub centre: Vec2,
    /// Radians.
    pub rotation: f32,
}

impl Transform {
    /// The transform as a function ready to apply: rows of a 2 × 3 matrix.
    pub fn resolve(&self) -> Resolved {
        let (sin, cos) = (libm::sinf(self.rotation), libm::cosf(self.rotation));
        let Self { repeat, offset, centre, .. } = *self;
        let u = Vec2::new(cos, sin) * repeat.x;
        let v = Vec2::new(-sin, cos) * repeat.y;
        Resolved { u, v, add: centre + offset - Vec2::new(u.dot(centre), v.dot(centre)) }
    }
}

/// A [`Transform`] with its sine and cosine taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resolved {
    u: Vec2,
    v: Vec2,
    add: Vec2,
}

impl Resolved {
    /// The coordinate to sample at.
    #[inline]
    pub fn point(&self, uv: Vec2) -> Vec2 {
        self.slope(uv) + self.add
    }

    /// The derivative of the coordinate to sample at.
    #[inline]
    pub fn slope(&self, slope: Vec2) -> Vec2 {
        Vec2::new(self.u.dot(slope), self.v.dot(slope))
    }
}

#[derive(Debug, Clone, Copy)]
struct Level {
    width: usize,
    height: usize,
    /// First number of the level.
    start: usize,
}

/// A texture and its mip levels, kept in the format it came in.
#[derive(Debug, Clone)]
pub struct Texture {
    channels: Channels,
    texels: Texels,
    srgb: bool,
    levels: Vec<Level>,
}

/// The data does not fill the size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("texture of {width} × {height}: {found} numbers do not fill it")]
pub struct SizeError {
    width: usize,
    height: usize,
    found: usize,
}

impl Texture {
    /// A texture of one level. `srgb` only means something to RGBA bytes and is ignored otherwise.
    pub fn new(
        width: usize,
        height: usize,
        channels: Channels,
        texels: Texels,
        srgb: bool,
    ) -> Result<Self, SizeError> {
        let needed = width.checked_mul(height).and_then(|n| n.checked_mul(channels.count()));
        let found = texels.len();
        if needed.is_none_or(|needed| needed == 0 || needed > found) {
            return Err(SizeError { width, height, found });
        }
        let srgb = srgb && channels == Channels::Rgba && matches!(texels, Texels::Byte(_));
        Ok(Self { channels, texels, srgb, levels: vec![Level { width, height, start: 0 }] })
    }

    /// A texture that was never uploaded: zeros, alpha too.
    pub fn empty() -> Self {
        Self {
            channels: Channels::Rgba,
            texels: Texels::Byte(Vec::new()),
            srgb: false,
            levels: Vec::new(),
        }
    }

    /// Levels, the base included; 0 for an empty texture.
    pub fn level_count(&self) -> usize {
        self.levels.len()
    }

    /// Adds every level down to one texel: box filter in linear light, sizes halved and floored.
    #[must_use]
    pub fn with_mip_levels(mut self) -> Self {
        let Some(&base) = self.levels.first() else { return self };
        self.levels.truncate(1);
        let count = self.channels.count();
        let base_len = base.width * base.height * count;
        match &mut self.texels {
            Texels::Byte(data) => data.truncate(base_len),
            Texels::Half(data) => data.truncate(base_len),
            Texels::Float(data) => data.truncate(base_len),
        }
        let mut above = base;
        while above.width > 1 || above.height > 1 {
            let (width, height) = ((above.width / 2).max(1), (above.height / 2).max(1));
            let next = Level { width, height, start: self.texels.len() };
            for y in 0..height {
                for x in 0..width {
                    let x1 = (2 * x + 1).min(above.width - 1);
                    let y1 = (2 * y + 1).min(above.height - 1);
                    let sum = self.texel(above, 2 * x, 2 * y)
                        + self.texel(above, x1, 2 * y)
                        + self.texel(above, 2 * x, y1)
                        + self.texel(above, x1, y1);
                    self.push(sum / 4.0);
                }
            }
            self.levels.push(next);
            above = next;
        }
        self
    }

    fn push(&mut self, value: Vec4) {
        let count = self.channels.count();
        for (i, c) in value.to_array().into_iter().take(count).enumerate() {
            match &mut self.texels {
                Texels::Byte(data) => {
                    let c = if self.srgb && i < 3 { srgb_from_linear(c) } else { c };
                    data.push(super::colour::byte(c));
                }
                Texels::Half(data) => data.push(half_from_f32(c)),
                Texels::Float(data) => data.push(c),
            }
        }
    }

    /// A texel as linear numbers; the place must be inside the level.
    #[inline]
    fn texel(&self, level: Level, x: usize, y: usize) -> Vec4 {
        let count = self.channels.count();
        let at = level.start + (y * level.width + x) * count;
        let mut out = [0.0, 0.0, 0.0, 1.0];
        match &self.texels {
            Texels::Byte(data) => {
                for (i, (out, &byte)) in out.iter_mut().zip(&data[at..at + count]).enumerate() {
                    *out = if self.srgb && i < 3 {
                        linear_from_srgb_bytes()[usize::from(byte)]
                    } else {
                        f32::from(byte) / 255.0
                    };
                }
            }
            Texels::Half(data) => {
                for (out, &bits) in out.iter_mut().zip(&data[at..at + count]) {
                    *out = f32_from_half(bits);
                }
            }
            Texels::Float(data) => out[..count].copy_from_slice(&data[at..at + count]),
        }
        Vec4::from(out)
    }

    /// The colour at a coordinate, for a fragment whose coordinate changes by `dx` per pixel right and `dy` up.
    pub fn sample(&self, sampler: &Sampler, uv: Vec2, dx: Vec2, dy: Vec2) -> Vec4 {
        let Some(base) = self.levels.first() else { return Vec4::ZERO };
        let mip = sampler.mip.filter(|_| self.levels.len() > 1);
        if mip.is_none() && sampler.magnify == sampler.minify {
            return self.sample_level(sampler, sampler.magnify, uv, 0);
        }
        let size = Vec2::new(base.width as f32, base.height as f32);
        let (across, up) = ((dx * size).length(), (dy * size).length());
        let (long, short) = (across.max(up), across.min(up));
        let most = sampler.anisotropy.min(Sampler::MAX_ANISOTROPY);
        let stretched = mip.is_some() && most > 1 && sampler.magnify == Filter::Linear;
        let taps = if stretched && long > short {
            (long / short.max(1e-6)).ceil().min(most as f32).max(1.0)
        } else {
            1.0
        };
        let lod = libm::log2f(long / taps);
        if lod.is_nan() || lod <= 0.0 {
            return self.sample_level(sampler, sampler.magnify, uv, 0);
        }
        let axis = if across >= up { dx } else { dy };
        let mut sum = Vec4::ZERO;
        for i in 0..taps as u32 {
            let at = (i as f32 + 0.5) / taps - 0.5;
            sum += self.sample_mip(sampler, mip, uv + axis * at, lod);
        }
        sum / taps
    }

    fn sample_mip(&self, sampler: &Sampler, mip: Option<Filter>, uv: Vec2, lod: f32) -> Vec4 {
        let last = (self.levels.len() - 1) as f32;
        let lod = lod.min(last);
        match mip {
            None => self.sample_level(sampler, sampler.minify, uv, 0),
            Some(Filter::Nearest) => {
                let level = ((lod + 0.5).ceil() - 1.0).max(0.0).min(last);
                self.sample_level(sampler, sampler.minify, uv, level as usize)
            }
            Some(Filter::Linear) => {
                let (low, f) = (lod.floor(), lod - lod.floor());
                let near = self.sample_level(sampler, sampler.minify, uv, low as usize);
                if f == 0.0 {
                    return near;
                }
                let far = self.sample_level(sampler, sampler.minify, uv, low as usize + 1);
                near * (1.0 - f) + far * f
            }
        }
    }

    /// The colour at a coordinate of one level (clamped to those there are).
    #[inline]
    pub fn sample_level(&self, sampler: &Sampler, filter: Filter, uv: Vec2, level: usize) -> Vec4 {
        let Some(&level) = self.levels.get(level).or(self.levels.last()) else { return Vec4::ZERO };
        let at = uv * Vec2::new(level.width as f32, level.height as f32);
        let [wrap_u, wrap_v] = sampler.wrap;
        if filter == Filter::Nearest {
            let x = wrapped(wrap_u, at.x.floor(), level.width);
            let y = wrapped(wrap_v, at.y.floor(), level.height);
            return self.texel(level, x, y);
        }
        let corner = (at - 0.5).floor();
        let f = at - 0.5 - corner;
        let f = Vec2::from(f.to_array().map(|f| if f.is_finite() { f } else { 0.0 }));
        let [x0, x1] = [corner.x, corner.x + 1.0].map(|x| wrapped(wrap_u, x, level.width));
        let [y0, y1] = [corner.y, corner.y + 1.0].map(|y| wrapped(wrap_v, y, level.height));
        let row = |y| self.texel(level, x0, y) * (1.0 - f.x) + self.texel(level, x1, y) * f.x;
        row(y0) * (1.0 - f.y) + row(y1) * f.y
    }
}

/// The texel index of a whole coordinate that may lie outside; NaN is 0.
#[inline]
fn wrapped(wrap: Wrap, at: f32, size: usize) -> usize {
    let n = size as f32;
    let last = size - 1;
    let inside = match wrap {
        Wrap::Clamp => at,
        Wrap::Repeat => at - n * (at / n).floor(),
        Wrap::Mirror => {
            let twice = at - 2.0 * n * (at / (2.0 * n)).floor();
            if twice < n { twice } else { 2.0 * n - 1.0 - twice }
        }
    };
    // A cast takes NaN and negative numbers to 0.
    (inside as usize).min(last)
}
