//! `crucible convert`: from one splat format to another, and from a Three.js module to glTF.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use asset::{Splats, glb, ply, spz, spz404};
use clap::ValueEnum;

use crate::failure::{Failure, exit};
use crate::module::{CageArgs, is_module};
use crate::{files, output};

/// Writes an asset in another format
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Asset to read: splats, told by content, or a Three.js module, .js
    input: PathBuf,

    /// File to write: .ply or .spz of splats, .glb of a module
    output: PathBuf,

    /// Which kind of SPZ to write
    #[arg(long, value_enum, default_value_t = SpzKind::V3)]
    spz: SpzKind,

    #[command(flatten)]
    cage: CageArgs,
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
    if is_module(&args.input) {
        return convert_module(&args);
    }
    let target = Target::of(&args.output, args.spz)?;
    let (splats, format, _) = files::read_splats(&args.input)?;
    target.write(&splats, &args.output)?;
    let (input, output) = (args.input.display(), args.output.display());
    output::line(format_args!("{input} ({}) -> {output}: {} splats", format, splats.len()));
    Ok(ExitCode::from(exit::OK))
}

/// Writes what a module builds as glTF, and says what glTF has no words for.
fn convert_module(args: &Args) -> Result<ExitCode, Failure> {
    let (input, output) = (args.input.display(), args.output.display());
    if !args.output.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("glb")) {
        let text = "the name of a file to write from a module ends in .glb";
        return Err(Failure::input(&args.output, text));
    }
    let (scene, _) = args.cage.scene(&args.input)?;
    let mut losses = Vec::new();
    files::write_atomically(&args.output, |writer: &mut dyn Write| {
        losses = glb::write(&scene, writer).map_err(|error| Failure::input(&args.output, error))?;
        Ok(())
    })?;
    output::line(format_args!(
        "{input} (Three.js module) -> {output}: {} nodes",
        scene.nodes.len()
    ));
    for loss in losses {
        output::line(format_args!("lost: {loss}"));
    }
    Ok(ExitCode::from(exit::OK))
}
