//! `crucible inspect`: what is in an asset.

use std::path::PathBuf;
use std::process::ExitCode;

use asset::Format;
use asset::stats::{SceneStats, Stats};
use convert::{Asset, Loaded};
use serde::Serialize;

use crate::cmd::validate::{Figures, metrics_text};
use crate::failure::{Failure, exit};
use crate::module::{CageArgs, is_module};
use crate::{files, output};

/// Says what is in an asset: counts, box, sizes; of splats also quantiles and broken values
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(help = format!("Asset to read: {}", asset::format::names_read()))]
    input: PathBuf,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    cage: CageArgs,
}

#[derive(Serialize)]
struct Report {
    file: String,
    format: Format,
    file_bytes: u64,
    #[serde(flatten)]
    content: Content,
    /// What the file has and we cannot hold.
    losses: Vec<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content {
    Splats(Stats),
    Scene {
        /// Of a module: the figures that have limits.
        #[serde(skip_serializing_if = "Option::is_none")]
        metrics: Option<Figures>,
        scene: SceneStats,
    },
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let (_, file_bytes) = files::open(&args.input)?;
    let file = args.input.display().to_string();
    let (loaded, metrics) = if is_module(&args.input) {
        let (scene, metrics) = args.cage.scene(&args.input)?;
        let asset = Asset::Scene(scene);
        (Loaded { asset, format: Format::Module, losses: Vec::new() }, metrics)
    } else {
        (files::read_asset(&args.input)?, None)
    };
    let Loaded { asset, format, losses } = loaded;
    let content = match &asset {
        Asset::Splats(splats) => Content::Splats(Stats::of(splats)),
        Asset::Scene(scene) => Content::Scene {
            metrics: metrics.as_ref().map(Figures::of),
            scene: SceneStats::of(scene),
        },
    };
    if args.json {
        output::json(&Report { file, format, file_bytes, content, losses })?;
        return Ok(ExitCode::from(exit::OK));
    }
    output::line(format_args!("{file}: {format}, {file_bytes} bytes"));
    match &content {
        Content::Splats(stats) => output::line(stats),
        Content::Scene { scene, .. } => output::line(scene),
    }
    if let Some(metrics) = &metrics {
        output::line(metrics_text(metrics).trim_end());
    }
    for loss in losses {
        output::line(format_args!("not read: {loss}"));
    }
    Ok(ExitCode::from(exit::OK))
}
