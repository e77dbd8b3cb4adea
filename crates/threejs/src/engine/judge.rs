//! Post-validation: figures against the limits, in the order and words of the production gate.
//! Facts: threejs-modules.md section 7.

use super::{Limits, Metrics, outcome::failure};
use crate::{Failure, Rule, Stage};

/// Every limit that is broken. What is no number breaks its limit.
pub(super) fn judge(metrics: &Metrics, limits: &Limits) -> Vec<Failure> {
    let post = |rule, detail: String| failure(Stage::PostValidation, rule, detail);
    let mut failures = Vec::new();
    match metrics.bbox {
        None => failures.push(post(Rule::EmptyScene, "bounding box is empty".to_owned())),
        Some([min, max]) => {
            let outside: Vec<String> = ["x", "y", "z"]
                .into_iter()
                .zip(min.into_iter().zip(max))
                .filter(|&(_, (low, high))| !(low >= -Limits::HALF_BOX && high <= Limits::HALF_BOX))
                .map(|(axis, (low, high))| format!("{axis}:[{},{}]", fixed(low), fixed(high)))
                .collect();
            if !outside.is_empty() {
                let detail = format!("out of [-0.5, 0.5]: {}", outside.join(", "));
                failures.push(post(Rule::BoundingBoxOutOfRange, detail));
            }
        }
    }
    let counts = [
        (Rule::VertexLimitExceeded, metrics.vertices, limits.vertices),
        (Rule::DrawCallLimitExceeded, metrics.draw_calls as f64, limits.draw_calls),
        (Rule::InstanceLimitExceeded, metrics.instances, limits.instances),
        (Rule::TextureDataExceeded, metrics.texture_bytes, limits.texture_bytes),
    ];
    for (rule, found, limit) in counts {
        if found.is_nan() || found > limit as f64 {
            failures.push(post(rule, format!("{found} > {limit}")));
        }
    }
    failures
}

/// Four decimals as JavaScript writes them: ties away from zero, unlike Rust's.
fn fixed(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let scaled = value.abs() * 1e4;
    if (scaled.fract() - 0.5).abs() < f64::EPSILON && scaled < 1e9 {
        return format!("{:.4}", (scaled.floor() + 1.0).copysign(value) / 1e4);
    }
    format!("{value:.4}")
}
