//! `crucible convert`: from one splat format to another.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use asset::{Splats, ply, spz, spz404};
use clap::ValueEnum;

use crate::failure::{Failure, exit};
use crate::{files, output};

/// Writes an asset in another format
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Asset to read, told by content
    input: PathBuf,

    /// File to write: .ply or .spz
    output: PathBuf,

    /// Which kind of SPZ to write
    #[arg(long, value_enum, default_value_t = SpzKind::V3)]
    spz: SpzKind,
}

/// The kinds of SPZ we write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SpzKind {
    /// Niantic, version 3: gzip, read by most viewers
    V3,
    /// Niantic, version 4: zstd streams
    V4,
    /// The per-task subnet's: one zstd frame
    #[value(name = "404")]
    Subnet404,
}

/// A file to write, by its extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Ply,
    Spz(SpzKind),
}

impl Target {
    /// What the extension asks for; refused before any work is done.
    pub(crate) fn of(path: &Path, spz_kind: SpzKind) -> Result<Self, Failure> {
        let extension =
            path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match extension.to_ascii_lowercase().as_str() {
            "ply" => Ok(Self::Ply),
            "spz" => Ok(Self::Spz(spz_kind)),
            _ => Err(Failure::input(path, "the name of an asset to write ends in .ply or .spz")),
        }
    }

    /// Writes the file, whole or not at all.
    pub(crate) fn write(self, splats: &Splats, path: &Path) -> Result<(), Failure> {
        let failure = |error: &dyn std::fmt::Display| Failure::input(path, error);
        files::write_atomically(path, |writer: &mut dyn Write| match self {
            Self::Ply => ply::write(splats, writer).map_err(|error| failure(&error)),
            Self::Spz(SpzKind::V3) => {
                spz::write(splats, spz::Version::V3, writer).map_err(|error| failure(&error))
            }
            Self::Spz(SpzKind::V4) => {
                spz::write(splats, spz::Version::V4, writer).map_err(|error| failure(&error))
            }
            Self::Spz(SpzKind::Subnet404) => {
                spz404::write(splats, writer).map_err(|error| failure(&error))
            }
        })
    }
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let target = Target::of(&args.output, args.spz)?;
    let (splats, format, _) = files::read_splats(&args.input)?;
    target.write(&splats, &args.output)?;
    let (input, output) = (args.input.display(), args.output.display());
    output::line(format_args!("{input} ({}) -> {output}: {} splats", format, splats.len()));
    Ok(ExitCode::from(exit::OK))
}
