//! Looking on while an asset is made: stages, progress, pictures, the clock, and the wish to stop.

use std::time::Duration;

use image::RgbaImage;
use serde::Serialize;

use crate::error::GenerateError;
use crate::report::StageTiming;

/// The steps from picture to splats, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Object from backdrop.
    CutOut,
    /// Outline, symmetry, local width.
    Silhouette,
    /// Shapes that the picture may show.
    Hypotheses,
    /// Which of them.
    Choice,
    /// Colour of what the picture does not show.
    Colour,
    /// Surface to splats.
    Splats,
    /// Splats against the picture by differentiable rendering.
    Refinement,
    /// Strokes and outlines of a Three.js module.
    Module,
    /// Surface to triangles with a texture.
    Mesh,
    /// The finished asset measured and drawn.
    Check,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 10] = [
        Self::CutOut,
        Self::Silhouette,
        Self::Hypotheses,
        Self::Choice,
        Self::Colour,
        Self::Splats,
        Self::Refinement,
        Self::Module,
        Self::Mesh,
        Self::Check,
    ];

    /// Name in files and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CutOut => "cut_out",
            Self::Silhouette => "silhouette",
            Self::Hypotheses => "hypotheses",
            Self::Choice => "choice",
            Self::Colour => "colour",
            Self::Splats => "splats",
            Self::Refinement => "refinement",
            Self::Module => "module",
            Self::Mesh => "mesh",
            Self::Check => "check",
        }
    }
}

/// Looks on. Every method has a default that does nothing, so an observer says only what it cares about.
pub trait Observer {
    /// Time since any fixed moment; stage timings are differences of it. The library has no clock of its own.
    fn now(&mut self) -> Duration {
        Duration::ZERO
    }

    /// How far the stage is, 0 (started) to 1 (done).
    fn progress(&mut self, stage: Stage, fraction: f32) {
        let _ = (stage, fraction);
    }

    /// Whether stage pictures are worth making.
    fn wants_pictures(&self) -> bool {
        false
    }

    /// A picture of an intermediate result, asked for by [`Self::wants_pictures`]. `name` is a file stem such as
    /// `3_slab_depth`; names sort in the order of the stages.
    fn picture(&mut self, name: &str, picture: RgbaImage) {
        let _ = (name, picture);
    }

    /// A text about an intermediate result, beside the pictures.
    fn text(&mut self, name: &str, text: String) {
        let _ = (name, text);
    }

    /// True to stop: the generator returns [`GenerateError::Stopped`] at the next step, normally within a second.
    fn should_stop(&mut self) -> bool {
        false
    }
}

/// Looks away.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}

/// Runs stages, measuring each.
pub(crate) struct Watch<'a> {
    pub observer: &'a mut dyn Observer,
    pub timings: Vec<StageTiming>,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(observer: &'a mut dyn Observer) -> Self {
        Self { observer, timings: Vec::new() }
    }

    /// One stage from start to end.
    pub(crate) fn stage<T>(
        &mut self,
        stage: Stage,
        work: impl FnOnce(&mut Self) -> Result<T, GenerateError>,
    ) -> Result<T, GenerateError> {
        self.step(stage, 0.0)?;
        let start = self.observer.now();
        let result = work(self)?;
        let duration = self.observer.now().saturating_sub(start);
        self.timings.push(StageTiming { stage, duration_s: duration.as_secs_f64() });
        self.observer.progress(stage, 1.0);
        Ok(result)
    }

    /// Reports progress within a stage, and stops when asked to.
    pub(crate) fn step(&mut self, stage: Stage, fraction: f32) -> Result<(), GenerateError> {
        if self.observer.should_stop() {
            return Err(GenerateError::Stopped { stage });
        }
        self.observer.progress(stage, fraction);
        Ok(())
    }

    pub(crate) fn picture(&mut self, name: &str, make: impl FnOnce() -> RgbaImage) {
        if self.observer.wants_pictures() {
            self.observer.picture(name, make());
        }
    }
}
