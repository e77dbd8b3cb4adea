//! What a caged process claims, held against the limits. A module that has taken its process over can answer anything,
//! also that it passed; but nothing that an honest process would not say, so that later rooms may rely on it.
//! What contradicts itself is already refused by `threejs::engine::wire`.

use threejs::{
    Stage,
    engine::{Limits, Metrics, Outcome},
};

/// Why an answer is not an honest process's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Dishonest {
    #[error("a failure of a stage that does not run there")]
    Stage,
    #[error("no failure although a limit is exceeded")]
    Limit,
}

/// Refuses what the limits contradict.
pub(crate) fn check(outcome: &Outcome, limits: &Limits) -> Result<(), Dishonest> {
    let elsewhere = [Stage::Parse, Stage::StaticAnalysis];
    if outcome.failures.iter().any(|failure| elsewhere.contains(&failure.stage)) {
        return Err(Dishonest::Stage);
    }
    let Some(scene) = &outcome.scene else { return Ok(()) };
    let drawn = scene.nodes.iter().filter(|node| node.drawable.is_some()).count() as u64;
    let measured = outcome.metrics.is_some_and(|metrics| is_within(&metrics, limits));
    if measured && drawn <= limits.draw_calls { Ok(()) } else { Err(Dishonest::Limit) }
}

/// As the rules compare: a number that is none exceeds nothing.
fn is_within(metrics: &Metrics, limits: &Limits) -> bool {
    let exceeds = |found: f64, limit: u64| found > limit as f64;
    let outside = |corner: &[f64; 3]| corner.iter().any(|at| at.abs() > Limits::HALF_BOX);
    let too_much = exceeds(metrics.vertices, limits.vertices)
        || exceeds(metrics.instances, limits.instances)
        || exceeds(metrics.texture_bytes, limits.texture_bytes)
        || metrics.draw_calls > limits.draw_calls
        || metrics.depth > limits.depth
        || metrics.bbox.is_none_or(|corners| corners.iter().any(outside));
    !too_much
}

#[cfg(test)]
mod tests {
    use asset::scene::Scene;
    use threejs::{
        Failure, Rule, Stage,
        engine::{Limits, Metrics, Outcome},
    };

    use super::{Dishonest, check};

    fn metrics() -> Metrics {
        Metrics {
            vertices: 250_000.0,
            draw_calls: 200,
            depth: 32,
            instances: f64::NAN,
            texture_bytes: 0.0,
            bbox: Some([[-0.5; 3], [0.5; 3]]),
        }
    }

    fn passed(metrics: Metrics) -> Outcome {
        Outcome {
            failures: Vec::new(),
            metrics: Some(metrics),
            scene: Some(Scene::default()),
            module_load_fuel: 0,
            generate_fuel: 0,
        }
    }

    fn failed(stage: Stage) -> Outcome {
        let failure = Failure { stage, rule: Rule::ExecutionThrew, detail: "thrown".to_owned() };
        Outcome { failures: vec![failure], scene: None, ..passed(metrics()) }
    }

    #[test]
    fn what_an_honest_process_says_is_taken() {
        let limits = Limits::default();
        assert_eq!(check(&passed(metrics()), &limits), Ok(()));
        assert_eq!(check(&failed(Stage::ModuleLoad), &limits), Ok(()));
    }

    #[test]
    fn what_no_honest_process_says_is_refused() {
        let claims: [fn(&mut Metrics); 7] = [
            |metrics| metrics.vertices = 250_001.0,
            |metrics| metrics.draw_calls = 201,
            |metrics| metrics.depth = 33,
            |metrics| metrics.instances = f64::INFINITY,
            |metrics| metrics.texture_bytes = 1e12,
            |metrics| metrics.bbox = None,
            |metrics| metrics.bbox = Some([[-0.5; 3], [0.5, 0.5, 0.51]]),
        ];
        for claim in claims {
            let mut metrics = metrics();
            claim(&mut metrics);
            let found = check(&passed(metrics), &Limits::default());
            assert_eq!(found, Err(Dishonest::Limit), "{metrics:?}");
        }
        assert_eq!(check(&failed(Stage::Parse), &Limits::default()), Err(Dishonest::Stage));
    }
}
