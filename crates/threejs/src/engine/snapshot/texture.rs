//! A `DataTexture` as the module left it. Facts: Three.js specification §13.5, rendering specification §D.7.

use asset::scene::{ColorSpace, Format, MagFilter, Mapping, MinFilter, Texture as Plain, Wrap};
use rquickjs::{Function, Object};

use super::{
    Stop,
    numbers::Numbers,
    props::{self, Res},
};

/// Mip levels of the largest texture.
const LEVELS_MAX: usize = 14;

/// A texture, read once however often it is used.
#[derive(Debug)]
pub(in crate::engine) struct Texture<'js> {
    /// Without its levels.
    pub(in crate::engine) plain: Plain,
    /// `None` if it is never uploaded.
    pub(in crate::engine) levels: Option<Vec<Level<'js>>>,
    /// `None` for formats that cannot be uploaded.
    pub(in crate::engine) format: Option<Format>,
    pub(in crate::engine) texel_type: TexelType,
    /// As the module's arrays say it; the rule on texture data counts this.
    pub(in crate::engine) byte_count: f64,
    /// In a slot that the rule looks at.
    pub(in crate::engine) is_counted: bool,
}

/// One picture.
#[derive(Debug)]
pub(in crate::engine) struct Level<'js> {
    pub(in crate::engine) width: u32,
    pub(in crate::engine) height: u32,
    pub(in crate::engine) data: Option<Numbers<'js>>,
}

/// `type` of a texture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum TexelType {
    U8,
    F16,
    F32,
    /// Cannot be uploaded.
    Other,
}

impl<'js> Texture<'js> {
    pub(super) fn read(of: &Object<'js>, short: &Function<'js>) -> Res<Self> {
        let image = props::maybe_object(of, "image")?;
        let (mut first, mut byte_count) = (None, 0.0);
        if let Some(image) = &image {
            let data = props::maybe_object(image, "data")?;
            byte_count = data.as_ref().map_or(Ok(0.0), byte_length)?;
            first = Some(Level::read(image, data.as_ref())?);
        }
        let mipmaps = mipmaps(of)?;
        let is_uploaded = props::number(of, "version")? > 0.0;
        let levels = if mipmaps.is_empty() { first.into_iter().collect() } else { mipmaps };
        Ok(Self {
            levels: is_uploaded.then_some(levels),
            format: Format::from_number(constant(of, "format")?),
            texel_type: match constant(of, "type")? {
                1009 => TexelType::U8,
                1016 => TexelType::F16,
                1015 => TexelType::F32,
                _ => TexelType::Other,
            },
            byte_count,
            is_counted: false,
            plain: plain(of, short)?,
        })
    }
}

impl<'js> Level<'js> {
    fn read(of: &Object<'js>, data: Option<&Object<'js>>) -> Res<Self> {
        let side = |name| Ok::<_, Stop>(props::number(of, name)? as u32);
        Ok(Self {
            width: side("width")?,
            height: side("height")?,
            data: data.and_then(Numbers::new),
        })
    }
}

/// A constant of Three.js, 0 for what is none.
fn constant(of: &Object<'_>, key: &'static str) -> Res<u32> {
    Ok(props::number(of, key)? as u32)
}

/// `byteLength`: of an array as it is, of anything else what it says.
fn byte_length(data: &Object<'_>) -> Res<f64> {
    match Numbers::new(data) {
        Some(numbers) => Ok(numbers.with_bytes(<[u8]>::len) as f64),
        // Not a number is what a plain array says.
        None => Ok(props::number(data, "byteLength")?.max(0.0)),
    }
}

/// Levels that the author made; they replace the picture.
fn mipmaps<'js>(of: &Object<'js>) -> Res<Vec<Level<'js>>> {
    let Some(list) = props::maybe_object(of, "mipmaps")? else { return Ok(Vec::new()) };
    let length = props::length(&list)?;
    if length > LEVELS_MAX as f64 {
        return Err(Stop::fault(format!("{length} mip levels, our limit is {LEVELS_MAX}")));
    }
    let mut levels = Vec::new();
    for at in 0..length as u32 {
        let level = props::value(&list, at)?.into_object();
        let level = level.ok_or_else(|| Stop::fault("a mip level is not an object"))?;
        let data = props::maybe_object(&level, "data")?;
        levels.push(Level::read(&level, data.as_ref())?);
    }
    Ok(levels)
}

fn plain<'js>(of: &Object<'js>, short: &Function<'js>) -> Res<Plain> {
    let channel = props::number(of, "channel")?;
    if !(0.0..=3.0).contains(&channel) || channel.fract() != 0.0 {
        return Err(Stop::fault(format!("texture channel {channel} does not exist")));
    }
    let is_srgb = props::text(of, "colorSpace", short)? == "srgb";
    // Constants that do not exist leave a driver's own defaults in place.
    Ok(Plain {
        name: props::text(of, "name", short)?,
        levels: Vec::new(),
        format: Format::default(),
        color_space: if is_srgb { ColorSpace::Srgb } else { ColorSpace::Linear },
        wrap_s: Wrap::from_number(constant(of, "wrapS")?).unwrap_or(Wrap::Repeat),
        wrap_t: Wrap::from_number(constant(of, "wrapT")?).unwrap_or(Wrap::Repeat),
        mag_filter: MagFilter::from_number(constant(of, "magFilter")?).unwrap_or(MagFilter::Linear),
        min_filter: MinFilter::from_number(constant(of, "minFilter")?)
            .unwrap_or(MinFilter::NearestMipmapLinear),
        anisotropy: props::float(of, "anisotropy")?,
        flip_y: props::is(of, "flipY")?,
        generate_mipmaps: props::is(of, "generateMipmaps")?,
        uv_matrix: uv_matrix(of)?,
        channel: channel as u8,
        mapping: Mapping::from_number(constant(of, "mapping")?),
    })
}

fn uv_matrix(of: &Object<'_>) -> Res<[f64; 9]> {
    if !props::is_true(of, "matrixAutoUpdate")? {
        let held = props::object(&props::object(of, "matrix")?, "elements")?;
        let mut read = [0.0; 9];
        for (element, at) in read.iter_mut().zip(0_u32..) {
            *element = props::number(&held, at)?;
        }
        return Ok(read);
    }
    let vector = |name, default: f64| props::numbers(of, name, ["x", "y"], [default; 2]);
    let [tx, ty] = vector("offset", 0.0)?;
    let [sx, sy] = vector("repeat", 1.0)?;
    let [px, py] = vector("center", 0.0)?;
    let angle = props::number(of, "rotation")?;
    let (c, s) = (libm::cos(angle), libm::sin(angle));
    // Column by column.
    Ok([
        sx * c,
        -sy * s,
        0.0,
        sx * s,
        sy * c,
        0.0,
        -sx * (c * px + s * py) + px + tx,
        -sy * (-s * px + c * py) + py + ty,
        1.0,
    ])
}
