//! Any file to an asset.

use std::io::{self, Cursor, Read};

use asset::format::{first_bytes, read_splats_with_losses, whole};
use asset::glb::Document;
use asset::{Format, gltf_splats, obj, stl};

use crate::Asset;

/// Gives the files that a glTF file names beside itself; the path is as written there, percent signs decoded.
pub type Resolve<'a> = &'a mut dyn FnMut(&str) -> Result<Vec<u8>, String>;

/// An asset, and what is known of the file it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// What was read.
    pub asset: Asset,
    /// What the file is.
    pub format: Format,
    /// What the file has and the asset has not, one line each.
    pub losses: Vec<String>,
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The format is unknown, or splats are broken.
    #[error(transparent)]
    Splats(#[from] asset::ReadError),
    /// It is an OBJ, and something is wrong with it.
    #[error(transparent)]
    Obj(#[from] obj::ReadError),
    /// It is an STL, and something is wrong with it.
    #[error(transparent)]
    Stl(#[from] stl::ReadError),
    /// We write it only.
    #[error("{0} is a format that we write and do not read")]
    WriteOnly(Format),
    /// Its scene is had by running it.
    #[error("a Three.js module has to be run; it cannot be read as a file")]
    Module,
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Splats(error.into())
    }
}

/// Reads an asset in whichever format it comes: told by content, and by the ending where the content has no mark.
///
/// `byte_len`: length of the file, where it is known, see [`asset::ply::read`]. `file_name` is for formats without a mark. `resolve` is asked for files that a glTF file names.
///
/// # Errors
/// [`ReadError`]: the format is unknown, or the error of its reader.
pub fn read(
    mut source: impl Read,
    byte_len: Option<u64>,
    file_name: Option<&str>,
    resolve: Resolve<'_>,
) -> Result<Loaded, ReadError> {
    let first = first_bytes(&mut source)?;
    let format = Format::of_file(&first, file_name)?;
    read_as(format, Cursor::new(first).chain(source), byte_len, resolve)
}

/// Reads an asset in a format that is known. Of glTF the file says whether it is a scene or splats.
///
/// # Errors
/// [`ReadError`], that of the format's reader.
pub fn read_as(
    format: Format,
    source: impl Read,
    byte_len: Option<u64>,
    resolve: Resolve<'_>,
) -> Result<Loaded, ReadError> {
    let scene = |(scene, losses)| Loaded { asset: Asset::Scene(scene), format, losses };
    match format {
        Format::Glb | Format::GltfSplats => read_gltf(&whole(source, byte_len)?, resolve),
        Format::Obj => Ok(scene(obj::read(&whole(source, byte_len)?, &mut |name| resolve(name))?)),
        Format::Stl => Ok(scene(stl::read(&whole(source, byte_len)?)?)),
        Format::Usdz => Err(ReadError::WriteOnly(format)),
        Format::Module => Err(ReadError::Module),
        Format::Ply
        | Format::CompressedPly
        | Format::Spz
        | Format::Spz404
        | Format::Sog
        | Format::Splat
        | Format::Ksplat => {
            let (splats, losses) = read_splats_with_losses(format, source, byte_len)?;
            Ok(Loaded { asset: Asset::Splats(splats), format, losses })
        }
    }
}

/// Splats if there are any; what is beside them is then told as lost.
fn read_gltf(file: &[u8], resolve: Resolve<'_>) -> Result<Loaded, ReadError> {
    let document =
        Document::parse(file, &mut |name: &str| resolve(name)).map_err(asset::ReadError::from)?;
    if gltf_splats::has_splats(&document) {
        let (splats, losses) = gltf_splats::read(&document).map_err(asset::ReadError::from)?;
        let asset = Asset::Splats(splats);
        return Ok(Loaded { asset, format: Format::GltfSplats, losses });
    }
    let (scene, losses) = document.scene().map_err(asset::ReadError::from)?;
    Ok(Loaded { asset: Asset::Scene(scene), format: Format::Glb, losses })
}
