//! What the generator says about its own work.

use std::fmt;

use serde::Serialize;

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
    /// Splats in the asset.
    pub splat_count: usize,
    /// Front view against the cut-out picture at its own resolution, inside the mask, decibels.
    pub front_psnr_db: f64,
    /// Front silhouette against the mask, at coverage ½, 0 to 1.
    pub front_iou: f64,
    /// Width, height, depth of the asset, metres.
    pub extent_m: [f32; 3],
    /// Every stage in order.
    pub stages: Vec<StageTiming>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let forced = if self.shape_forced { " (as asked)" } else { "" };
        writeln!(f, "shape {}{forced}, {} splats", self.shape, self.splat_count)?;
        writeln!(f, "cut-out: {}", self.cut_out)?;
        let [width, height, depth] = self.extent_m;
        writeln!(f, "extent {width:.3} × {height:.3} × {depth:.3} m")?;
        writeln!(f, "front view: PSNR {:.1} dB, IoU {:.3}", self.front_psnr_db, self.front_iou)?;
        for verdict in &self.verdicts {
            writeln!(f, "{verdict}")?;
        }
        for timing in &self.stages {
            writeln!(f, "{:>10}  {:.2} s", timing.stage.name(), timing.duration_s)?;
        }
        Ok(())
    }
}
