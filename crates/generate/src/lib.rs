//! Prompt to asset: the built-in generator.
//!
//! [`generate`] makes splats of the object in one picture, without weights, a GPU or a network. Its stages, in order
//! ([`Stage`]): cut-out, silhouette, hypotheses about the shape, a choice by evidence, colour for what the picture does
//! not show, splats, refinement against the picture by differentiable rendering, and a check.
//!
//! Everything is a pure function of picture and [`Options`]: the same bytes come out on any number of threads. The clock
//! for the timings, and the wish to stop, come from an [`Observer`].
#![warn(missing_docs)]

mod choose;
mod colour;
mod distance;
mod error;
pub mod eval;
mod fit;
mod gauge;
mod hypothesis;
mod map;
mod module;
mod observe;
mod options;
mod pictures;
mod pipeline;
mod poisson;
mod refine;
mod report;
mod sample;
mod shading;
mod sheets;
mod silhouette;
mod splats;
mod surface;
mod textured;
pub mod truth;

pub use error::GenerateError;
pub use gauge::{Front, Gauge};
pub use module::Module;
pub use observe::{Observer, Stage, Unobserved};
pub use options::{Options, Outputs, Quality, ShapeKind, UnknownShape};
pub use pipeline::{Generated, PICTURE_SIDE_PX_MAX, generate};
pub use report::{
    Evidence, MeshFigures, ModuleFigures, Report, SplatFigures, StageTiming, Verdict,
};
