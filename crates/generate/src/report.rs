//! What the generator says about its own work.

use std::fmt;

use serde::Serialize;

use crate::gauge::Front;
use crate::module::Module;
use crate::observe::Stage;
use crate::options::{Quality, ShapeKind};

/// How long a stage took by the observer's clock.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StageTiming {
    /// Which.
    pub stage: Stage,
    /// Seconds.
    pub duration_s: f64,
}

/// One piece of evidence for or against a shape.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// What was looked at.
    pub name: &'static str,
    /// What was found, in the unit the name says.
    pub value: f32,
    /// What it adds to the score.
    pub adds: f32,
}

/// A shape that was considered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// Which shape.
    pub shape: ShapeKind,
    /// Sum of what the evidence adds; the highest wins.
    pub score: f32,
    /// Why.
    pub evidence: Vec<Evidence>,
    /// Depth divided by the largest side of the silhouette.
    pub depth: f32,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: score {:.2}, depth {:.2}", self.shape, self.score, self.depth)?;
        for Evidence { name, value, adds } in &self.evidence {
            write!(f, "\n  {adds:+.2}  {name} = {value:.3}")?;
        }
        Ok(())
    }
}

/// Splats in figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SplatFigures {
    /// Splats in the asset.
    pub splat_count: usize,
    /// Front view against the cut-out picture at its own resolution, inside the mask, decibels.
    pub front_psnr_db: f64,
    /// Front silhouette against the mask, at coverage ½, 0 to 1.
    pub front_iou: f64,
    /// Width, height, depth of the asset, metres.
    pub extent_m: [f32; 3],
}

/// A mesh in figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeshFigures {
    /// Triangles.
    pub triangle_count: usize,
    /// Vertices; those at seams of the texture count more than once.
    pub vertex_count: usize,
    /// Side of the texture, pixels.
    pub texture_px: u32,
    /// Whether every edge has two triangles, seams of the texture aside.
    pub closed: bool,
    /// Front view of the texture as it is, without light.
    #[serde(flatten)]
    pub front: Front,
}

/// A module in figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModuleFigures {
    /// Bytes of its source.
    pub source_bytes: usize,
    /// Numbers in its source, comments aside.
    pub number_count: usize,
    /// Strokes of its paintings.
    pub stroke_count: usize,
    /// Corners of its outlines and profiles.
    pub corner_count: usize,
    /// Triangles it builds, once it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub triangle_count: Option<usize>,
    /// Front view in the light `follow`, once it was drawn.
    #[serde(flatten)]
    pub front: Option<Front>,
}

impl ModuleFigures {
    pub(crate) fn of(module: &Module) -> Self {
        Self {
            source_bytes: module.source.len(),
            number_count: module.number_count(),
            stroke_count: module.stroke_count,
            corner_count: module.corner_count,
            triangle_count: None,
            front: None,
        }
    }
}

/// What was made of a picture, and how well.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The shape taken.
    pub shape: ShapeKind,
    /// True when the caller asked for it.
    pub shape_forced: bool,
    /// Every shape considered, best first.
    pub verdicts: Vec<Verdict>,
    /// How the object was told from the backdrop.
    pub cut_out: String,
    /// Options as used.
    pub seed: u64,
    /// Options as used.
    pub quality: Quality,
    /// The splats, if they were asked for.
    #[serde(flatten)]
    pub splats: Option<SplatFigures>,
    /// The mesh, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mesh: Option<MeshFigures>,
    /// The Three.js module, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<ModuleFigures>,
    /// Every stage in order.
    pub stages: Vec<StageTiming>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let forced = if self.shape_forced { " (as asked)" } else { "" };
        writeln!(f, "shape {}{forced}", self.shape)?;
        writeln!(f, "cut-out: {}", self.cut_out)?;
        if let Some(splats) = &self.splats {
            let SplatFigures { splat_count, front_psnr_db, front_iou, extent_m } = splats;
            let [width, height, depth] = extent_m;
            writeln!(
                f,
                "{splat_count} splats, {width:.3} × {height:.3} × {depth:.3} m; front view: PSNR {front_psnr_db:.1} dB, IoU {front_iou:.3}"
            )?;
        }
        if let Some(mesh) = &self.mesh {
            let MeshFigures { triangle_count, texture_px, closed, front, .. } = mesh;
            let closed = if *closed { "closed" } else { "open" };
            writeln!(
                f,
                "mesh: {triangle_count} triangles, {closed}, texture {texture_px} × {texture_px}; front view: {front}"
            )?;
        }
        if let Some(module) = &self.module {
            let ModuleFigures { source_bytes, number_count, stroke_count, corner_count, .. } =
                module;
            write!(
                f,
                "module: {source_bytes} bytes, {number_count} numbers ({stroke_count} strokes, {corner_count} corners)"
            )?;
            if let Some(triangles) = module.triangle_count {
                write!(f, ", {triangles} triangles")?;
            }
            if let Some(front) = &module.front {
                write!(f, "; front view: {front}")?;
            }
            writeln!(f)?;
        }
        for verdict in &self.verdicts {
            writeln!(f, "{verdict}")?;
        }
        for timing in &self.stages {
            writeln!(f, "{:>10}  {:.2} s", timing.stage.name(), timing.duration_s)?;
        }
        Ok(())
    }
}
