//! Textures: pictures (PNG, JPEG, WebP), samplers, uv transforms.

use super::{At, Import, ReadError};
use crate::glb::document::name;
use crate::glb::picture;
use crate::scene::limits::FILE;
use crate::scene::{ColorSpace, Format, Level, MagFilter, MinFilter, Texture, TextureId, Wrap};

/// What makes one texture of a scene differ from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    texture: usize,
    is_srgb: bool,
    channel: u8,
    /// Bits of the uv transform.
    matrix: [u64; 9],
}

impl Import<'_> {
    /// The texture that a `textureInfo` names; `None` if it is not there, or in a format that is not read.
    pub(super) fn texture(
        &mut self,
        owner: &At<'_>,
        key: &str,
        is_srgb: bool,
    ) -> Result<Option<TextureId>, ReadError> {
        let Some(info) = owner.object(key)? else { return Ok(None) };
        let root = self.root.clone();
        let idx = self.follow(&info, "index", "textures")?.ok_or_else(|| info.missing("index"))?;
        let Some(at) = root.item("textures", idx) else { return Ok(None) };
        let transform = info.extension("KHR_texture_transform")?;
        let moved = transform.as_ref().map_or(Ok(None), |found| found.usize("texCoord"))?;
        let channel = moved.or(info.usize("texCoord")?).unwrap_or(0);
        let Some(image) = self.image_of(&at)? else {
            self.losses.add("textures in a format that is not read (PNG, JPEG and WebP are)", 1);
            return Ok(None);
        };
        let Some(channel) = u8::try_from(channel).ok().filter(|channel| *channel < 4) else {
            self.losses.add("textures with a fifth or later set of coordinates", 1);
            return Ok(None);
        };
        let matrix = transform.map_or(Ok(Texture::default().uv_matrix), |found| matrix(&found))?;
        let key = Key { texture: idx, is_srgb, channel, matrix: matrix.map(f64::to_bits) };
        if let Some(id) = self.textures.get(&key) {
            return Ok(Some(*id));
        }
        let level = self.picture(image, &info)?;
        let mut texture = Texture {
            name: name(&root, "textures", idx)?,
            levels: vec![level],
            format: Format::Rgba,
            color_space: if is_srgb { ColorSpace::Srgb } else { ColorSpace::Linear },
            uv_matrix: matrix,
            channel,
            ..Texture::default()
        };
        if texture.name.is_empty() {
            texture.name = name(&root, "images", image)?;
        }
        let sampler = self.follow(&at, "sampler", "samplers")?;
        sample(&mut texture, sampler.and_then(|idx| root.item("samplers", idx)).as_ref())?;
        let id = TextureId(self.scene.textures.len() as u32);
        self.scene.textures.push(texture);
        self.textures.insert(key, id);
        self.pictures.entry(image).or_insert(id);
        Ok(Some(id))
    }

    /// The image that holds a texture's picture: WebP before the others, as the extension asks.
    fn image_of(&self, texture: &At<'_>) -> Result<Option<usize>, ReadError> {
        if let Some(extension) = texture.extension("EXT_texture_webp")?
            && let Some(idx) = self.follow(&extension, "source", "images")?
        {
            return Ok(Some(idx));
        }
        self.follow(texture, "source", "images")
    }

    /// A picture, decoded once, and held once for every texture that shows it.
    fn picture(&mut self, image: usize, owner: &At<'_>) -> Result<Level, ReadError> {
        let place = || format!("images[{image}]");
        if self.scene.textures.len() >= FILE.textures {
            let found = self.scene.textures.len() + 1;
            return Err(owner.too_many("textures", found, FILE.textures));
        }
        let known = self.pictures.get(&image).and_then(|id| self.scene.texture(*id)?.base());
        let level = match known {
            Some(level) => {
                self.texel_bytes += level.texels.byte_len();
                picture::check_budget(self.texel_bytes)
                    .map_err(|problem| ReadError::field(place(), problem))?;
                level.clone()
            }
            None => {
                let bytes = self.document.image(image)?;
                picture::decode(bytes, &mut self.texel_bytes)
                    .map_err(|problem| ReadError::field(place(), problem))?
            }
        };
        Ok(level)
    }
}

/// Translation × rotation × scale of uv, as the extension says it; column-major.
fn matrix(at: &At<'_>) -> Result<[f64; 9], ReadError> {
    let [x, y] = at.numbers("offset")?.unwrap_or([0.0; 2]);
    let [sx, sy] = at.numbers("scale")?.unwrap_or([1.0; 2]);
    let [rotation] = match at.get("rotation") {
        Some(found) => [found.as_f64()?],
        None => [0.0],
    };
    let (sine, cosine) = (libm::sin(rotation), libm::cos(rotation));
    Ok([sx * cosine, -sx * sine, 0.0, sy * sine, sy * cosine, 0.0, x, y, 1.0])
}

/// Without a sampler, or where it says nothing: repeated, linear, with mip levels.
fn sample(texture: &mut Texture, at: Option<&At<'_>>) -> Result<(), ReadError> {
    let get = |key: &str, or: usize| -> Result<usize, ReadError> {
        match at {
            Some(at) => Ok(at.usize(key)?.unwrap_or(or)),
            None => Ok(or),
        }
    };
    let undefined = |what: &str, found: usize| match at {
        Some(at) => at.error(format!("{what} {found} is not defined")),
        None => ReadError::field("samplers", what),
    };
    let wrap = |key: &str| match get(key, 10497)? {
        10497 => Ok(Wrap::Repeat),
        33071 => Ok(Wrap::ClampToEdge),
        33648 => Ok(Wrap::MirroredRepeat),
        found => Err(undefined(key, found)),
    };
    (texture.wrap_s, texture.wrap_t) = (wrap("wrapS")?, wrap("wrapT")?);
    texture.mag_filter = match get("magFilter", 9729)? {
        9728 => MagFilter::Nearest,
        9729 => MagFilter::Linear,
        found => return Err(undefined("magFilter", found)),
    };
    texture.min_filter = match get("minFilter", 9987)? {
        9728 => MinFilter::Nearest,
        9729 => MinFilter::Linear,
        9984 => MinFilter::NearestMipmapNearest,
        9985 => MinFilter::LinearMipmapNearest,
        9986 => MinFilter::NearestMipmapLinear,
        9987 => MinFilter::LinearMipmapLinear,
        found => return Err(undefined("minFilter", found)),
    };
    texture.generate_mipmaps =
        !matches!(texture.min_filter, MinFilter::Nearest | MinFilter::Linear);
    Ok(())
}
