//! Textures as they are uploaded. Facts: Three.js specification §13.5, rendering specification §D.7.

use super::numbered::numbered;

/// A `DataTexture`.
#[derive(Debug, Clone, PartialEq)]
pub struct Texture {
    /// For people and files; may be empty.
    pub name: String,
    /// The picture, then mip levels given by the author. None at all: never uploaded (`needsUpdate` was not set, or the
    /// data do not fit format, type and size), which samples as (0, 0, 0, 0).
    pub levels: Vec<Level>,
    /// Channels of every level.
    pub format: Format,
    /// How bytes become colours.
    pub color_space: ColorSpace,
    /// Along u.
    pub wrap_s: Wrap,
    /// Along v.
    pub wrap_t: Wrap,
    /// Where a texel is larger than a pixel.
    pub mag_filter: MagFilter,
    /// Where a pixel is larger than a texel.
    pub min_filter: MinFilter,
    /// As the module set it; the renderer caps it.
    pub anisotropy: f32,
    /// Rows are swapped before use. Otherwise the first row is at v = 0.
    pub flip_y: bool,
    /// Mip levels are made from the picture.
    pub generate_mipmaps: bool,
    /// Of uv, column-major 3×3: made from offset, repeat, centre and rotation, or the author's own.
    pub uv_matrix: [f64; 9],
    /// Which of [`super::Geometry::uvs`] is read, 0 to 3.
    pub channel: u8,
    /// How an environment map is looked up.
    pub mapping: Mapping,
}

/// One picture, row by row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Level {
    /// In texels, not zero.
    pub width: u32,
    /// In texels, not zero.
    pub height: u32,
    /// `[row, column, channel]` flat.
    pub texels: Texels,
}

/// Values of one picture, by the type of the texture.
#[derive(Debug, Clone, PartialEq)]
pub enum Texels {
    /// 0 to 255 stand for 0 to 1.
    U8(Vec<u8>),
    /// Bits of IEEE half floats.
    F16(Vec<u16>),
    /// As they are.
    F32(Vec<f32>),
}

/// Channels of a texture. Those that are missing read 0, alpha 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// `RedFormat`.
    Red,
    /// `RGFormat`.
    Rg,
    /// `RGBAFormat`.
    #[default]
    Rgba,
}

/// `colorSpace` of a texture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ColorSpace {
    /// `""` or `"srgb-linear"`: values are used as they are.
    #[default]
    Linear,
    /// `"srgb"`: decoded before filtering, but only for RGBA bytes (see [`Texture::is_srgb`]).
    Srgb,
}

numbered! {
    /// Beyond the edge of a texture.
    Wrap {
        /// Again.
        Repeat = 1000,
        /// The texel at the edge.
        #[default]
        ClampToEdge = 1001,
        /// Again, mirrored each time.
        MirroredRepeat = 1002,
    }
}

numbered! {
    /// Where a texel is larger than a pixel.
    MagFilter {
        /// One texel.
        #[default]
        Nearest = 1003,
        /// Four texels.
        Linear = 1006,
    }
}

numbered! {
    /// Where a pixel is larger than a texel. Without mip levels only the part within a level counts.
    MinFilter {
        /// One texel.
        #[default]
        Nearest = 1003,
        /// One texel of one level.
        NearestMipmapNearest = 1004,
        /// One texel of each of two levels.
        NearestMipmapLinear = 1005,
        /// Four texels.
        Linear = 1006,
        /// Four texels of one level.
        LinearMipmapNearest = 1007,
        /// Four texels of each of two levels.
        LinearMipmapLinear = 1008,
    }
}

/// `mapping` of a texture: only the two equirectangular ones mean anything, and only for environment maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mapping {
    /// By uv (300), or any constant that means nothing here.
    #[default]
    Uv,
    /// 303: latitude and longitude of the reflected direction.
    EquirectangularReflection,
    /// 304: latitude and longitude of the refracted direction.
    EquirectangularRefraction,
}

impl Mapping {
    /// From the constant of Three.js.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        match number {
            303 => Self::EquirectangularReflection,
            304 => Self::EquirectangularRefraction,
            _ => Self::Uv,
        }
    }
}

impl Format {
    /// From the constant of Three.js; `None` for formats that cannot be uploaded.
    #[must_use]
    pub const fn from_number(number: u32) -> Option<Self> {
        match number {
            1023 => Some(Self::Rgba),
            1028 => Some(Self::Red),
            1030 => Some(Self::Rg),
            _ => None,
        }
    }

    /// Values per texel.
    #[must_use]
    pub const fn channels(self) -> usize {
        match self {
            Self::Red => 1,
            Self::Rg => 2,
            Self::Rgba => 4,
        }
    }
}

impl Default for Texels {
    fn default() -> Self {
        Self::U8(Vec::new())
    }
}

impl Texels {
    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::U8(values) => values.len(),
            Self::F16(values) => values.len(),
            Self::F32(values) => values.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Size in memory.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        match self {
            Self::U8(values) => values.len(),
            Self::F16(values) => 2 * values.len(),
            Self::F32(values) => 4 * values.len(),
        }
    }
}

impl Texture {
    /// The picture itself; `None` if it was never uploaded.
    #[must_use]
    pub fn base(&self) -> Option<&Level> {
        self.levels.first()
    }

    /// Whether the sampler decodes sRGB: marked so, and RGBA bytes.
    #[must_use]
    pub fn is_srgb(&self) -> bool {
        let is_bytes = self.base().is_some_and(|level| matches!(level.texels, Texels::U8(_)));
        self.color_space == ColorSpace::Srgb && self.format == Format::Rgba && is_bytes
    }
}

impl Default for Texture {
    /// Nothing uploaded, with the defaults of Three.js.
    fn default() -> Self {
        Self {
            name: String::new(),
            levels: Vec::new(),
            format: Format::default(),
            color_space: ColorSpace::default(),
            wrap_s: Wrap::default(),
            wrap_t: Wrap::default(),
            mag_filter: MagFilter::default(),
            min_filter: MinFilter::default(),
            anisotropy: 1.0,
            flip_y: false,
            generate_mipmaps: false,
            uv_matrix: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
            channel: 0,
            mapping: Mapping::default(),
        }
    }
}
