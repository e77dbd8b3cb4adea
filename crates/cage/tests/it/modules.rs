//! Hostile modules, one of each class: a clear failure, and the pool goes on.

use cage::Config;
use insta::assert_snapshot;

use crate::workplace::{GOOD, check, pool};

/// Small limits, so that storms end soon.
fn tight(config: &mut Config) {
    config.limits.fuel = 20_000_000;
    config.limits.heap_bytes = 32 << 20;
}

fn body(body: &str) -> String {
    format!("export default function (THREE) {{ {body} }}")
}

#[test]
fn storms() {
    let pool = pool("storms", tight);
    let fate = |source: &str| {
        let fate = check(&pool, source);
        assert_eq!(check(&pool, GOOD), "passed", "after {source}");
        fate
    };
    assert_snapshot!(fate(&body("while (true) {}")), @"execution/TIMEOUT_EXCEEDED: exceeded the execution budget of 20000000 steps");
    assert_snapshot!(fate("while (true) {}\nexport default () => 0"), @"execution/TIMEOUT_EXCEEDED: exceeded the execution budget of 20000000 steps");
    assert_snapshot!(fate(&body("const all = []; while (true) all.push([1, 2, 3]);")), @"execution/HEAP_EXCEEDED: exceeded 32 MB heap");
    assert_snapshot!(fate(&body("const all = []; while (true) all.push(new Float64Array(100000));")), @"execution/HEAP_EXCEEDED: exceeded 32 MB heap");
    assert_snapshot!(fate(&body("let text = 'x'; while (true) text += text;")), @"execution/EXECUTION_THREW: string too long");
    assert_snapshot!(fate(&body("const f = (n) => f(n + 1) + 1; return f(0);")), @"execution/EXECUTION_THREW: Maximum call stack size exceeded");
    assert_snapshot!(fate(&body("return /^(a+)+$/.test('a'.repeat(40) + 'b');")), @"execution/TIMEOUT_EXCEEDED: exceeded the execution budget of 20000000 steps");
    assert_snapshot!(fate(&body("let n = 3n; while (true) n = n * n;")), @"execution/EXECUTION_THREW: BigInt is too large to allocate");
}

#[test]
fn verdicts_before_anything_runs() {
    let pool = pool("verdicts", |_| {});
    assert_snapshot!(check(&pool, ""), @"static_analysis/MISSING_DEFAULT_EXPORT: no `export default` found");
    assert_snapshot!(check(&pool, "export default function (THREE) {"), @"parse/PARSE_ERROR: Expected `}` but found `EOF` (1:34)");
    assert_snapshot!(check(&pool, "export default function (THREE) { return fetch('http://x'); }"), @"static_analysis/FORBIDDEN_IDENTIFIER: fetch at line 1, column 42");
    let report = pool.check(b"export default async () => 0").expect("verdict");
    assert_eq!(report.total_ms, 0, "no process was asked for");
    assert_eq!(report.stages_run.len(), 2);
}

#[test]
fn the_report_of_a_good_module() {
    let pool = pool("report", |_| {});
    let report = pool.check(GOOD.as_bytes()).expect("verdict");
    assert_eq!(report.stages_run, threejs::Stage::ALL);
    let metrics = report.metrics.expect("metrics");
    assert_eq!((metrics.vertices, metrics.draw_calls, metrics.depth), (24.0, 1, 1));
    assert!(
        report.module_load_ms.is_some() && report.execution_ms.is_some() && report.fuel.is_some()
    );
}

#[test]
fn stages_run_up_to_the_last_failure() {
    let pool = pool("stages", |_| {});
    let report =
        pool.check(b"throw new Error('at the top'); export default () => 0").expect("verdict");
    assert_snapshot!(format!("{:?}", report.stages_run), @"[Parse, StaticAnalysis, ModuleLoad]");
    let report = pool.check(b"export default () => 7").expect("verdict");
    assert_snapshot!(format!("{:?}", report.stages_run), @"[Parse, StaticAnalysis, ModuleLoad, Execution, PostValidation]");
}
