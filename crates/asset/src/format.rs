//! Which format a file is, by its first bytes, and reading whichever it is.

use std::io::{self, Read};

use crate::{Splats, ply, spz, spz404};

/// A file format that we read splats from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// 3DGS PLY, see [`crate::ply`].
    Ply,
    /// Niantic's SPZ, see [`crate::spz`].
    Spz,
    /// SPZ in one zstd frame, see [`crate::spz404`].
    Spz404,
}

impl Format {
    /// [`Self::detect`] needs no more bytes than this.
    pub const DETECT_BYTES: usize = 4;

    /// What a file that starts like this is; `None` when it is none of ours. Names and endings play no part.
    ///
    /// A gzip stream is taken for SPZ and a zstd frame for 404-SPZ: what they hold is seen when they are read.
    #[must_use]
    pub fn detect(first_bytes: &[u8]) -> Option<Self> {
        match first_bytes {
            [b'p', b'l', b'y', b'\n' | b'\r' | b' ', ..] => Some(Self::Ply),
            [b'N', b'G', b'S', b'P', ..] | [0x1f, 0x8b, ..] => Some(Self::Spz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Spz404),
            _ => None,
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ply => "3DGS PLY",
            Self::Spz => "SPZ",
            Self::Spz404 => "404-SPZ",
        })
    }
}

/// Why [`read_splats`] failed.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The first bytes are those of no format that we read.
    #[error("the file starts with \"{}\", which is none of the formats we read: PLY, SPZ, 404-SPZ", found.escape_ascii())]
    Unknown {
        /// The first bytes, at most [`Format::DETECT_BYTES`].
        found: Vec<u8>,
    },
    /// There is nothing to read.
    #[error("the file is empty")]
    Empty,
    /// It is a PLY, and something is wrong with it.
    #[error(transparent)]
    Ply(#[from] ply::ReadError),
    /// It is an SPZ or a 404-SPZ, and something is wrong with it.
    #[error(transparent)]
    Spz(#[from] spz::ReadError),
    /// The bytes could not be had.
    #[error("reading failed: {0}")]
    Io(#[from] io::Error),
}

/// Reads splats in whichever format they come. `byte_len`: see [`ply::read`].
///
/// # Errors
/// [`ReadError`]: the format is unknown, or that of the format's own reader.
pub fn read_splats(
    mut reader: impl Read,
    byte_len: Option<u64>,
) -> Result<(Splats, Format), ReadError> {
    let mut first = Vec::new();
    reader.by_ref().take(Format::DETECT_BYTES as u64).read_to_end(&mut first)?;
    if first.is_empty() {
        return Err(ReadError::Empty);
    }
    let Some(format) = Format::detect(&first) else {
        return Err(ReadError::Unknown { found: first });
    };
    let reader = io::Cursor::new(first).chain(reader);
    let splats = match format {
        Format::Ply => ply::read(reader, byte_len)?,
        Format::Spz => spz::read(reader, byte_len)?,
        Format::Spz404 => spz404::read(reader, byte_len)?,
    };
    Ok((splats, format))
}
