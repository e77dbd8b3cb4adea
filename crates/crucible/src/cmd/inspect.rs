//! `crucible inspect`: what is in an asset.

use std::path::PathBuf;
use std::process::ExitCode;

use asset::Format;
use asset::stats::Stats;
use serde::Serialize;

use crate::failure::{Failure, exit};
use crate::{files, output};

/// Says what is in an asset: count, box, quantiles, broken values, sizes
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Asset to read: .ply or .spz, told by content
    input: PathBuf,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    file: String,
    format: Format,
    file_bytes: u64,
    #[serde(flatten)]
    stats: Stats,
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let (splats, format, file_bytes) = files::read_splats(&args.input)?;
    let stats = Stats::of(&splats);
    if args.json {
        let file = args.input.display().to_string();
        output::json(&Report { file, format, file_bytes, stats })?;
    } else {
        output::line(format_args!("{}: {}, {file_bytes} bytes", args.input.display(), format));
        output::line(stats);
    }
    Ok(ExitCode::from(exit::OK))
}
