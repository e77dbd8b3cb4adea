//! `crucible inspect`: what is in an asset.

use std::path::PathBuf;
use std::process::ExitCode;

use asset::Format;
use asset::scene::Primitive;
use asset::stats::Stats;
use serde::Serialize;

use crate::cmd::validate::{metrics_json, metrics_text};
use crate::failure::{Failure, exit};
use crate::module::{CageArgs, is_module};
use crate::{files, output};

/// Says what is in an asset: counts, box, sizes; of splats also quantiles and broken values
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Asset to read: .ply or .spz, told by content, or a Three.js module, .js
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
    stats: Stats,
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    if is_module(&args.input) {
        return inspect_module(args);
    }
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

/// What a module built: the figures that have limits, and what the scene is made of.
fn inspect_module(args: Args) -> Result<ExitCode, Failure> {
    let (_, file_bytes) = files::open(&args.input)?;
    let (scene, metrics) = args.cage.scene(&args.input)?;
    let instanced = scene.nodes.iter().filter(|node| {
        let primitive = node.drawable.as_ref().map(|drawable| &drawable.primitive);
        matches!(primitive, Some(Primitive::InstancedMesh(_)))
    });
    let triangles: usize = scene.geometries.iter().map(|found| found.element_count() / 3).sum();
    let counts = [
        ("nodes", scene.nodes.len()),
        ("instancedMeshes", instanced.count()),
        ("geometries", scene.geometries.len()),
        ("triangles", triangles),
        ("materials", scene.materials.len()),
        ("textures", scene.textures.len()),
    ];
    let input = args.input.display().to_string();
    if args.json {
        let scene: serde_json::Map<_, _> =
            counts.map(|(name, count)| (name.to_owned(), count.into())).into_iter().collect();
        output::json(&serde_json::json!({
            "file": input,
            "format": "module",
            "file_bytes": file_bytes,
            "metrics": metrics.as_ref().map(metrics_json),
            "scene": scene,
        }))?;
    } else {
        output::line(format_args!("{input}: Three.js module, {file_bytes} bytes"));
        if let Some(metrics) = &metrics {
            output::line(metrics_text(metrics).trim_end());
        }
        let [nodes, instanced, geometries, triangles, materials, textures] =
            counts.map(|(_, count)| count);
        output::line(format_args!(
            "  {nodes} nodes, {instanced} instanced meshes, {geometries} geometries of {triangles} triangles in all, {materials} materials, {textures} textures"
        ));
    }
    Ok(ExitCode::from(exit::OK))
}
