//! The module files: each is told what its first line expects, and measures what it says.

#[path = "../modules/mod.rs"]
mod files;

use std::collections::BTreeSet;

use threejs::engine::{Limits, Metrics};
use threejs::{Failure, Rule, analyse, decode};

use crate::engine::outcome_within;

/// Hostile modules use up what they are given: little, so that the tests are soon over, but enough to fill the heap.
fn limits(module: &files::Module) -> Limits {
    let fills_heap = module.expected.as_ref().is_some_and(|(_, rule)| rule == "HEAP_EXCEEDED");
    let is_endless = module.name.starts_with("hostile") && !fills_heap;
    let fuel = if is_endless { 1_500_000 } else { 60_000_000 };
    Limits { fuel, heap_bytes: 48 << 20, ..Limits::default() }
}

fn measure(metrics: &Metrics, name: &str) -> f64 {
    match name {
        "vertices" => metrics.vertices,
        "drawCalls" => metrics.draw_calls as f64,
        "maxDepth" => f64::from(metrics.depth),
        "instances" => metrics.instances,
        "textureBytes" => metrics.texture_bytes,
        other => panic!("no measure is called {other}"),
    }
}

/// The first failure and the measures.
fn pipeline(module: &files::Module) -> (Option<Failure>, Option<Metrics>) {
    let source = decode(&module.bytes);
    if let Some(failure) = analyse(&source).expect("a thread").failures.into_iter().next() {
        return (Some(failure), None);
    }
    let outcome = outcome_within(&source, limits(module));
    (outcome.failures.into_iter().next(), outcome.metrics)
}

#[test]
fn every_file_is_told_what_it_expects() {
    let mut wrong = Vec::new();
    for module in files::all() {
        let (failure, metrics) = pipeline(&module);

        let found = failure.as_ref().map(|it| (it.stage.to_string(), it.rule.to_string()));
        if found != module.expected {
            wrong.push(format!("{}: {failure:?}, not {:?}", module.name, module.expected));
        }
        for (name, least, most) in &module.measures {
            let value = metrics.as_ref().map(|metrics| measure(metrics, name));
            if value.is_none_or(|value| !(*least as f64..=*most as f64).contains(&value)) {
                wrong.push(format!("{}: {name} {value:?}, not {least}-{most}", module.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_file() {
    let expected = files::all().into_iter().filter_map(|module| module.expected);
    let rules: BTreeSet<_> = expected.map(|(_, rule)| rule).collect();
    let all: BTreeSet<_> = Rule::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(rules, all);
}
