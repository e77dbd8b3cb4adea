//! Texture sampling: formats, wraps, filters, mip chains and anisotropy of Three.js data textures.
//!
//! Facts: three r183 on WebGL2, drawn by `SwiftShader`, and pictures of it. Row 0 of the data is at v = 0. A texture that was never uploaded is
//! [`Texture::empty`] and samples as zeros.

mod mip;
mod sample;

pub(crate) use mip::around;

use std::fmt;

use glam::Vec2;

use super::colour::{linear_from_bytes, linear_from_srgb_bytes};

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
    /// What a byte of red, green or blue is as light.
    light: &'static [f32; 256],
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
        let light = if srgb { linear_from_srgb_bytes() } else { linear_from_bytes() };
        Ok(Self { channels, texels, srgb, light, levels: vec![Level { width, height, start: 0 }] })
    }

    /// A texture that was never uploaded: zeros, alpha too.
    pub fn empty() -> Self {
        Self {
            channels: Channels::Rgba,
            texels: Texels::Byte(Vec::new()),
            srgb: false,
            light: linear_from_bytes(),
            levels: Vec::new(),
        }
    }

    /// Width and height in texels; 0 for an empty texture.
    pub fn size(&self) -> (usize, usize) {
        self.levels.first().map_or((0, 0), |base| (base.width, base.height))
    }

    /// Levels, the base included; 0 for an empty texture.
    pub fn level_count(&self) -> usize {
        self.levels.len()
    }
}
