//! What is measured: anything that makes splats of a picture.

use asset::Splats;
use image::RgbaImage;

use crate::{GenerateError, Observer, Options, Stage};

/// Makes an asset of a prompt picture: +Y up, facing +Z, centred, largest side of the box of its splat centres 1.
pub trait Candidate {
    /// Name in the report.
    fn name(&self) -> &str;

    /// Makes the asset. `should_stop` is asked now and then; when it says true, [`CandidateError::Stopped`] is due.
    ///
    /// # Errors
    /// Stopped, or a failure in the candidate's own words.
    fn make(
        &mut self,
        prompt: &RgbaImage,
        should_stop: &mut dyn FnMut() -> bool,
    ) -> Result<Splats, CandidateError>;

    /// Given the (normalised) truth before [`Self::make`]. Only [`Oracle`] looks.
    fn show_truth(&mut self, truth: &Splats) {
        let _ = truth;
    }
}

/// Why a candidate made nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CandidateError {
    /// It was asked to stop.
    #[error("stopped")]
    Stopped,
    /// It could not.
    #[error("{0}")]
    Failed(String),
}

/// The built-in generator.
#[derive(Debug, Clone, Default)]
pub struct BuiltIn {
    /// What it is told.
    pub options: Options,
}

impl Candidate for BuiltIn {
    fn name(&self) -> &'static str {
        "generator"
    }

    fn make(
        &mut self,
        prompt: &RgbaImage,
        should_stop: &mut dyn FnMut() -> bool,
    ) -> Result<Splats, CandidateError> {
        match crate::generate(prompt, &self.options, &mut StopOnly(should_stop)) {
            Ok(generated) => Ok(generated.splats),
            Err(GenerateError::Stopped { .. }) => Err(CandidateError::Stopped),
            Err(error) => Err(CandidateError::Failed(error.to_string())),
        }
    }
}

struct StopOnly<'a>(&'a mut dyn FnMut() -> bool);

impl Observer for StopOnly<'_> {
    fn progress(&mut self, _: Stage, _: f32) {}

    fn should_stop(&mut self) -> bool {
        (self.0)()
    }
}

/// Hands back the truth: the best possible score, and a check of the measuring itself.
#[derive(Debug, Clone, Default)]
pub struct Oracle(Option<Splats>);

impl Candidate for Oracle {
    fn name(&self) -> &'static str {
        "oracle"
    }

    fn make(
        &mut self,
        _: &RgbaImage,
        _: &mut dyn FnMut() -> bool,
    ) -> Result<Splats, CandidateError> {
        self.0.take().ok_or_else(|| CandidateError::Failed("no truth was shown".to_owned()))
    }

    fn show_truth(&mut self, truth: &Splats) {
        self.0 = Some(truth.clone());
    }
}
