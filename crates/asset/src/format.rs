//! Every file format of an asset: one table of what each is called, holds and loses; which one a file is; reading splats
//! in whichever format they come.
//!
//! Readers and writers themselves are the modules of their names. Command-line help, error texts and the table of
//! the README are made from [`TABLE`].

use std::io::{self, Read};

use crate::{Splats, compressed_ply, glb, gltf_splats, ksplat, ply, sog, splat, spz, spz404};

/// A file format of splats or scenes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// 3DGS PLY, see [`crate::ply`].
    Ply,
    /// PlayCanvas' compressed PLY, see [`crate::compressed_ply`].
    CompressedPly,
    /// Niantic's SPZ, see [`crate::spz`].
    Spz,
    /// SPZ in one zstd frame, see [`crate::spz404`].
    Spz404,
    /// PlayCanvas' SOG, see [`crate::sog`].
    Sog,
    /// The first web viewer's, see [`crate::splat`].
    Splat,
    /// mkkellogg's, see [`crate::ksplat`].
    Ksplat,
    /// Splats in glTF, see [`crate::gltf_splats`].
    GltfSplats,
    /// Scenes in glTF 2.0, see [`crate::glb`].
    Glb,
    /// Wavefront OBJ with its MTL, see [`crate::obj`].
    Obj,
    /// STL, see [`crate::stl`].
    Stl,
    /// Apple's USDZ, see [`crate::usdz`].
    Usdz,
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
    /// File endings, small letters, without the first dot; the first one is the one that we write.
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
        format: Format::CompressedPly,
        name: "compressed PLY",
        extensions: &["compressed.ply"],
        holds: Holds::Splats,
        has_magic: true,
        reads: true,
        writes: true,
        is_exact: false,
        cannot_hold: &["values are rounded, order changes", "SH degree 4"],
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
        format: Format::Sog,
        name: "SOG",
        extensions: &["sog"],
        holds: Holds::Splats,
        has_magic: true,
        reads: true,
        writes: true,
        is_exact: false,
        cannot_hold: &["values are rounded, order changes", "SH degree 4"],
    },
    Info {
        format: Format::Splat,
        name: ".splat",
        extensions: &["splat"],
        holds: Holds::Splats,
        has_magic: false,
        reads: true,
        writes: true,
        is_exact: false,
        cannot_hold: &[
            "spherical harmonics above degree 0",
            "colours, opacities and rotations are rounded",
        ],
    },
    Info {
        format: Format::Ksplat,
        name: "KSPLAT",
        extensions: &["ksplat"],
        holds: Holds::Splats,
        has_magic: false,
        reads: true,
        writes: false,
        is_exact: false,
        cannot_hold: &[],
    },
    Info {
        format: Format::GltfSplats,
        name: "glTF splats",
        extensions: &["glb", "gltf"],
        holds: Holds::Splats,
        has_magic: true,
        reads: true,
        writes: true,
        is_exact: false,
        cannot_hold: &["SH degree 4"],
    },
    Info {
        format: Format::Glb,
        name: "glTF",
        extensions: &["glb", "gltf"],
        holds: Holds::Scene,
        has_magic: true,
        reads: true,
        writes: true,
        is_exact: false,
        cannot_hold: &["materials beyond metallic-roughness and its extensions"],
    },
    Info {
        format: Format::Obj,
        name: "OBJ",
        extensions: &["obj"],
        holds: Holds::Scene,
        has_magic: false,
        reads: true,
        writes: true,
        is_exact: false,
        cannot_hold: &[
            "hierarchy and instances",
            "layers of materials",
            "wrapping and transforms of textures",
        ],
    },
    Info {
        format: Format::Stl,
        name: "STL",
        extensions: &["stl"],
        holds: Holds::Scene,
        has_magic: false,
        reads: true,
        writes: true,
        is_exact: false,
        cannot_hold: &["hierarchy and instances", "materials, colours, textures", "smooth normals"],
    },
    Info {
        format: Format::Usdz,
        name: "USDZ",
        extensions: &["usdz"],
        holds: Holds::Scene,
        has_magic: true,
        reads: false,
        writes: true,
        is_exact: false,
        cannot_hold: &["hierarchy and instances", "layers of materials"],
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
    /// A gzip stream is taken for SPZ, a zstd frame for 404-SPZ, a zip file for SOG, and JSON for glTF: what they hold is
    /// seen when they are read. So is whether a glTF file is [`Self::GltfSplats`]; here it is [`Self::Glb`].
    #[must_use]
    pub fn detect(first_bytes: &[u8]) -> Option<Self> {
        match first_bytes {
            [b'p', b'l', b'y', b'\n' | b'\r' | b' ', ..] => {
                let is_compressed = compressed_ply::is_compressed(first_bytes);
                Some(if is_compressed { Self::CompressedPly } else { Self::Ply })
            }
            [b'N', b'G', b'S', b'P', ..] | [0x1f, 0x8b, ..] => Some(Self::Spz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Spz404),
            [b'g', b'l', b'T', b'F', ..] => Some(Self::Glb),
            [b'P', b'K', 3, 4, ..] => {
                Some(if is_usd(first_bytes) { Self::Usdz } else { Self::Sog })
            }
            text => {
                let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
                text.starts_with(b"{").then_some(Self::Glb)
            }
        }
    }

    /// What a file is: by its first bytes, and where they say nothing, by the ending of its name.
    ///
    /// # Errors
    /// [`ReadError::Empty`] or [`ReadError::Unknown`].
    pub fn of_file(first_bytes: &[u8], file_name: Option<&str>) -> Result<Self, ReadError> {
        if first_bytes.is_empty() {
            return Err(ReadError::Empty);
        }
        if let Some(format) = Self::detect(first_bytes) {
            return Ok(format);
        }
        let named =
            TABLE.iter().find(|info| !info.has_magic && info.ending_of(file_name).is_some());
        named.map(|info| info.format).ok_or_else(|| ReadError::unknown(first_bytes))
    }
}

/// Whether a zip file begins with a file of USD.
fn is_usd(first_bytes: &[u8]) -> bool {
    let name_len = first_bytes.get(26).copied().unwrap_or(0);
    let name = first_bytes.get(30..30 + usize::from(name_len)).unwrap_or_default();
    [&b".usda"[..], b".usdc", b".usd"].iter().any(|ending| name.ends_with(ending))
}

impl Info {
    /// The same, of the ending only that we write.
    #[must_use]
    pub fn written_ending_of(&self, file_name: Option<&str>) -> Option<&'static str> {
        self.ending_of(file_name).filter(|ending| *ending == self.extensions[0])
    }

    /// The ending of a file's name, if it is one of this format, in any case of letters.
    #[must_use]
    pub fn ending_of(&self, file_name: Option<&str>) -> Option<&'static str> {
        let name = file_name?.as_bytes();
        self.extensions.iter().copied().find(|ending| {
            let rest = name.len().checked_sub(ending.len() + 1);
            rest.is_some_and(|at| {
                name[at] == b'.' && name[at + 1..].eq_ignore_ascii_case(ending.as_bytes())
            })
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
    /// It is a SOG, and something is wrong with it.
    #[error(transparent)]
    Sog(#[from] sog::ReadError),
    /// It is a `.splat`, and something is wrong with it.
    #[error(transparent)]
    Splat(#[from] splat::ReadError),
    /// It is a KSPLAT, and something is wrong with it.
    #[error(transparent)]
    Ksplat(#[from] ksplat::ReadError),
    /// It is a glTF file, and something is wrong with it.
    #[error(transparent)]
    Glb(#[from] glb::ReadError),
    /// It is a glTF file, and something is wrong with its splats.
    #[error(transparent)]
    GltfSplats(#[from] gltf_splats::ReadError),
    /// More than we hold in memory.
    #[error(
        "the file has more than {WHOLE_BYTES_MAX} bytes, our limit for formats that are read as a whole"
    )]
    TooLong,
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

/// Bytes of a file of a format that is read as a whole: glTF, OBJ, STL.
pub const WHOLE_BYTES_MAX: u64 = 1 << 30;

/// The bytes of a file, up to [`WHOLE_BYTES_MAX`].
///
/// # Errors
/// [`ReadError::TooLong`], or that of the reader.
pub fn whole(reader: impl Read, byte_len: Option<u64>) -> Result<Vec<u8>, ReadError> {
    if byte_len.is_some_and(|found| found > WHOLE_BYTES_MAX) {
        return Err(ReadError::TooLong);
    }
    let mut bytes = Vec::new();
    reader.take(WHOLE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > WHOLE_BYTES_MAX { Err(ReadError::TooLong) } else { Ok(bytes) }
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
    read_splats_with_losses(format, reader, byte_len).map(|(splats, _)| splats)
}

/// [`read_splats_as`], and what the file has besides splats, one line for each kind of thing.
///
/// # Errors
/// As [`read_splats_as`].
pub fn read_splats_with_losses(
    format: Format,
    reader: impl Read,
    byte_len: Option<u64>,
) -> Result<(Splats, Vec<String>), ReadError> {
    let whole_format = |splats| (splats, Vec::new());
    Ok(match format {
        Format::Ply => ply::read_with_losses(reader, byte_len)?,
        // A plain one under this name is refused.
        Format::CompressedPly => compressed_ply::read_with_losses(reader, byte_len)?,
        Format::Spz => {
            let (splats, notes) = spz::read_with_notes(reader, byte_len)?;
            (splats, notes.losses())
        }
        Format::Spz404 => whole_format(spz404::read(reader, byte_len)?),
        Format::Sog => whole_format(sog::read(reader, byte_len)?),
        Format::Splat => whole_format(splat::read(reader, byte_len)?),
        Format::Ksplat => whole_format(ksplat::read(reader, byte_len)?),
        Format::Glb | Format::GltfSplats => {
            let bytes = whole(reader, byte_len)?;
            let mut nothing_beside = |name: &str| Err(format!("{name} cannot be had from here"));
            let document = glb::Document::parse(&bytes, &mut nothing_beside)?;
            if !gltf_splats::has_splats(&document) {
                return Err(ReadError::NotSplats(Format::Glb));
            }
            gltf_splats::read(&document)?
        }
        Format::Obj | Format::Stl | Format::Usdz | Format::Module => {
            return Err(ReadError::NotSplats(format));
        }
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
