//! Post-validation: figures of a scene against the limits, in the order and words of the production gate.
//! Facts: threejs-modules.md section 7. The figures themselves are taken by `prelude.js`.

use super::{Limits, outcome::failure};
use crate::{Failure, Rule, Stage};

/// Figures of a scene.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metrics {
    /// Sum of position counts over meshes, lines and points.
    pub vertices: f64,
    /// Meshes, lines and points.
    pub draw_calls: u64,
    /// Deepest level; the root group is level 0, and a bare mesh root is at level 1.
    pub depth: u32,
    /// Sum of the counts of instanced meshes. A module sets them, so they can be any number.
    pub instances: f64,
    /// Bytes of the data textures in materials, each texture once.
    pub texture_bytes: f64,
    /// Smallest and largest corner of the world box, `[min, max]`; `None` when empty.
    pub bbox: Option<[[f64; 3]; 2]>,
}

/// What the prelude's `measure` returned, judged.
pub(super) fn judge(figures: &[f64], limits: &Limits) -> (Vec<Failure>, Option<Metrics>) {
    let post = |rule, detail: String| failure(Stage::PostValidation, rule, detail);
    let alone = |failure| (vec![failure], None);
    let wrong = |detail: &str| alone(post(Rule::InvalidReturnType, detail.to_owned()));
    let [_, vertices, draw_calls, depth, instances, texture_bytes, x0, y0, z0, x1, y1, z1] =
        *figures
    else {
        return match figures.first().copied().unwrap_or_default() as u8 {
            1 => wrong("returned null/undefined"),
            3 => wrong("expected Group, Mesh, LineSegments, or Points"),
            4 => alone(post(Rule::CycleDetected, "scene graph contains a cycle".to_owned())),
            5 => {
                let detail = format!("{} > {}", limits.depth + 1, limits.depth);
                alone(post(Rule::DepthLimitExceeded, detail))
            }
            6 => {
                let detail = "generate() returned a Promise or thenable";
                alone(failure(Stage::Execution, Rule::AsyncNotAllowed, detail))
            }
            _ => wrong("not an Object3D"),
        };
    };
    let empty = x1 < x0 || y1 < y0 || z1 < z0;
    let metrics = Metrics {
        vertices,
        draw_calls: draw_calls as u64,
        depth: depth as u32,
        instances,
        texture_bytes,
        bbox: (!empty).then_some([[x0, y0, z0], [x1, y1, z1]]),
    };
    let mut failures = Vec::new();
    if empty {
        failures.push(post(Rule::EmptyScene, "bounding box is empty".to_owned()));
    } else {
        let within = |low: f64, high: f64| low >= -Limits::HALF_BOX && high <= Limits::HALF_BOX;
        let outside: Vec<String> = [("x", x0, x1), ("y", y0, y1), ("z", z0, z1)]
            .into_iter()
            .filter(|&(_, low, high)| !within(low, high))
            .map(|(axis, low, high)| format!("{axis}:[{},{}]", fixed(low), fixed(high)))
            .collect();
        if !outside.is_empty() {
            let detail = format!("out of [-0.5, 0.5]: {}", outside.join(", "));
            failures.push(post(Rule::BoundingBoxOutOfRange, detail));
        }
    }
    let counts = [
        (Rule::VertexLimitExceeded, vertices, limits.vertices),
        (Rule::DrawCallLimitExceeded, draw_calls, limits.draw_calls),
        (Rule::InstanceLimitExceeded, instances, limits.instances),
        (Rule::TextureDataExceeded, texture_bytes, limits.texture_bytes),
    ];
    for (rule, found, limit) in counts {
        if found > limit as f64 {
            failures.push(post(rule, format!("{found} > {limit}")));
        }
    }
    (failures, Some(metrics))
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
