//! Rules about the splats themselves.

use rayon::prelude::*;

use crate::splats::Splats;
use crate::stats::{Stats, is_zero};

use super::{
    EXTENT_MAX, EXTENT_MIN, EXTENT_USUAL, FLATNESS_MIN, Finding, INVISIBLE_OPACITY,
    INVISIBLE_PART_MAX, OFF_CENTRE_MAX, OPACITY_MIN, OUTLIER_RATIO_MAX, Rule, SPLATS_MIN,
    SPLATS_USUAL_MIN,
};

const AXES: [char; 3] = ['x', 'y', 'z'];

pub(super) fn check(splats: &Splats, findings: &mut Vec<Finding>) {
    count(splats.len(), findings);
    if splats.is_empty() {
        return;
    }
    values(splats, findings);
    visible(splats, findings);
    extent(&splats.parts().positions, findings);
}

fn count(splat_count: usize, findings: &mut Vec<Finding>) {
    let (rule, limit) = match splat_count {
        0..SPLATS_MIN => (Rule::SplatCount, SPLATS_MIN),
        SPLATS_MIN..SPLATS_USUAL_MIN => (Rule::SplatCountUsual, SPLATS_USUAL_MIN),
        SPLATS_USUAL_MIN.. => return,
    };
    let usual = if rule == Rule::SplatCount { "needed" } else { "usual" };
    let message = format!("{splat_count} splats, at least {limit} are {usual}");
    let place = "element vertex";
    findings.push(Finding::new(rule, place, splat_count as f64, limit as f64, message));
}

fn values(splats: &Splats, findings: &mut Vec<Finding>) {
    let parts = splats.parts();
    let n_rest = parts.sh_degree.rest_values();
    let attributes: [(&str, &[f32], usize); 6] = [
        ("positions", parts.positions.as_flattened(), 3),
        ("log_scales", parts.log_scales.as_flattened(), 3),
        ("rotations", parts.rotations.as_flattened(), 4),
        ("raw_opacities", &parts.raw_opacities, 1),
        ("sh_dc", parts.sh_dc.as_flattened(), 3),
        ("sh_rest", &parts.sh_rest, n_rest),
    ];
    let numbers = Stats::of(splats).non_finite.by_attribute();
    for ((name, values, n_values), (_, bad)) in attributes.into_iter().zip(numbers) {
        let Some(idx) = values.par_iter().position_first(|value| !value.is_finite()) else {
            continue;
        };
        let (n_bad, splat_idx) = (bad.nan + bad.infinite, idx / n_values);
        let message = format!(
            "{n_bad} values of {name} are not finite ({} NaN, {} infinite), the first one in splat {splat_idx}",
            bad.nan, bad.infinite
        );
        let place = format!("{name}, splat {splat_idx}");
        findings.push(Finding::new(Rule::Finite, place, n_bad as f64, 0.0, message));
    }
    let is_bad = |rotation: &&[f32; 4]| is_zero(rotation);
    if let Some(splat_idx) = parts.rotations.iter().position(is_zero) {
        let n_bad = parts.rotations.iter().filter(is_bad).count();
        let message =
            format!("{n_bad} rotations have length zero, the first one in splat {splat_idx}");
        let place = format!("rotations, splat {splat_idx}");
        findings.push(Finding::new(Rule::Rotation, place, n_bad as f64, 0.0, message));
    }
}

fn visible(splats: &Splats, findings: &mut Vec<Finding>) {
    let raw_opacities = &splats.parts().raw_opacities;
    let opacity = |raw: &f32| 1.0 / (1.0 + libm::expf(-raw));
    let largest = raw_opacities
        .iter()
        .copied()
        .filter(|raw| !raw.is_nan())
        .fold(None, |a, b| Some(a.map_or(b, |a: f32| a.max(b))));
    // All NaN: said by the rule Finite, and nothing is visible.
    let largest = largest.as_ref().map_or(0.0, opacity);
    if largest < OPACITY_MIN {
        let message = format!(
            "nothing is visible: the largest opacity is {largest:.6}, from {OPACITY_MIN:.6} on splats are drawn"
        );
        let (value, limit) = (f64::from(largest), f64::from(OPACITY_MIN));
        findings.push(Finding::new(Rule::Visible, "raw_opacities", value, limit, message));
        return;
    }
    let n_invisible = raw_opacities.par_iter().filter(|raw| opacity(raw) < INVISIBLE_OPACITY);
    let part = n_invisible.count() as f64 / raw_opacities.len() as f64;
    if part > INVISIBLE_PART_MAX {
        let message = format!(
            "{:.1} % of the splats have an opacity below {INVISIBLE_OPACITY}, at most {:.0} % are usual",
            100.0 * part,
            100.0 * INVISIBLE_PART_MAX
        );
        let limit = INVISIBLE_PART_MAX;
        findings.push(Finding::new(Rule::MostlyVisible, "raw_opacities", part, limit, message));
    }
}

fn extent(positions: &[[f32; 3]], findings: &mut Vec<Finding>) {
    let finite: Vec<[f32; 3]> = (positions.iter().copied())
        .filter(|position| position.iter().all(|coordinate| coordinate.is_finite()))
        .collect();
    if finite.is_empty() {
        return; // Said by the rule Finite.
    }
    let spans = [0, 1, 2].map(|axis| Span::of(&finite, axis));
    let full = spans.iter().map(Span::full).fold(0.0, f64::max);
    let middle = spans.iter().map(Span::middle).fold(0.0, f64::max);
    let mut say = |rule, value: f64, limit: f64, message| {
        findings.push(Finding::new(rule, "positions", value, limit, message));
    };

    // The service scales by the full extent, so a tiny asset is one whose full extent is tiny; a huge one is huge
    // without its outliers, which have a rule of their own.
    let (usual_min, usual_max) = (*EXTENT_USUAL.start(), *EXTENT_USUAL.end());
    if full < EXTENT_MIN {
        say(
            Rule::Extent,
            full,
            EXTENT_MIN,
            format!(
                "the centres span {full:.6} m, below {EXTENT_MIN:.6} m nothing is left of the opacities after the render service's normalisation"
            ),
        );
    } else if middle > EXTENT_MAX {
        say(
            Rule::Extent,
            middle,
            EXTENT_MAX,
            format!("98 % of the centres span {middle:.1} m, at most {EXTENT_MAX} m are plausible"),
        );
    } else if full < usual_min {
        say(
            Rule::ExtentUsual,
            full,
            usual_min,
            format!(
                "the centres span {full:.4} m, {usual_min} to {usual_max} m are usual; opacities fade with 1.5 over the extent in the render service"
            ),
        );
    } else if middle > usual_max {
        say(
            Rule::ExtentUsual,
            middle,
            usual_max,
            format!(
                "98 % of the centres span {middle:.1} m, {usual_min} to {usual_max} m are usual"
            ),
        );
    }
    if full < EXTENT_MIN {
        return; // Shape and place of a point say nothing.
    }
    let ratio = full / middle;
    if ratio > OUTLIER_RATIO_MAX {
        say(
            Rule::Outliers,
            ratio,
            OUTLIER_RATIO_MAX,
            format!(
                "the centres span {full:.3} m, 98 % of them only {middle:.3} m: the render service fits all of them into the picture, so the object will be small"
            ),
        );
    }
    // Rendering specification §B.4: one mean of all coordinates is subtracted from x, y and z.
    let all = finite.as_flattened();
    let mean = all.iter().map(|c| f64::from(*c)).sum::<f64>() / all.len() as f64;
    let shifts = [0, 1, 2].map(|axis| ((spans[axis].centre() - mean) * 1.5 / full).abs());
    let axis =
        (0..3).fold(0, |worst, axis| if shifts[axis] > shifts[worst] { axis } else { worst });
    if shifts[axis] > OFF_CENTRE_MAX {
        say(
            Rule::Centred,
            shifts[axis],
            OFF_CENTRE_MAX,
            format!(
                "the object is {:.2} off the middle of the picture along {} after the render service's normalisation (it shows 0.9 to each side): centre it on the origin",
                shifts[axis], AXES[axis]
            ),
        );
    }
    let width = spans[0].middle().max(spans[2].middle());
    let flatness = spans[1].middle() / width;
    if flatness < FLATNESS_MIN {
        say(
            Rule::UpAxis,
            flatness,
            FLATNESS_MIN,
            format!(
                "the object is {:.3} m high (y) and {width:.3} m wide: it lies flat, make sure that +Y is up",
                spans[1].middle()
            ),
        );
    }
}

/// Where the centres are along one axis.
struct Span {
    min: f64,
    max: f64,
    /// Quantiles 1 % and 99 %, nearest rank.
    low: f64,
    high: f64,
}

impl Span {
    fn of(positions: &[[f32; 3]], axis: usize) -> Self {
        let mut values: Vec<f32> = positions.iter().map(|position| position[axis]).collect();
        values.par_sort_unstable_by(f32::total_cmp);
        let rank = |percent: usize| (percent * values.len()).div_ceil(100).max(1) - 1;
        let at = |idx: usize| f64::from(values[idx]);
        Self { min: at(0), max: at(values.len() - 1), low: at(rank(1)), high: at(rank(99)) }
    }

    fn full(&self) -> f64 {
        self.max - self.min
    }

    fn middle(&self) -> f64 {
        self.high - self.low
    }

    fn centre(&self) -> f64 {
        f64::midpoint(self.min, self.max)
    }
}
