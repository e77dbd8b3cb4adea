//! What a caged process claims, held against itself. A module that has taken its process over can answer anything, also
//! that it passed; but not what no honest process would say, so later rooms may rely on it.

use threejs::{
    Stage,
    engine::{DETAIL_BYTES_MAX, Limits, Metrics, Outcome},
};

/// An honest outcome has a dozen at most.
const FAILURES_MAX: usize = 64;

/// Why an answer is not an honest process's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Dishonest {
    #[error("more than {FAILURES_MAX} failures")]
    Failures,
    #[error("a failure of a stage that runs elsewhere")]
    Stage,
    #[error("a text of more than {DETAIL_BYTES_MAX} bytes")]
    Detail,
    #[error("neither a failure nor a scene")]
    NoScene,
    #[error("a failure and a scene")]
    SceneOfFailure,
    #[error("no failure although a limit is exceeded")]
    Limit,
}

/// Refuses what contradicts itself or the limits.
pub(crate) fn check(outcome: &Outcome, limits: &Limits) -> Result<(), Dishonest> {
    if outcome.failures.len() > FAILURES_MAX {
        return Err(Dishonest::Failures);
    }
    for failure in &outcome.failures {
        if matches!(failure.stage, Stage::Parse | Stage::StaticAnalysis) {
            return Err(Dishonest::Stage);
        }
        if failure.detail.len() > DETAIL_BYTES_MAX {
            return Err(Dishonest::Detail);
        }
    }
    match (&outcome.scene, &outcome.metrics) {
        (Some(_), _) if !outcome.passed() => Err(Dishonest::SceneOfFailure),
        (None, _) if !outcome.passed() => Ok(()),
        (Some(scene), Some(metrics)) => {
            let drawn = scene.nodes.iter().filter(|node| node.drawable.is_some()).count() as u64;
            let within = drawn <= limits.draw_calls && is_within(metrics, limits);
            if within { Ok(()) } else { Err(Dishonest::Limit) }
        }
        _ => Err(Dishonest::NoScene),
    }
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
        engine::{DETAIL_BYTES_MAX, Limits, Metrics, Outcome},
    };

    use super::{Dishonest, FAILURES_MAX, check};

    fn metrics() -> Metrics {
        let bbox = Some([[-0.5; 3], [0.5; 3]]);
        Metrics {
            vertices: 250_000.0,
            draw_calls: 200,
            depth: 32,
            instances: f64::NAN,
            texture_bytes: 0.0,
            bbox,
        }
    }

    fn passed() -> Outcome {
        Outcome {
            failures: Vec::new(),
            metrics: Some(metrics()),
            scene: Some(Scene::default()),
            module_load_fuel: 0,
            generate_fuel: 0,
        }
    }

    fn failed(stage: Stage, detail: &str, count: usize) -> Outcome {
        let failure = Failure { stage, rule: Rule::ExecutionThrew, detail: detail.to_owned() };
        Outcome { failures: vec![failure; count], metrics: None, scene: None, ..passed() }
    }

    fn found(outcome: &Outcome) -> Result<(), Dishonest> {
        check(outcome, &Limits::default())
    }

    #[test]
    fn what_an_honest_process_says_is_taken() {
        assert_eq!(found(&passed()), Ok(()));
        assert_eq!(found(&failed(Stage::ModuleLoad, "thrown", 1)), Ok(()));
    }

    #[test]
    fn what_no_honest_process_says_is_refused() {
        let claim = |change: fn(&mut Metrics)| {
            let mut metrics = metrics();
            change(&mut metrics);
            found(&Outcome { metrics: Some(metrics), ..passed() })
        };
        let limit = Err(Dishonest::Limit);
        assert_eq!(claim(|metrics| metrics.vertices = 250_001.0), limit);
        assert_eq!(claim(|metrics| metrics.draw_calls = 201), limit);
        assert_eq!(claim(|metrics| metrics.depth = 33), limit);
        assert_eq!(claim(|metrics| metrics.instances = f64::INFINITY), limit);
        assert_eq!(claim(|metrics| metrics.texture_bytes = 1e12), limit);
        assert_eq!(claim(|metrics| metrics.bbox = None), limit);
        assert_eq!(claim(|metrics| metrics.bbox = Some([[-0.5; 3], [0.5, 0.5, 0.51]])), limit);
        assert_eq!(found(&Outcome { scene: None, ..passed() }), Err(Dishonest::NoScene));
        assert_eq!(found(&Outcome { metrics: None, ..passed() }), Err(Dishonest::NoScene));
        let long = "x".repeat(DETAIL_BYTES_MAX + 1);
        assert_eq!(found(&failed(Stage::Execution, &long, 1)), Err(Dishonest::Detail));
        assert_eq!(found(&failed(Stage::Parse, "", 1)), Err(Dishonest::Stage));
        assert_eq!(
            found(&failed(Stage::Execution, "", FAILURES_MAX + 1)),
            Err(Dishonest::Failures)
        );
        let both = Outcome { scene: Some(Scene::default()), ..failed(Stage::Execution, "", 1) };
        assert_eq!(found(&both), Err(Dishonest::SceneOfFailure));
    }
}
