//! `crucible inspect`: what is in an asset.

use std::path::PathBuf;
use std::process::ExitCode;

use asset::Format;
use asset::scene::{Drawable, Primitive};
use asset::stats::Stats;
use serde::Serialize;

use crate::cmd::validate::{Figures, metrics_text};
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

/// The same of a module.
#[derive(Serialize)]
struct ModuleReport {
    file: String,
    format: &'static str,
    file_bytes: u64,
    metrics: Option<Figures>,
    scene: Parts,
}

/// What a scene is made of.
#[derive(Serialize)]
struct Parts {
    nodes: usize,
    instanced_meshes: usize,
    geometries: usize,
    /// Drawn, instances included; lines and points have none.
    triangles: usize,
    materials: usize,
    textures: usize,
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
    let triangles = |drawable: &Drawable| {
        let copies = match &drawable.primitive {
            Primitive::Mesh => 1,
            Primitive::InstancedMesh(instances) => instances.matrices.len(),
            Primitive::Line | Primitive::LineSegments | Primitive::Points => return 0,
        };
        let parts = scene.geometry(drawable.geometry).map(|found| drawable.parts(found));
        copies * parts.iter().flatten().map(|part| part.range.len() / 3).sum::<usize>()
    };
    let drawables = || scene.nodes.iter().filter_map(|node| node.drawable.as_ref());
    let parts = Parts {
        nodes: scene.nodes.len(),
        instanced_meshes: drawables()
            .filter(|drawable| matches!(drawable.primitive, Primitive::InstancedMesh(_)))
            .count(),
        geometries: scene.geometries.len(),
        triangles: drawables().map(triangles).sum(),
        materials: scene.materials.len(),
        textures: scene.textures.len(),
    };
    let file = args.input.display().to_string();
    if args.json {
        let metrics = metrics.as_ref().map(Figures::of);
        output::json(&ModuleReport { file, format: "module", file_bytes, metrics, scene: parts })?;
    } else {
        output::line(format_args!("{file}: Three.js module, {file_bytes} bytes"));
        if let Some(metrics) = &metrics {
            output::line(metrics_text(metrics).trim_end());
        }
        let Parts { nodes, instanced_meshes, geometries, triangles, materials, textures } = parts;
        output::line(format_args!(
            "  {nodes} nodes, instanced meshes: {instanced_meshes}, geometries: {geometries}, triangles drawn: {triangles}, materials: {materials}, textures: {textures}"
        ));
    }
    Ok(ExitCode::from(exit::OK))
}
