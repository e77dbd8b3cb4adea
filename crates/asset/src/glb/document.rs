//! A glTF file as it is: its JSON, its buffers, its accessors. What the JSON means as a scene is in `import`.
//! Facts: glTF 2.0 specification; `EXT_meshopt_compression`, `KHR_meshopt_compression`.

mod accessor;
mod at;
mod container;
mod error;
mod primitive;
mod uri;

use serde_json::Value;

pub use accessor::{Accessor, ComponentType};
pub(crate) use at::At;
pub use container::{FILE_BYTES_MAX, JSON_VALUES_MAX};
pub use error::ReadError;
pub use primitive::{MeshPrimitive, Mode};
pub(super) use primitive::{Reader, mode, name};
pub(crate) use uri::inside_plain;

use super::{extensions, meshopt};

/// Bytes of all buffers and pictures of a file together, the files beside it included.
pub const BUFFER_BYTES_MAX: usize = 4 << 30;
/// Elements of one accessor.
pub const ELEMENTS_MAX: usize = 1 << 25;
/// Bytes that compressed views of any file may have when they are decoded, all together.
pub const DECODED_FREE_BYTES: usize = 64 << 20;
/// Beyond that, bytes for every byte of the buffers. Real meshes reach 10.
pub const DECODED_RATIO_MAX: usize = 64;

/// A parsed file. Everything that indexes into it is checked where it is looked up.
#[derive(Debug)]
pub struct Document {
    json: Value,
    buffers: Vec<Buffer>,
    /// For each view: its bytes where they were compressed.
    decoded: Vec<Option<Vec<u8>>>,
    images: Vec<Picture>,
}

#[derive(Debug)]
enum Buffer {
    Bytes(Vec<u8>),
    /// Stands for what only a reader without the compression extension would need.
    Fallback,
}

#[derive(Debug)]
enum Picture {
    /// In a view.
    Inside,
    /// A file of its own.
    Bytes(Vec<u8>),
    /// A file that could not be had.
    Missing(String),
}

/// Gives the bytes of a file beside the one that is read, by its relative path (`/` between parts, no `..`), or says why not.
pub trait Resolve: FnMut(&str) -> Result<Vec<u8>, String> {}
impl<F: FnMut(&str) -> Result<Vec<u8>, String>> Resolve for F {}

impl Document {
    /// Reads a `.glb` file or the JSON of a `.gltf` file. `resolve` is asked for files beside it, and only for paths inside its
    /// folder; `data:` URIs are decoded here.
    ///
    /// # Errors
    /// [`ReadError`] names the place and what is wrong there.
    pub fn parse(file: &[u8], resolve: &mut impl Resolve) -> Result<Self, ReadError> {
        let (json, binary) = container::split(file)?;
        let root = At::root(&json);
        check_root(&root)?;
        let mut budget = Budget(BUFFER_BYTES_MAX);
        let buffers = buffers(&root, binary, &mut budget, resolve)?;
        let images = images(&root, &mut budget, resolve)?;
        let mut document = Self { json: Value::Null, buffers, decoded: Vec::new(), images };
        document.decoded = document.decode_views(&root)?;
        document.json = json;
        Ok(document)
    }

    /// The whole JSON, for extensions that are not read here.
    #[must_use]
    pub const fn json(&self) -> &Value {
        &self.json
    }

    pub(super) const fn root(&self) -> At<'_> {
        At::root(&self.json)
    }

    /// The bytes of a `bufferView`, decompressed.
    ///
    /// # Errors
    /// [`ReadError::Field`] if there is no such view, or it goes beyond its buffer.
    pub fn view(&self, idx: usize) -> Result<&[u8], ReadError> {
        let root = self.root();
        let at = root.item("bufferViews", idx).ok_or_else(|| {
            ReadError::field("bufferViews", format!("{idx} of {}", root.count("bufferViews")))
        })?;
        match self.decoded.get(idx) {
            Some(Some(bytes)) => Ok(bytes),
            _ => self.slice(&at),
        }
    }

    /// The bytes of an image: a file in one of the formats for pictures, not decoded.
    ///
    /// # Errors
    /// [`ReadError`] if there is no such image, or its file could not be had.
    pub fn image(&self, idx: usize) -> Result<&[u8], ReadError> {
        let root = self.root();
        let Some((at, found)) = root.item("images", idx).zip(self.images.get(idx)) else {
            let problem = format!("{idx} of {}", self.images.len());
            return Err(ReadError::field("images", problem));
        };
        match found {
            Picture::Bytes(bytes) => Ok(bytes),
            Picture::Inside => self.view(at.need_usize("bufferView")?),
            Picture::Missing(problem) => Err(at.error(problem.as_str())),
        }
    }

    /// The same for what an object refers to, with the stride of the view.
    fn view_and_stride(
        &self,
        at: &At<'_>,
        idx: usize,
    ) -> Result<(&[u8], Option<usize>), ReadError> {
        let root = self.root();
        let view = root.item("bufferViews", idx).ok_or_else(|| {
            at.error(format!("bufferView {idx} of {}", root.count("bufferViews")))
        })?;
        // The stride of compressed data is that of the compression.
        let stride = match self.decoded.get(idx) {
            Some(Some(_)) => compression(&view)?.map_or(Ok(None), |at| at.usize("byteStride"))?,
            _ => view.usize("byteStride")?,
        };
        Ok((self.view(idx)?, stride))
    }

    /// An accessor, with all its bounds checked.
    ///
    /// # Errors
    /// [`ReadError`] if there is no such accessor, or it does not go with its views.
    pub fn accessor(&self, idx: usize) -> Result<Accessor<'_>, ReadError> {
        let root = self.root();
        let at = root.item("accessors", idx).ok_or_else(|| {
            ReadError::field("accessors", format!("{idx} of {}", root.count("accessors")))
        })?;
        Accessor::of(self, &at)
    }

    /// Bytes of a buffer as the object `at` (a view, or a compression extension) says.
    fn slice(&self, at: &At<'_>) -> Result<&[u8], ReadError> {
        let idx = at.need_usize("buffer")?;
        let buffer = self.buffers.get(idx);
        let buffer =
            buffer.ok_or_else(|| at.error(format!("buffer {idx} of {}", self.buffers.len())))?;
        let Buffer::Bytes(bytes) = buffer else {
            return Err(
                at.error(format!("buffer {idx} has no data; it is a fallback of a compressed one"))
            );
        };
        let (start, len) = (at.usize("byteOffset")?.unwrap_or(0), at.need_usize("byteLength")?);
        let range = start.checked_add(len).and_then(|end| bytes.get(start..end));
        range.ok_or_else(|| {
            at.error(format!("{len} bytes from byte {start}, buffer {idx} has {}", bytes.len()))
        })
    }

    fn decode_views(&self, root: &At<'_>) -> Result<Vec<Option<Vec<u8>>>, ReadError> {
        let known: usize = self
            .buffers
            .iter()
            .map(|buffer| match buffer {
                Buffer::Bytes(bytes) => bytes.len(),
                Buffer::Fallback => 0,
            })
            .sum();
        let max = DECODED_FREE_BYTES.saturating_add(DECODED_RATIO_MAX.saturating_mul(known));
        let mut found = 0_usize;
        let mut decoded = Vec::new();
        for view in root.items("bufferViews")? {
            let Some(at) = compression(&view)? else {
                decoded.push(None);
                continue;
            };
            let (count, stride) = (at.need_usize("count")?, at.need_usize("byteStride")?);
            found = found.saturating_add(count.saturating_mul(stride));
            if found > max {
                return Err(at.too_many(
                    "bytes when decoded, with the views before it",
                    found,
                    max,
                ));
            }
            let mode = at.text("mode")?.ok_or_else(|| at.missing("mode"))?;
            let filter = at.text("filter")?.unwrap_or("NONE");
            let bytes = meshopt::decode(self.slice(&at)?, mode, filter, count, stride);
            decoded.push(Some(bytes.map_err(|error| at.error(error.to_string()))?));
        }
        Ok(decoded)
    }
}

/// Its compression, if a view has one.
fn compression<'a>(view: &At<'a>) -> Result<Option<At<'a>>, ReadError> {
    let found = view.extension("KHR_meshopt_compression")?;
    found.map_or_else(|| view.extension("EXT_meshopt_compression"), |found| Ok(Some(found)))
}

fn check_root(root: &At<'_>) -> Result<(), ReadError> {
    if !root.value.is_object() {
        return Err(root.error("is not an object"));
    }
    let asset = root.need_object("asset")?;
    let version = asset.text("minVersion")?.or(asset.text("version")?);
    let version = version.ok_or_else(|| asset.missing("version"))?;
    if version != "2.0" && version != "2" {
        return Err(asset.error(format!("version {}, we read 2.0", error::short(version))));
    }
    for at in root.items("extensionsRequired")? {
        let name = at.value.as_str().ok_or_else(|| at.error("is not a text"))?;
        if !extensions::is_known(name) && !has_fallback(root, name)? {
            let hint = match name {
                "KHR_draco_mesh_compression" => {
                    "; export without Draco, or with EXT_meshopt_compression"
                }
                "KHR_texture_basisu" => "; export with PNG, JPEG or WebP textures",
                "KHR_materials_pbrSpecularGlossiness" => {
                    "; export with the metallic-roughness model"
                }
                _ => "",
            };
            return Err(ReadError::Extension { name: error::short(name), hint });
        }
    }
    Ok(())
}

/// Whether every use of an extension that we do not read has a core one beside it: Basis textures with a `source`.
fn has_fallback(root: &At<'_>, name: &str) -> Result<bool, ReadError> {
    if !matches!(name, "KHR_texture_basisu" | "MSFT_texture_dds" | "EXT_texture_avif") {
        return Ok(false);
    }
    Ok(root.items("textures")?.iter().all(|texture| texture.get("source").is_some()))
}

/// Bytes that may still be held.
struct Budget(usize);

impl Budget {
    fn take(&mut self, at: &At<'_>, bytes: usize) -> Result<(), ReadError> {
        self.0 = self.0.checked_sub(bytes).ok_or_else(|| {
            at.too_many("bytes, with the buffers before it", BUFFER_BYTES_MAX + 1, BUFFER_BYTES_MAX)
        })?;
        Ok(())
    }
}

fn buffers(
    root: &At<'_>,
    binary: Vec<u8>,
    budget: &mut Budget,
    resolve: &mut impl Resolve,
) -> Result<Vec<Buffer>, ReadError> {
    let mut binary = Some(binary);
    let mut buffers = Vec::new();
    for (idx, at) in root.items("buffers")?.iter().enumerate() {
        let len = at.need_usize("byteLength")?;
        let is_fallback = |name| {
            at.extension(name)?.map_or(Ok(false), |extension: At<'_>| extension.flag("fallback"))
        };
        let mut bytes = match at.text("uri")? {
            Some(uri) => fetch(at, uri, budget, resolve)?,
            None if is_fallback("EXT_meshopt_compression")?
                || is_fallback("KHR_meshopt_compression")? =>
            {
                buffers.push(Buffer::Fallback);
                continue;
            }
            None if idx == 0 => binary.take().unwrap_or_default(),
            None => return Err(at.missing("uri")),
        };
        if bytes.len() < len {
            return Err(at.error(format!("byteLength {len}, {} bytes are there", bytes.len())));
        }
        bytes.truncate(len);
        buffers.push(Buffer::Bytes(bytes));
    }
    Ok(buffers)
}

/// Pictures that are files of their own. One that cannot be had is an error only when it is used.
fn images(
    root: &At<'_>,
    budget: &mut Budget,
    resolve: &mut impl Resolve,
) -> Result<Vec<Picture>, ReadError> {
    let mut images = Vec::new();
    for at in root.items("images")? {
        images.push(match at.text("uri")? {
            None => Picture::Inside,
            Some(uri) => match fetch(&at, uri, budget, resolve) {
                Ok(bytes) => Picture::Bytes(bytes),
                // Out of the folder is refused even where nobody looks at it.
                Err(ReadError::Uri { problem, .. }) if uri::relative(&at, uri).is_ok() => {
                    Picture::Missing(format!("{:?}: {problem}", error::short(uri)))
                }
                Err(error) => return Err(error),
            },
        });
    }
    Ok(images)
}

fn fetch(
    at: &At<'_>,
    text: &str,
    budget: &mut Budget,
    resolve: &mut impl Resolve,
) -> Result<Vec<u8>, ReadError> {
    let bytes = match uri::data(at, text)? {
        Some(bytes) => bytes,
        None => {
            let path = uri::relative(at, text)?;
            resolve(&path).map_err(|problem| uri::error(at, text, problem))?
        }
    };
    budget.take(at, bytes.len())?;
    Ok(bytes)
}
