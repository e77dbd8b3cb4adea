//! An asset to any file.

use std::io::Write;

use asset::compressed_ply::{self, Order};
use asset::format::{Info, TABLE};
use asset::{
    Format, Holds, Scene, Splats, glb, gltf_splats, obj, ply, sog, splat, spz, spz404, stl, usdz,
};

use crate::Asset;

/// What to write: a format, and the choices that some formats leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The format.
    pub format: Format,
    /// Of SPZ files.
    pub spz: spz::Version,
}

/// No format can be told from a file's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the name of an asset to write ends in {}", endings())]
pub struct TargetError;

/// Endings that we write, as in ".ply, .spz or .glb".
#[must_use]
pub fn endings() -> String {
    let mut endings: Vec<String> = Vec::new();
    for info in TABLE.iter().filter(|info| info.writes) {
        let ending = format!(".{}", info.extensions[0]);
        if !endings.contains(&ending) {
            endings.push(ending);
        }
    }
    let last = endings.pop().unwrap_or_default();
    format!("{} or {last}", endings.join(", "))
}

impl Target {
    /// A format, with the default for every choice.
    #[must_use]
    pub const fn new(format: Format) -> Self {
        Self { format, spz: spz::Version::V3 }
    }

    /// The format that a file's name asks for by its ending, the longest one that fits. Where several formats share it,
    /// the one that holds what is to be written comes first.
    ///
    /// # Errors
    /// [`TargetError`]: we write no file with this ending.
    pub fn named(file_name: Option<&str>, holds: Holds) -> Result<Self, TargetError> {
        let fit = |info: &&Info| {
            let length = info.written_ending_of(file_name).map_or(0, str::len);
            (length, info.holds == holds)
        };
        // Of equal ones the first in the table: `max_by_key` alone would take the last.
        let best = TABLE.iter().rev().filter(|info| info.writes).max_by_key(fit);
        let found = best.filter(|info| info.written_ending_of(file_name).is_some());
        found.map(|info| Self::new(info.format)).ok_or(TargetError)
    }
}

/// What writing did besides the bytes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Written {
    /// What the asset has and the file has not, one line each.
    pub losses: Vec<String>,
    /// For writers that sort or leave out splats: which splat each one of the file was. `None`: all, in their order.
    pub order: Option<Vec<u32>>,
    /// Files that belong beside it, by the names that it has for them.
    pub beside: Vec<(String, Vec<u8>)>,
}

/// Why a file was not written. Nothing was written then, except where the writer failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The format holds the other kind of asset.
    #[error("{format} holds {}", kind(*expected))]
    Kind {
        /// The format asked for.
        format: Format,
        /// What it holds.
        expected: Holds,
    },
    /// We read it only.
    #[error("{0} is a format that we read and do not write")]
    ReadOnly(Format),
    /// The writer of bytes failed.
    #[error("writing failed: {0}")]
    Io(#[from] std::io::Error),
    /// Compressed PLY.
    #[error(transparent)]
    CompressedPly(#[from] compressed_ply::WriteError),
    /// SOG.
    #[error(transparent)]
    Sog(#[from] sog::WriteError),
    /// `.splat`.
    #[error(transparent)]
    Splat(#[from] splat::WriteError),
    /// glTF of splats.
    #[error(transparent)]
    GltfSplats(#[from] gltf_splats::WriteError),
    /// OBJ.
    #[error(transparent)]
    Obj(#[from] obj::WriteError),
    /// STL.
    #[error(transparent)]
    Stl(#[from] stl::WriteError),
    /// USDZ.
    #[error(transparent)]
    Usdz(#[from] usdz::WriteError),
    /// SPZ of either kind.
    #[error(transparent)]
    Spz(#[from] spz::WriteError),
    /// glTF.
    #[error(transparent)]
    Glb(#[from] glb::GlbError),
}

const fn kind(holds: Holds) -> &'static str {
    match holds {
        Holds::Splats => "splats, and this is a scene of meshes",
        Holds::Scene => "a scene of meshes, and these are splats",
    }
}

/// Writes an asset. An asset of the other kind than the format holds is refused. `stem`: name of the file without its
/// ending, by which files beside it are named.
///
/// # Errors
/// [`WriteError`], that of the format's writer.
pub fn write(
    asset: &Asset,
    target: Target,
    stem: &str,
    writer: impl Write,
) -> Result<Written, WriteError> {
    match asset {
        Asset::Splats(splats) => write_splats(splats, target, writer),
        Asset::Scene(scene) => write_scene(scene, target, stem, writer),
    }
}

/// Writes splats.
///
/// # Errors
/// As [`write()`].
pub fn write_splats(
    splats: &Splats,
    target: Target,
    writer: impl Write,
) -> Result<Written, WriteError> {
    let format = target.format;
    let mut written = Written::default();
    match format {
        Format::Ply => ply::write(splats, writer)?,
        Format::CompressedPly => {
            written.order = Some(compressed_ply::write(splats, Order::Compact, writer)?);
        }
        Format::Spz => spz::write(splats, target.spz, writer)?,
        Format::Spz404 => spz404::write(splats, writer)?,
        Format::Sog => written.order = Some(sog::write(splats, writer)?.order),
        Format::Splat => {
            splat::write(splats, writer)?;
            let degree = splats.sh_degree().get();
            if degree > 0 {
                written.losses.push(format!("spherical harmonics of degree 1 to {degree}"));
            }
        }
        Format::GltfSplats => gltf_splats::write(splats, writer)?,
        Format::Ksplat => return Err(WriteError::ReadOnly(format)),
        Format::Glb | Format::Obj | Format::Stl | Format::Usdz | Format::Module => {
            return Err(WriteError::Kind { format, expected: Holds::Scene });
        }
    }
    Ok(written)
}

/// Writes a scene; `stem` as for [`write()`].
///
/// # Errors
/// As [`write()`].
pub fn write_scene(
    scene: &Scene,
    target: Target,
    stem: &str,
    mut writer: impl Write,
) -> Result<Written, WriteError> {
    let format = target.format;
    let mut written = Written::default();
    match format {
        Format::Glb => written.losses = glb::write(scene, writer)?,
        Format::Obj => {
            let files = obj::write(scene, stem)?;
            writer.write_all(&files.obj)?;
            writer.flush()?;
            written.losses = files.losses;
            written.beside = files.pictures;
            written.beside.push((library_name(&files.obj), files.mtl));
        }
        Format::Stl => written.losses = stl::write(scene, writer)?,
        Format::Usdz => written.losses = usdz::write(scene, writer)?,
        Format::Module => return Err(WriteError::ReadOnly(format)),
        Format::Ply
        | Format::CompressedPly
        | Format::Spz
        | Format::Spz404
        | Format::Sog
        | Format::Splat
        | Format::Ksplat
        | Format::GltfSplats => {
            return Err(WriteError::Kind { format, expected: Holds::Splats });
        }
    }
    Ok(written)
}

/// What an OBJ file calls its library of materials.
fn library_name(file: &[u8]) -> String {
    let mut lines = file.split(|byte| *byte == b'\n');
    let name = lines.find_map(|line| line.strip_prefix(b"mtllib "));
    String::from_utf8_lossy(name.unwrap_or_default()).trim().to_owned()
}
