//! Stage 1: which model is more like the reference, seen from four places in front.

use ledger::json::Json;

use super::rules::Stages;
use super::settings::Thresholds;
use super::words;
use crate::vlm::control::{self, Control};
use crate::vlm::interview::{Known, Lack, all, both};
use crate::vlm::pair::{Grades, Pair, Side, choice};
use crate::vlm::question::{Question, object};

/// Views of the front, and where they are seen from.
pub(super) const VIEWS: [(&str, &str); 4] = [
    ("front_left", "slightly turned left"),
    ("front_right", "slightly turned right"),
    ("front_below", "from the front, with the camera a little below"),
    ("front_above", "from the front, with the camera a little above"),
];
/// The original's name of such questions.
const KIND: &str = "s1_prompt_match";
/// Views that are asked for at once. Earlier than after three nothing is certain.
const FIRST: usize = 3;

/// What the front came to.
#[derive(Debug)]
pub(super) struct Front {
    pub(super) choice: Option<Side>,
    /// No view came to an answer, though this control did.
    pub(super) is_mute: Option<Control>,
    pairs: Vec<Pair>,
}

impl Front {
    /// Asks view by view; `remark` along with the first.
    pub(super) fn ask(
        known: &Known,
        stages: &Stages<'_>,
        remark: Option<&Question>,
    ) -> Result<Self, Lack> {
        let ask = |views: &[(&str, &str)]| {
            all(views.iter().map(|view| Pair::ask(known, &stages.front(*view))))
        };
        let remark = remark.map_or(Ok(()), |remark| known.answer(remark).map(drop));
        let (mut pairs, ()) = both(ask(&VIEWS[..FIRST]), remark)?;
        let limits = &stages.settings.thresholds;
        if !is_draw_anyway(&pairs, VIEWS.len() - FIRST, limits) {
            pairs.extend(ask(&VIEWS[FIRST..])?);
        }
        // Either these pictures, or the model.
        let is_mute = pairs.iter().all(|pair| pair.has_failed());
        let is_mute = is_mute.then(|| stages.front_control(known)).transpose()?;
        Ok(Self { choice: outcome(&pairs, limits), is_mute, pairs })
    }

    /// For the detail.
    pub(super) fn json(&self) -> Json {
        let agreed = self.pairs.iter().filter(|pair| pair.grades().is_some()).count();
        let angles = VIEWS.iter().enumerate().map(|(at, (label, _))| {
            let pair = self.pairs.get(at).copied();
            // Others read penalties of all views: 5 stands where nothing was said.
            let (status, grades) = pair.unwrap_or(Pair::of(None, None)).told();
            let status = if pair.is_some() { status } else { "not asked" };
            object([
                ("label", (*label).into()),
                ("pen_a", Json::float(grades.a)),
                ("pen_b", Json::float(grades.b)),
                ("status", status.into()),
            ])
        });
        object([
            ("choice", choice(self.choice)),
            ("n_total", Json::int(VIEWS.len() as i128)),
            ("n_asked", Json::int(self.pairs.len() as i128)),
            ("n_consistent", Json::int(agreed as i128)),
            ("angles", Json::Array(angles.collect())),
        ])
    }
}

impl Stages<'_> {
    /// Both orders of a view.
    fn front(&self, (view, seen): (&str, &str)) -> [Question; 2] {
        let pictures = self.sides.map(|side| side.white(view));
        let ask = words::front(seen);
        self.orders(&format!("{KIND}/{view}"), &ask, &pictures)
    }

    /// A question of the front about nobody's asset.
    pub(super) fn front_control(&self, known: &Known) -> Result<Control, Lack> {
        let ask = words::front(VIEWS[0].1);
        let question = |control: Control| control.of_pair(self.duel, self.seed(), KIND, &ask);
        control::answered(known, "the front", question)
    }
}

/// Who is better, by all views; nobody on a draw.
pub(super) fn outcome(pairs: &[Pair], limits: &Thresholds) -> Option<Side> {
    let agreed: Vec<_> = pairs.iter().filter_map(|pair| pair.grades()).collect();
    if agreed.is_empty() || agreed.len() < limits.front_views {
        return None;
    }
    let mean =
        |side: fn(&Grades) -> f64| agreed.iter().map(side).sum::<f64>() / agreed.len() as f64;
    let (a, b) = (mean(|grades| grades.a), mean(|grades| grades.b));
    let difference = a - b;
    let are_bad = (a + b) / 2.0 >= limits.front_both_bad;
    let draw =
        if are_bad { limits.front_draw.max(limits.front_both_bad_draw) } else { limits.front_draw };
    let is_split = is_split(signs(pairs), limits);
    (difference.abs() > draw && !is_split).then(|| Side::lower(difference))
}

/// Whether it is a draw whatever `left` more views say.
fn is_draw_anyway(pairs: &[Pair], left: usize, limits: &Thresholds) -> bool {
    let agreed = pairs.iter().filter(|pair| pair.grades().is_some()).count();
    let (for_a, for_b) = signs(pairs);
    let (more, less) = (for_a.max(for_b), for_a.min(for_b));
    // A view without a sign leaves the share as it is, and one for the better side makes it better.
    let stays_split = is_split((more, less), limits) && is_split((more + left, less), limits);
    agreed + left < limits.front_views || stays_split
}

/// Views for A and for B.
fn signs(pairs: &[Pair]) -> (usize, usize) {
    let signs = pairs.iter().filter_map(|pair| pair.grades()).map(Grades::difference);
    signs.fold((0, 0), |(a, b), sign| (a + usize::from(sign < 0.0), b + usize::from(sign > 0.0)))
}

fn is_split((for_a, for_b): (usize, usize), limits: &Thresholds) -> bool {
    let all = for_a + for_b;
    let share = for_a.abs_diff(for_b) as f64 / all.max(1) as f64;
    all > 0 && all >= limits.front_split_views && share < limits.front_split_share
}

#[cfg(test)]
mod tests;
