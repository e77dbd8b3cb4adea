//! Any file to an asset.

use std::io::{self, Cursor, Read};

use asset::format::{first_bytes, read_splats_as};
use asset::{Format, Holds};

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
/// `byte_len`: length of the file, where it is known, see [`asset::ply::read`]. `extension`: ending of the file's name
/// without the dot. `resolve` is asked for files that a glTF file names.
///
/// # Errors
/// [`ReadError`]: the format is unknown, or the error of its reader.
pub fn read(
    mut source: impl Read,
    byte_len: Option<u64>,
    extension: Option<&str>,
    resolve: Resolve<'_>,
) -> Result<Loaded, ReadError> {
    let first = first_bytes(&mut source)?;
    let format = Format::of_file(&first, extension)?;
    read_as(format, Cursor::new(first).chain(source), byte_len, resolve)
}

/// Reads an asset in a format that is known.
///
/// # Errors
/// [`ReadError`], that of the format's reader.
pub fn read_as(
    format: Format,
    source: impl Read,
    byte_len: Option<u64>,
    _resolve: Resolve<'_>,
) -> Result<Loaded, ReadError> {
    match format {
        Format::Glb => Err(ReadError::WriteOnly(format)),
        Format::Module => Err(ReadError::Module),
        splats => {
            debug_assert_eq!(splats.info().holds, Holds::Splats);
            let splats = read_splats_as(format, source, byte_len)?;
            Ok(Loaded { asset: Asset::Splats(splats), format, losses: Vec::new() })
        }
    }
}
