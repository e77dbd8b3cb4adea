//! Every file format of an asset: one table of what each is called, holds and loses; which one a file is; reading splats
//! in whichever format they come.
//!
//! Readers and writers themselves are the modules of their names. Command-line help, error texts and the table of
//! the README are made from [`TABLE`].

use std::io::{self, Read};

use crate::{Splats, ply, spz, spz404};

/// A file format of splats or scenes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// 3DGS PLY, see [`crate::ply`].
    Ply,
    /// Niantic's SPZ, see [`crate::spz`].
    Spz,
    /// SPZ in one zstd frame, see [`crate::spz404`].
    Spz404,
    /// glTF 2.0 in one file, see [`crate::glb`].
    Glb,
    /// A Three.js module. Its scene is had by running it, which is not done here.
    Module,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Holds {
    /// Gaussian splats.
    Splats,
    /// A scene of meshes, lines and points.
    Scene,
}

/// What is true of every file of a format.
#[derive(Debug, Clone, Copy)]
pub struct Info {
    /// The format.
    pub format: Format,
    /// For people.
    pub name: &'static str,
    /// File endings, small letters, without the dot; the first one is the usual one.
    pub extensions: &'static [&'static str],
    /// What it holds.
    pub holds: Holds,
    /// The first bytes tell it; otherwise only the ending does.
    pub has_magic: bool,
    /// We read it.
    pub reads: bool,
    /// We write it.
    pub writes: bool,
    /// All that it holds comes back bit by bit.
    pub is_exact: bool,
    /// What is lost in writing: values that are rounded, things that it has no place for. A few words each.
    pub cannot_hold: &'static [&'static str],
}

/// Every format, in the order of [`Format`].
pub const TABLE: &[Info] = &[
    Info {
        format: Format::Ply,
        name: "3DGS PLY",
        extensions: &["ply"],
        holds: Holds::Splats,
        has_magic: true,
        reads: true,
        writes: true,
        is_exact: true,
        cannot_hold: &[],
    },
    Info {
        format: Format::Spz,
        name: "SPZ",
        extensions: &["spz"],
        holds: Holds::Splats,
        has_magic: true,
        reads: true,
        writes: true,
        is_exact: false,
        cannot_hold: &["values are rounded", "SH degree 4 in version 3"],
    },
    Info {
        format: Format::Spz404,
        name: "404-SPZ",
        extensions: &["spz"],
        holds: Holds::Splats,
        has_magic: true,
        reads: true,
        writes: true,
        is_exact: false,
        cannot_hold: &["values are rounded", "SH degree 4", "positions beyond ±2048"],
    },
    Info {
        format: Format::Glb,
        name: "glTF",
        extensions: &["glb"],
        holds: Holds::Scene,
        has_magic: true,
        reads: false,
        writes: true,
        is_exact: false,
        cannot_hold: &["materials beyond metallic-roughness and its extensions"],
    },
    Info {
        format: Format::Module,
        name: "Three.js module",
        extensions: &["js", "mjs"],
        holds: Holds::Scene,
        has_magic: false,
        reads: true,
        writes: false,
        is_exact: false,
        cannot_hold: &[],
    },
];

impl Format {
    /// [`Self::detect`] looks at so many bytes at most.
    pub const DETECT_BYTES: usize = 4096;

    /// Its row of [`TABLE`].
    #[must_use]
    pub fn info(self) -> &'static Info {
        &TABLE[self as usize]
    }

    /// What a file that starts like this is; `None` when it is none of ours, or one without a mark of its own.
    ///
    /// A gzip stream is taken for SPZ and a zstd frame for 404-SPZ: what they hold is seen when they are read.
    #[must_use]
    pub fn detect(first_bytes: &[u8]) -> Option<Self> {
        match first_bytes {
            [b'p', b'l', b'y', b'\n' | b'\r' | b' ', ..] => Some(Self::Ply),
            [b'N', b'G', b'S', b'P', ..] | [0x1f, 0x8b, ..] => Some(Self::Spz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Spz404),
            [b'g', b'l', b'T', b'F', ..] => Some(Self::Glb),
            _ => None,
        }
    }

    /// What a file is: by its first bytes, and where they say nothing, by its ending (without the dot, any case).
    ///
    /// # Errors
    /// [`ReadError::Empty`] or [`ReadError::Unknown`].
    pub fn of_file(first_bytes: &[u8], extension: Option<&str>) -> Result<Self, ReadError> {
        if first_bytes.is_empty() {
            return Err(ReadError::Empty);
        }
        if let Some(format) = Self::detect(first_bytes) {
            return Ok(format);
        }
        let named = TABLE.iter().find(|info| !info.has_magic && info.is_named(extension));
        named.map(|info| info.format).ok_or_else(|| ReadError::unknown(first_bytes))
    }
}

impl Info {
    /// True if the ending is one of this format.
    #[must_use]
    pub fn is_named(&self, extension: Option<&str>) -> bool {
        extension.is_some_and(|found| {
            self.extensions.iter().any(|known| found.eq_ignore_ascii_case(known))
        })
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.info().name)
    }
}

/// Names of the formats that we read, as in "3DGS PLY, SPZ, 404-SPZ".
#[must_use]
pub fn names_read() -> String {
    let names: Vec<_> = TABLE.iter().filter(|info| info.reads).map(|info| info.name).collect();
    names.join(", ")
}

/// Why [`read_splats`] failed.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The first bytes are those of no format that we read.
    #[error("the file starts with \"{}\", which is none of the formats we read: {}", found.escape_ascii(), names_read())]
    Unknown {
        /// The first bytes, at most four.
        found: Vec<u8>,
    },
    /// There is nothing to read.
    #[error("the file is empty")]
    Empty,
    /// It holds a scene, where splats are needed.
    #[error("{0} holds a scene of meshes; splats are needed")]
    NotSplats(Format),
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

impl ReadError {
    fn unknown(first_bytes: &[u8]) -> Self {
        Self::Unknown { found: first_bytes.iter().copied().take(4).collect() }
    }
}

/// Reads splats in whichever format they come, told by content. `byte_len`: see [`ply::read`].
///
/// # Errors
/// [`ReadError`]: the format is unknown, or that of the format's own reader.
pub fn read_splats(
    mut reader: impl Read,
    byte_len: Option<u64>,
) -> Result<(Splats, Format), ReadError> {
    let first = first_bytes(&mut reader)?;
    let format = Format::of_file(&first, None)?;
    let splats = read_splats_as(format, io::Cursor::new(first).chain(reader), byte_len)?;
    Ok((splats, format))
}

/// As many bytes as [`Format::detect`] looks at.
///
/// # Errors
/// Those of the reader.
pub fn first_bytes(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut first = Vec::new();
    reader.take(Format::DETECT_BYTES as u64).read_to_end(&mut first)?;
    Ok(first)
}

/// Reads splats in a format that is known. `byte_len`: see [`ply::read`].
///
/// # Errors
/// [`ReadError::NotSplats`] for formats of scenes; those of the format's own reader.
pub fn read_splats_as(
    format: Format,
    reader: impl Read,
    byte_len: Option<u64>,
) -> Result<Splats, ReadError> {
    Ok(match format {
        Format::Ply => ply::read(reader, byte_len)?,
        Format::Spz => spz::read(reader, byte_len)?,
        Format::Spz404 => spz404::read(reader, byte_len)?,
        Format::Glb | Format::Module => return Err(ReadError::NotSplats(format)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_formats() {
        for (place, info) in TABLE.iter().enumerate() {
            assert_eq!(info.format as usize, place, "{}", info.name);
            assert!(info.reads || info.writes, "{}", info.name);
        }
    }
}
