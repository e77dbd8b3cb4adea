//! The engine's tests: what honest modules measure, what each hostile class is told. Tests are module texts.

mod builtins;
mod handover;
mod hostile;
mod measured;
mod namespace;
mod scene;
mod tampered;

use std::sync::LazyLock;

use threejs::engine::{Engine, Limits, Outcome};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new().expect("Three.js compiles"));

/// On a thread of its own: a test's thread has 2 MiB of stack, and unoptimised frames are large.
pub(crate) fn outcome_within(source: &str, limits: Limits) -> Outcome {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(8 << 20);
        let run = || ENGINE.run(source, &limits).expect("an interpreter");
        builder.spawn_scoped(scope, run).expect("a thread").join().expect("no panic")
    })
}

/// Everything a module is told, as text: one line per failure, else the metrics.
fn told(outcome: &Outcome) -> String {
    if let (true, Some(m)) = (outcome.passed(), outcome.metrics) {
        let box_text = m.bbox.map_or_else(
            || "none".to_owned(),
            |[low, high]| format!("{:.3?} to {:.3?}", low, high),
        );
        return format!(
            "ok: {} vertices, {} draw calls, depth {}, {} instances, {} texture bytes, box {box_text}",
            m.vertices, m.draw_calls, m.depth, m.instances, m.texture_bytes
        );
    }
    let line =
        |f: &threejs::Failure| format!("{}/{}: {}", f.stage.as_str(), f.rule.as_str(), f.detail);
    outcome.failures.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A whole module.
fn module(source: &str) -> String {
    told(&outcome_within(source, Limits::default()))
}

/// The body of the exported function.
fn body(text: &str) -> String {
    module(&format!("export default function build(THREE) {{ {text} }}"))
}

/// An expression's value, as the text of an error.
fn value(expression: &str) -> String {
    body(&format!("throw new Error(String({expression}))"))
        .replace("execution/EXECUTION_THREW: ", "")
}
