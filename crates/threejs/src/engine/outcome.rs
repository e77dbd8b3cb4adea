//! What a run answers: failures with the stage and rule codes of threejs-modules.md section 3, the metrics, the scene.
//! Stages are those of the authors' validator; [`Failure::service_stage`] gives the render service's.

use asset::scene::Scene;

use super::Metrics;
use crate::{Failure, Rule, Stage};

/// A module chooses its error texts; this much of one is passed on.
pub const DETAIL_BYTES_MAX: usize = 2048;

/// A failure with a detail that is not too long.
pub(super) fn failure(stage: Stage, rule: Rule, detail: impl Into<String>) -> Failure {
    let mut detail = detail.into();
    detail.truncate(detail.floor_char_boundary(DETAIL_BYTES_MAX));
    Failure { stage, rule, detail }
}

/// The answer about one module.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Empty when the module passed.
    pub failures: Vec<Failure>,
    /// What was measured; `None` when the scene could not be walked to its end.
    pub metrics: Option<Metrics>,
    /// What to draw; only of a module that passed.
    pub scene: Option<Scene>,
    /// Fuel the module's body used, in whole lots.
    pub module_load_fuel: u64,
    /// Fuel the function and the measuring used, in whole lots.
    pub generate_fuel: u64,
}

impl Failure {
    /// The stage as the render service reports it: it knows no `module_load`, and counts a fault while measuring as one of
    /// the execution.
    #[must_use]
    pub fn service_stage(&self) -> Stage {
        match (self.stage, self.rule) {
            (Stage::ModuleLoad, _) | (Stage::PostValidation, Rule::ExecutionThrew) => {
                Stage::Execution
            }
            (stage, _) => stage,
        }
    }
}

impl Stage {
    /// The stages that ran when these were found: all up to that of the last one, or all.
    #[must_use]
    pub fn run(failures: &[Failure]) -> &'static [Self] {
        let last = failures
            .last()
            .and_then(|failure| Self::ALL.iter().position(|stage| *stage == failure.stage));
        &Self::ALL[..=last.unwrap_or(Self::ALL.len() - 1)]
    }
}

impl Outcome {
    /// No failures.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}
