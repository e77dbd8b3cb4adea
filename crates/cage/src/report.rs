//! The answer about one module, and the form in which a caged process gives its part of it.

use asset::scene::Scene;
use threejs::{
    Failure, Rule, Stage,
    engine::{Metrics, Outcome, Realm, wire},
};

use crate::clock::Clock;

/// What a check found out.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Stages that ran: up to the stage of the last failure; all of them when the module passed.
    pub stages_run: Vec<Stage>,
    /// Empty when the module passed.
    pub failures: Vec<Failure>,
    /// Failures of the static analysis past the limit of what is listed.
    pub unlisted: usize,
    /// What the production service refuses although the contract allows it: see [`threejs::Analysis::production`]. Does not
    /// count for [`Self::passed`].
    pub production: Vec<Failure>,
    /// What was measured; `None` when the stage was not reached or the scene could not be walked to its end.
    pub metrics: Option<Metrics>,
    /// What to draw; only of a module that passed.
    pub scene: Option<Scene>,
    /// Time of the module's body, as the caged process measured it; `None` when it never answered.
    pub module_load_ms: Option<u64>,
    /// Time of the module's function and of measuring; 0 when loading failed, `None` when the process never answered.
    pub execution_ms: Option<u64>,
    /// Time from asking for a process to its answer; 0 when none was asked for.
    pub total_ms: u64,
    /// Steps of the interpreter; `None` when the process never answered.
    pub fuel: Option<Fuel>,
}

/// Steps of the interpreter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fuel {
    /// Of the module's body.
    pub module_load: u64,
    /// Of its function and the measuring.
    pub generate: u64,
}

impl Report {
    /// No failures.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }

    /// A module that was not run, or whose process never answered.
    pub(crate) fn failed(failures: Vec<Failure>, unlisted: usize, total_ms: u64) -> Self {
        Self {
            stages_run: Stage::run(&failures).to_vec(),
            failures,
            unlisted,
            production: Vec::new(),
            metrics: None,
            scene: None,
            module_load_ms: None,
            execution_ms: None,
            total_ms,
            fuel: None,
        }
    }

    /// A module whose process answered. Its times are its own claim, so they are held below ours.
    pub(crate) fn answered(run: Run, total_ms: u64) -> Self {
        let Outcome { failures, metrics, scene, module_load_fuel, generate_fuel } = run.outcome;
        let module_load_ms = (run.module_load_us / 1000).min(total_ms);
        Self {
            stages_run: Stage::run(&failures).to_vec(),
            failures,
            unlisted: 0,
            production: Vec::new(),
            metrics,
            scene,
            module_load_ms: Some(module_load_ms),
            execution_ms: Some((run.execution_us / 1000).min(total_ms - module_load_ms)),
            total_ms,
            fuel: Some(Fuel { module_load: module_load_fuel, generate: generate_fuel }),
        }
    }
}

/// A caged process's part of a report.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) module_load_us: u64,
    pub(crate) execution_us: u64,
    pub(crate) outcome: Outcome,
}

impl Run {
    /// Runs a module in this process, which ends right after.
    pub(crate) fn of(realm: Realm, source: &str) -> Self {
        let clock = Clock::start();
        let mut module_load_us = 0;
        let outcome = realm.run_last(source, &mut || module_load_us = clock.elapsed_us());
        Self { module_load_us, execution_us: clock.elapsed_us() - module_load_us, outcome }
    }

    /// Two words of time, then the outcome. An outcome that is too long becomes a failure, which is not.
    pub(crate) fn encode(&self, bytes_max: usize) -> Vec<u8> {
        let head = [self.module_load_us, self.execution_us].map(u64::to_le_bytes).concat();
        let outcome = wire::encode(&self.outcome);
        if head.len() + outcome.len() <= bytes_max {
            return [head, outcome].concat();
        }
        let detail = format!(
            "scene of {} bytes is too large to hand over (limit {bytes_max})",
            outcome.len()
        );
        let failures = vec![Failure { stage: Stage::Execution, rule: Rule::HeapExceeded, detail }];
        let short = Outcome { failures, metrics: None, scene: None, ..self.outcome };
        [head, wire::encode(&short)].concat()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, String> {
        let short = || format!("{} bytes are too few", bytes.len());
        let (head, outcome) = bytes.split_first_chunk::<16>().ok_or_else(short)?;
        let (words, _) = head.as_chunks::<8>();
        let outcome = wire::decode(outcome).map_err(|error| error.to_string())?;
        Ok(Self {
            module_load_us: u64::from_le_bytes(words[0]),
            execution_us: u64::from_le_bytes(words[1]),
            outcome,
        })
    }
}

#[cfg(test)]
mod tests {
    use asset::scene::{IDENTITY, Node, Scene};
    use threejs::{
        Rule,
        engine::{Metrics, Outcome},
    };

    use super::{Report, Run};

    fn run() -> Run {
        let metrics = Metrics {
            vertices: 0.0,
            draw_calls: 0,
            depth: 0,
            instances: 0.0,
            texture_bytes: 0.0,
            bbox: None,
        };
        let scene =
            Scene { nodes: vec![Node { matrix: IDENTITY, ..Node::default() }], ..Scene::default() };
        let outcome = Outcome {
            failures: Vec::new(),
            metrics: Some(metrics),
            scene: Some(scene),
            module_load_fuel: 10,
            generate_fuel: 20,
        };
        Run { module_load_us: 1_500, execution_us: u64::MAX, outcome }
    }

    #[test]
    fn a_run_comes_back_as_it_was_and_every_part_of_it_does_not() {
        let bytes = run().encode(usize::MAX);
        let back = Run::decode(&bytes).expect("sound");
        assert_eq!(back.outcome, run().outcome);
        assert_eq!((back.module_load_us, back.execution_us), (1_500, u64::MAX));
        for length in 0..bytes.len() {
            assert!(Run::decode(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
        }
    }

    #[test]
    fn a_scene_that_is_too_large_becomes_a_failure() {
        let bytes = run().encode(100);
        assert!(bytes.len() > 100, "the failure itself is never too large: {}", bytes.len());
        let back = Run::decode(&bytes).expect("sound").outcome;
        assert_eq!(back.failures.len(), 1);
        assert_eq!(back.failures[0].rule, Rule::HeapExceeded);
        assert_eq!((back.scene, back.metrics), (None, None));
    }

    #[test]
    fn times_are_not_believed_beyond_ours() {
        let report = Report::answered(run(), 7);
        assert_eq!((report.module_load_ms, report.execution_ms), (Some(1), Some(6)));
    }
}
