//! The verdict on a module, as the conformance tool of the competition prints it.
//! Facts: Three.js specification §8.1 and §9.

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use cage::Report;
use serde::Serialize;
use serde_json::Value;
use threejs::engine::{Limits, Metrics};
use threejs::{Failure as Broken, Stage};

use crate::failure::{Failure, exit};
use crate::module::{self, CageArgs};
use crate::output;

/// Milliseconds that the rules give a module. Ours are counted in steps of the interpreter; the times are told for interest.
const BUDGET_MS: u64 = 5000;
/// From here on the budget is called tight.
const TIGHT_MS: u64 = 4000;

pub(crate) fn run(path: &Path, is_json: bool, cage: CageArgs) -> Result<ExitCode, Failure> {
    let bytes = module::read(path)?;
    let report = cage.check(path, &bytes)?;
    let absolute = std::path::absolute(path).map_err(|error| Failure::input(path, error))?;
    if is_json {
        output::json(&Verdict::of(&absolute, &report))?;
    } else {
        output::line(to_text(path, &report).trim_end());
    }
    for Broken { stage, rule, detail } in &report.production {
        output::warning(format_args!(
            "the contract allows this, the production service refuses it: {stage}/{rule}: {detail}"
        ));
    }
    Ok(ExitCode::from(if report.passed() { exit::OK } else { exit::NO }))
}

/// Fields in the order of the conformance tool.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Verdict<'a> {
    file: String,
    passed: bool,
    stages_run: &'a [Stage],
    failures: &'a [Broken],
    metrics: Option<Figures>,
    module_load_ms: Option<u64>,
    execution_ms: Option<u64>,
    total_ms: u64,
}

impl<'a> Verdict<'a> {
    fn of(absolute: &Path, report: &'a Report) -> Self {
        Self {
            file: absolute.display().to_string(),
            passed: report.passed(),
            stages_run: &report.stages_run,
            failures: &report.failures,
            metrics: report.metrics.as_ref().map(Figures::of),
            module_load_ms: report.module_load_ms,
            execution_ms: report.execution_ms,
            total_ms: report.total_ms,
        }
    }
}

/// Metrics with the name that the conformance tool has for the depth.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Figures {
    vertices: Value,
    draw_calls: u64,
    max_depth: u32,
    instances: Value,
    texture_bytes: Value,
    bbox: Option<Box3>,
}

#[derive(Debug, Serialize)]
struct Box3 {
    min: Corner,
    max: Corner,
}

#[derive(Debug, Serialize)]
struct Corner {
    x: Value,
    y: Value,
    z: Value,
}

impl Figures {
    pub(crate) fn of(metrics: &Metrics) -> Self {
        let corner = |[x, y, z]: [f64; 3]| Corner { x: number(x), y: number(y), z: number(z) };
        let bbox = metrics.bbox.map(|[min, max]| Box3 { min: corner(min), max: corner(max) });
        Self {
            vertices: number(metrics.vertices),
            draw_calls: metrics.draw_calls,
            max_depth: metrics.depth,
            instances: number(metrics.instances),
            texture_bytes: number(metrics.texture_bytes),
            bbox,
        }
    }
}

/// Whole numbers without a fraction, as JavaScript writes them; null for what is not finite.
fn number(value: f64) -> Value {
    let whole = value as i64;
    let is_whole = whole as f64 == value && value.abs() < 1e15;
    if is_whole { whole.into() } else { value.into() }
}

fn to_text(path: &Path, report: &Report) -> String {
    let verdict = if report.passed() { "PASSED" } else { "FAILED" };
    let stages: Vec<_> = report.stages_run.iter().map(|stage| stage.as_str()).collect();
    let mut text = format!("{}: {verdict}\nstages run: {}\n", path.display(), stages.join(" → "));
    // Writing to a string cannot fail.
    if let Some(metrics) = &report.metrics {
        write!(text, "\nmetrics\n{}", metrics_text(metrics)).ok();
    }
    if report.total_ms > 0 || report.module_load_ms.is_some() {
        write!(text, "\ntiming\n{}", timing_text(report)).ok();
    }
    if !report.failures.is_empty() {
        writeln!(text, "\nfailures").ok();
        for failure in &report.failures {
            writeln!(text, "  {}/{}: {}", failure.stage, failure.rule, failure.detail).ok();
        }
        if report.unlisted > 0 {
            writeln!(text, "  and {} more", report.unlisted).ok();
        }
    }
    text
}

pub(crate) fn metrics_text(metrics: &Metrics) -> String {
    let limits = Limits::default();
    let mut text = String::new();
    let rows = [
        ("vertices:", metrics.vertices, limits.vertices, ""),
        ("draw calls:", metrics.draw_calls as f64, limits.draw_calls, ""),
        ("scene depth:", f64::from(metrics.depth), u64::from(limits.depth), ""),
        ("instances:", metrics.instances, limits.instances, ""),
        ("texture data:", metrics.texture_bytes, limits.texture_bytes, " bytes"),
    ];
    for (name, found, limit, unit) in rows {
        let found = grouped(found);
        writeln!(text, "  {name:<14}{found:>7} / {}{unit}", grouped(limit as f64)).ok();
    }
    if let Some([min, max]) = metrics.bbox {
        let within = min.iter().all(|low| *low >= -Limits::HALF_BOX)
            && max.iter().all(|high| *high <= Limits::HALF_BOX);
        let corner = |[x, y, z]: [f64; 3]| format!("[{x:.3}, {y:.3}, {z:.3}]");
        let mark = if within { "✓" } else { "✗" };
        writeln!(text, "  bbox:         {} → {} {mark}", corner(min), corner(max)).ok();
    }
    text
}

fn timing_text(report: &Report) -> String {
    let time = |ms: Option<u64>| ms.map_or_else(|| "—".to_owned(), |ms| format!("{ms} ms"));
    let used_ms = report.module_load_ms.zip(report.execution_ms).map(|(load, run)| load + run);
    let budget = match used_ms {
        None => format!("— / {} ms ?", grouped(BUDGET_MS as f64)),
        Some(used) => {
            let mark = if used <= TIGHT_MS {
                "✓"
            } else if used <= BUDGET_MS {
                "!"
            } else {
                "✗"
            };
            let headroom = BUDGET_MS.saturating_sub(used);
            format!("{used} ms / {} ms {mark} ({headroom} ms left)", grouped(BUDGET_MS as f64))
        }
    };
    format!(
        "  module load:  {}\n  generate():   {}\n  budget used:  {budget}\n  wall clock:   {} ms\n",
        time(report.module_load_ms),
        time(report.execution_ms),
        report.total_ms,
    )
}

/// 250000 as 250,000.
fn grouped(value: f64) -> String {
    let digits = format!("{value}");
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return digits;
    }
    let mut text = String::new();
    for (idx, digit) in digits.chars().enumerate() {
        if idx > 0 && (digits.len() - idx).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
