//! Tests of the module analyser, as data: a source and what is said of it.

mod document;
mod engine;
mod hostile;
mod modules;
mod rows;
mod rules;

/// Codes and details of all failures, one a line.
fn said(source: &str) -> String {
    let analysis = threejs::analyse(source).expect("a thread");
    let lines =
        analysis.failures.iter().map(|failure| format!("{} {}", failure.rule, failure.detail));
    lines.collect::<Vec<_>>().join("\n")
}

/// A module whose function has this body.
fn module(body: &str) -> String {
    format!("export default function (THREE) {{\n{body}\n}}\n")
}
