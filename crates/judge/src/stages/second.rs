//! Stage 2: three sub-judges where the front is a draw. Best views, artefacts, and a checklist of the reference.

use ledger::json::Json;

use super::rules::Stages;
use super::settings::Thresholds;
use super::{best, words};
use crate::Shown;
use crate::vlm::Verification;
use crate::vlm::control::{self, Control};
use crate::vlm::interview::{Known, Lack, both};
use crate::vlm::pair::{ATTEMPTS, Pair, REFERENCE, Side, choice, shown};
use crate::vlm::question::{Question, object};
use crate::vlm::schema::{Answer, Checklist, Schema};

/// What the second stage came to.
#[derive(Debug)]
pub(super) struct Second {
    pub(super) choice: Option<Side>,
    pub(super) source: Source,
    views: Option<[&'static str; 2]>,
    best: Option<Pair>,
    artefacts: Pair,
    /// Nothing if the other two agree.
    checklist: Option<List>,
}

/// Whose word it was.
#[derive(Debug, PartialEq)]
pub(super) enum Source {
    /// Of voters that nobody opposed, with how far apart they saw both.
    Strong(String),
    /// Of two of three; or of nobody.
    Consensus,
}

impl Second {
    /// Asks the first two sub-judges, and the third if it matters.
    pub(super) fn ask(known: &Known, stages: &Stages<'_>) -> Result<Self, Lack> {
        let limits = &stages.settings.thresholds;
        let views = best::picked(known)?;
        let best = views.map(|views| Pair::ask(known, &stages.best(views))).transpose();
        let (best, artefacts) = both(best, Pair::ask(known, &stages.artefacts()))?;
        if artefacts.has_failed() && best.is_none_or(Pair::has_failed) {
            // Either these pictures, or the model.
            let kind = ARTEFACTS;
            let ask = words::artefacts();
            let question =
                |control: Control| control.of_pair(stages.duel, stages.seed(), kind, &ask);
            control::answered(known, "the second stage", question)?;
        }
        let first = best.and_then(|pair| vote(pair, limits));
        let second = vote(artefacts, limits);
        let agree = first.is_some() && first == second;
        let checklist = if agree { None } else { Some(List::ask(known, stages)?) };
        let gap = checklist.as_ref().and_then(|list| list.gap(limits));
        let difference = best.and_then(Pair::grades).map(|grades| grades.difference());
        let (choice, source) = verdict([first, second], difference, gap, limits);
        Ok(Self { choice, source, views, best, artefacts, checklist })
    }

    /// For the detail.
    pub(super) fn json(&self, limits: &Thresholds) -> Json {
        let source = match self.source {
            Source::Strong(_) => "strong_voter",
            Source::Consensus => "consensus_3",
        };
        let best = self.best.map_or(Json::Null, |pair| {
            let mut json = pair.json();
            if let (Json::Object(members), Some([a, b])) = (&mut json, self.views) {
                members.insert("view_a".into(), a.into());
                members.insert("view_b".into(), b.into());
            }
            json
        });
        object([
            ("choice", choice(self.choice)),
            ("source", source.into()),
            ("best_view", best),
            ("artifact_compare", self.artefacts.json()),
            ("checklist", self.checklist.as_ref().unwrap_or(&List::Unasked).json(limits)),
        ])
    }
}

/// Who wins the second stage. `votes` are those of best views and artefacts, `best` and `gap` what best views and the checklist
/// rest on: penalties of A less those of B, and points of A less those of B.
///
/// A strong voter decides where nobody votes against it; else a side needs two votes of three.
fn verdict(
    votes: [Option<Side>; 2],
    best: Option<f64>,
    gap: Option<i64>,
    limits: &Thresholds,
) -> (Option<Side>, Source) {
    let list = gap.filter(|gap| gap.saturating_abs() >= limits.checklist_vote);
    let list = list.map(|gap| if gap > 0 { Side::A } else { Side::B });
    let all = [votes[0], votes[1], list];
    let count = |side| all.iter().filter(|vote| **vote == Some(side)).count();
    let strong_best = best.filter(|best| best.abs() >= limits.strong);
    let strong_gap = gap.filter(|gap| gap.saturating_abs() >= limits.checklist_strong);
    for (side, other) in [(Side::A, Side::B), (Side::B, Side::A)] {
        let tags = [
            strong_best.filter(|_| votes[0] == Some(side)).map(|best| format!("bv|{best:+.1}|")),
            strong_gap.filter(|_| list == Some(side)).map(|gap| format!("cl|{gap:+}|")),
        ];
        let tags: Vec<_> = tags.into_iter().flatten().collect();
        if !tags.is_empty() && count(other) == 0 {
            return (Some(side), Source::Strong(tags.join("+")));
        }
    }
    let side = [Side::A, Side::B].into_iter().find(|side| count(*side) >= 2);
    (side, Source::Consensus)
}

fn vote(pair: Pair, limits: &Thresholds) -> Option<Side> {
    let difference = pair.grades()?.difference();
    (difference.abs() >= limits.vote).then(|| Side::lower(difference))
}

/// What the checklist came to.
#[derive(Debug)]
enum List {
    /// It could change nothing.
    Unasked,
    /// There is no checklist.
    Undone,
    /// With what was found on each side, if it came to an answer.
    Held(Checklist, [Option<Verification>; 2]),
}

impl List {
    fn ask(known: &Known, stages: &Stages<'_>) -> Result<Self, Lack> {
        let Some(Answer::Checklist(list)) = known.answer(&stages.decompose())? else {
            return Ok(Self::Undone);
        };
        let side = |answer| match answer {
            Some(Answer::Verification(found)) => Some(found),
            _ => None,
        };
        let ask = |at| known.answer(&stages.verify(at, &list)).map(side);
        let (a, b) = both(ask(0), ask(1))?;
        Ok(Self::Held(list, [a, b]))
    }

    /// Points of A less those of B; nothing unless both were judged.
    fn gap(&self, limits: &Thresholds) -> Option<i64> {
        let Self::Held(_, [Some(a), Some(b)]) = self else { return None };
        Some(score(a, limits).saturating_sub(score(b, limits)))
    }

    fn json(&self, limits: &Thresholds) -> Json {
        match self {
            Self::Held(list, found) => held(list, found, limits, "judged"),
            Self::Unasked => {
                let nothing = Checklist { main_object: String::new(), features: Vec::new() };
                held(&nothing, &[None, None], limits, "not asked")
            }
            Self::Undone => object([
                ("decompose_failed", Json::Bool(true)),
                ("score_a", Json::int(0)),
                ("score_b", Json::int(0)),
                ("gap", Json::int(0)),
                ("choice", "draw".into()),
                ("status", "decompose failed".into()),
            ]),
        }
    }
}

/// For the detail. Others read points of both sides: 0 where nothing was said.
fn held(
    list: &Checklist,
    found: &[Option<Verification>; 2],
    limits: &Thresholds,
    status: &'static str,
) -> Json {
    let main = |side: usize| {
        found[side].as_ref().map_or(Json::Null, |found| Json::Bool(found.is_main_object))
    };
    let points = |side: usize| {
        let found = found[side].as_ref();
        Json::int(found.map_or(0, |found| i128::from(score(found, limits))))
    };
    let feature = |(at, (words, category)): (usize, &(String, &'static str))| {
        let side = |side: usize| {
            let found = found[side].as_ref().and_then(|found| found.features.get(at));
            found.map_or(Json::Null, |found| (*found).into())
        };
        object([
            ("feature", words.as_str().into()),
            ("category", (*category).into()),
            ("side_a", side(0)),
            ("side_b", side(1)),
        ])
    };
    let failed = !list.features.is_empty() && found.iter().any(Option::is_none);
    let status = if failed { "verify failed" } else { status };
    object([
        ("main_object", list.main_object.as_str().into()),
        ("main_object_correct_a", main(0)),
        ("main_object_correct_b", main(1)),
        ("features", Json::Array(list.features.iter().enumerate().map(feature).collect())),
        ("score_a", points(0)),
        ("score_b", points(1)),
        ("verify_failed", Json::Bool(failed)),
        ("status", status.into()),
    ])
}

/// Two points for `yes`, one for `partial`, and some for the main object.
fn score(found: &Verification, limits: &Thresholds) -> i64 {
    let points = found.features.iter().map(|found| match *found {
        "yes" => 2,
        "partial" => 1,
        _ => 0,
    });
    // Thresholds of evidence can be anything.
    let object = if found.is_main_object { limits.checklist_object } else { 0 };
    points.sum::<i64>().saturating_add(object)
}

/// The original's name of questions about artefacts, without the order.
const ARTEFACTS: &str = "s2ac";
/// Between the seed of the round and that of a verification; one for both sides.
const VERIFY_SEED: u64 = 100;

impl Stages<'_> {
    fn best(&self, [a, b]: [&str; 2]) -> [Question; 2] {
        let pictures = [self.sides[0].white(a), self.sides[1].white(b)];
        self.orders("s2bv", &words::best(), &pictures)
    }

    fn artefacts(&self) -> [Question; 2] {
        self.orders(ARTEFACTS, &words::artefacts(), &self.sides.map(Shown::grid))
    }

    fn decompose(&self) -> Question {
        Question {
            label: "s2cl_decompose".into(),
            system: words::ANALYST,
            parts: shown([(REFERENCE, &*self.duel.prompt)], words::DECOMPOSE),
            schema: Schema::Checklist,
            attempts: ATTEMPTS,
            tokens_max: 400,
            seed: self.seed(),
            shared: true,
        }
    }

    fn verify(&self, side: usize, list: &Checklist) -> Question {
        let grid = self.sides[side].grid();
        let ask = words::verify(&list.main_object, &list.features);
        let shown = shown([(REFERENCE, &*self.duel.prompt), (words::SHEET, &grid)], &ask);
        Question {
            label: format!("s2cl_verify/{}", ["a", "b"][side]),
            system: words::CHECKER,
            parts: shown,
            schema: Schema::Verification(
                list.features.iter().map(|(words, _)| words.clone()).collect(),
            ),
            attempts: ATTEMPTS,
            tokens_max: 600,
            seed: self.seed() + VERIFY_SEED,
            shared: true,
        }
    }
}

#[cfg(test)]
mod tests;
