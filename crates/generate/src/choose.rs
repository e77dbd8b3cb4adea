//! Which shape: evidence from the outline and the shading, summed up per shape.

use crate::hypothesis::Hypothesis;
use crate::map::Map;
use crate::options::ShapeKind;
use crate::report::{Evidence, Verdict};
use crate::silhouette::Silhouette;

/// What each shape has going for it, best first.
pub(crate) fn judge(
    silhouette: &Silhouette,
    _colours: &Map<glam::Vec3>,
    hypotheses: &[Hypothesis],
) -> Vec<Verdict> {
    let traits = silhouette.traits;
    let mut verdicts: Vec<Verdict> = hypotheses
        .iter()
        .map(|hypothesis| {
            let evidence = match hypothesis.shape {
                ShapeKind::Inflated => vec![Evidence { name: "prior", value: 0.0, adds: 0.3 }],
                ShapeKind::Revolved => {
                    let coverage = hypothesis.body.as_ref().map_or(0.0, |b| b.coverage(silhouette));
                    vec![
                        Evidence {
                            name: "symmetry of the outline",
                            value: traits.axis.symmetry,
                            adds: 4.0 * (traits.axis.symmetry - 0.9),
                        },
                        Evidence {
                            name: "share in trusted rings",
                            value: coverage,
                            adds: 2.0 * (coverage - 0.7),
                        },
                    ]
                }
                ShapeKind::Slab | ShapeKind::Block => vec![],
            };
            let [low, high] = hypothesis.relief.depth_range();
            Verdict {
                shape: hypothesis.shape,
                score: evidence.iter().map(|e| e.adds).sum(),
                evidence,
                depth: high - low,
            }
        })
        .collect();
    verdicts.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.shape.cmp(&b.shape)));
    verdicts
}
