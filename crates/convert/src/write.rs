//! An asset to any file.

use std::io::Write;

use asset::format::TABLE;
use asset::{Format, Holds, Scene, Splats, glb, ply, spz, spz404};

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

    /// The format that an ending (without the dot) asks for. Where several formats share it, the one that holds what is
    /// to be written comes first.
    ///
    /// # Errors
    /// [`TargetError`]: we write no file with this ending.
    pub fn named(extension: Option<&str>, holds: Holds) -> Result<Self, TargetError> {
        let named = || TABLE.iter().filter(|info| info.writes && info.is_named(extension));
        let found = named().find(|info| info.holds == holds).or_else(|| named().next());
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

/// Writes an asset. An asset of the other kind than the format holds is refused.
///
/// # Errors
/// [`WriteError`], that of the format's writer.
pub fn write(asset: &Asset, target: Target, writer: impl Write) -> Result<Written, WriteError> {
    match asset {
        Asset::Splats(splats) => write_splats(splats, target, writer),
        Asset::Scene(scene) => write_scene(scene, target, writer),
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
    match format {
        Format::Ply => ply::write(splats, writer)?,
        Format::Spz => spz::write(splats, target.spz, writer)?,
        Format::Spz404 => spz404::write(splats, writer)?,
        Format::Glb | Format::Module => {
            return Err(WriteError::Kind { format, expected: Holds::Scene });
        }
    }
    Ok(Written::default())
}

/// Writes a scene.
///
/// # Errors
/// As [`write()`].
pub fn write_scene(
    scene: &Scene,
    target: Target,
    writer: impl Write,
) -> Result<Written, WriteError> {
    let format = target.format;
    let losses = match format {
        Format::Glb => glb::write(scene, writer)?,
        Format::Module => return Err(WriteError::ReadOnly(format)),
        Format::Ply | Format::Spz | Format::Spz404 => {
            return Err(WriteError::Kind { format, expected: Holds::Splats });
        }
    };
    Ok(Written { losses, order: None })
}
