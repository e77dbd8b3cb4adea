//! Which shape: evidence from the outline and the shading, summed up per shape.

use crate::colour::smoothstep;
use crate::fit;
use crate::hypothesis::{Hypothesis, block};
use crate::map::Map;
use crate::options::ShapeKind;
use crate::report::{Evidence, Verdict};
use crate::shading;
use crate::silhouette::Silhouette;
use crate::surface::Surface;

/// What each shape has going for it, best first. `colours`: the object on the working grid.
pub(crate) fn judge(
    silhouette: &Silhouette,
    colours: &Map<glam::Vec3>,
    hypotheses: &[Hypothesis],
) -> Vec<Verdict> {
    let traits = silhouette.traits;
    let frame = shading::frame(silhouette, colours);
    let round =
        |hypothesis: &Hypothesis| shading::roundness(silhouette, &hypothesis.relief, colours);
    let inflated = hypotheses.iter().find(|h| h.shape == ShapeKind::Inflated);
    let roundness = inflated.map_or(0.0, round);
    // The lower hull of a round foot is an arc: far from two straight lines, and even.
    let ground = block::ground(silhouette);
    let arc = ground.map_or(0.0, |ground| {
        let [left, right] = ground.rises;
        let even = smoothstep(2.0, 1.4, left.max(right) / left.min(right).max(1e-3));
        // The lower part of a disc is an arc too.
        let no_disc = smoothstep(0.85, 0.75, traits.circularity);
        no_disc
            * even
            * smoothstep(0.03, 0.06, left.min(right))
            * smoothstep(0.25, 0.36, ground.misfit)
    });
    let curved = smoothstep(0.035, 0.085, roundness);
    let evidence_of = |hypothesis: &Hypothesis| {
        let surface = Surface::new(silhouette, &hypothesis.relief);
        let overlap = fit::overlap(&surface, &fit::seen(&surface));
        let mut evidence = match hypothesis.shape {
            ShapeKind::Inflated => vec![say("what most things are like", 1.0, 0.3)],
            ShapeKind::Revolved => {
                let coverage =
                    hypothesis.body.as_ref().map_or(0.0, |body| body.coverage(silhouette));
                vec![
                    say("share of the outline in even rings", coverage, 3.0 * (coverage - 0.8)),
                    say("fall of light on a round shape", roundness, 0.8 * (curved - 0.5)),
                    say("arc of a round foot", arc, 0.5 * arc),
                    say("frame around the rim", frame, -1.3 * frame),
                ]
            }
            ShapeKind::Slab => {
                let boxed = smoothstep(0.86, 0.95, traits.fill);
                vec![
                    say("what few things are like", 1.0, -0.2),
                    say("frame around the rim", frame, 1.5 * frame),
                    say("fall of light on a round shape", roundness, 0.8 * (0.5 - curved)),
                    say("share of its box", traits.fill, 0.4 * boxed),
                ]
            }
            ShapeKind::Block => {
                let Some(ground) = ground else { return Vec::new() };
                let rise = ground.rises[0].min(ground.rises[1]);
                vec![
                    say(
                        "rise of the flatter ground side",
                        rise,
                        smoothstep(0.02, 0.07, rise) - 1.0,
                    ),
                    say("misfit of two ground sides", ground.misfit, 1.5 - 5.0 * ground.misfit),
                    say("thickest part", traits.bulk, -1.5 * smoothstep(0.3, 0.15, traits.bulk)),
                ]
            }
        };
        evidence.push(say("overlap with the outline", overlap, -5.0 * (0.96 - overlap).max(0.0)));
        evidence
    };
    let mut verdicts: Vec<Verdict> = hypotheses
        .iter()
        .map(|hypothesis| {
            let evidence = evidence_of(hypothesis);
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

fn say(name: &'static str, value: f32, adds: f32) -> Evidence {
    Evidence { name, value, adds }
}
