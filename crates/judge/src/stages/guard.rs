//! Stage 4: whether a model is a sound body from the sides that the front does not show. It always has a say.

use ledger::json::Json;

use super::front::VIEWS;
use super::rules::Stages;
use super::words;
use crate::vlm::interview::{Known, Lack, all, both};
use crate::vlm::pair::{Side, choice, shown};
use crate::vlm::question::{Question, object};
use crate::vlm::schema::{Answer, Schema};

/// Sides, and where they are seen from.
const ANGLES: [(&str, &str); 4] = [
    ("right", "from one side"),
    ("back", "from behind"),
    ("left", "from the other side"),
    ("top_down", "from straight above"),
];

/// What was found from one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Ok,
    Garbage,
    /// No attempt came to an answer.
    Unavailable,
}

/// What a model is, by all sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flag {
    Ok,
    Garbage,
    /// Sides without an answer could make it either.
    Unknown,
}

/// How the guard changed the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    None,
    /// A trick does not win, and loses what was a draw.
    Down,
    /// Who is not known to be sound does not win.
    Unanswered,
}

/// Sides of one model, as far as they were asked for.
#[derive(Debug, Clone, Default)]
struct Looked {
    found: Vec<Found>,
    addresses_judge: bool,
}

/// What the guard came to.
#[derive(Debug)]
pub(super) struct Guarded {
    pub(super) choice: Option<Side>,
    pub(super) step: Step,
    /// A, B; nothing if nothing depends on it.
    flags: [Option<Flag>; 2],
    looked: [Looked; 2],
}

impl Guarded {
    /// Asks about the winner, and about the other where that matters; on a draw about both.
    pub(super) fn ask(
        known: &Known,
        stages: &Stages<'_>,
        primary: Option<Side>,
    ) -> Result<Self, Lack> {
        let need = stages.settings.thresholds.guard_sides;
        let ask = |side| {
            let looked = stages.look(known, side, need)?;
            Ok((flag(&looked.found, need), looked))
        };
        let mut flags = [None, None];
        let mut looked = [Looked::default(), Looked::default()];
        match primary {
            None => {
                let ((a, of_a), (b, of_b)) = both(ask(Side::A), ask(Side::B))?;
                (flags, looked) = ([Some(a), Some(b)], [of_a, of_b]);
            }
            Some(winner) => {
                let (at, other) = if winner == Side::A { (0, Side::B) } else { (1, Side::A) };
                let (flag, of_winner) = ask(winner)?;
                (flags[at], looked[at]) = (Some(flag), of_winner);
                if flag != Flag::Ok {
                    let (flag, of_other) = ask(other)?;
                    (flags[1 - at], looked[1 - at]) = (Some(flag), of_other);
                }
            }
        }
        let (choice, step) = step(primary, flags);
        if step == Step::Unanswered {
            // Either these pictures, or the model. The prompt in place of the model tells: nobody's asset is in it.
            if known.answer(&stages.guard_control())?.is_none() {
                let message = "the model answers no question of the guard's control";
                return Err(Lack::Model(message.into()));
            }
        }
        Ok(Self { choice, step, flags, looked })
    }

    /// For the detail.
    pub(super) fn json(&self) -> Json {
        let flag = |at: usize| match self.flags[at] {
            Some(Flag::Ok) => "ok".into(),
            Some(Flag::Garbage) => "garbage".into(),
            Some(Flag::Unknown) => "unknown".into(),
            None => Json::Null,
        };
        let angles = |at: usize| {
            let found = ANGLES.iter().zip(&self.looked[at].found).map(|((name, _), found)| {
                let word = match found {
                    Found::Ok => "ok",
                    Found::Garbage => "garbage",
                    Found::Unavailable => "unavailable",
                };
                ((*name).to_owned(), Json::from(word))
            });
            Json::Object(found.collect())
        };
        let speaks = |at: usize| Json::Bool(self.looked[at].addresses_judge);
        object([
            ("choice", choice(self.choice)),
            ("side_verdicts", object([("a", flag(0)), ("b", flag(1))])),
            ("per_angle", object([("a", angles(0)), ("b", angles(1))])),
            ("addresses_judge", object([("a", speaks(0)), ("b", speaks(1))])),
        ])
    }
}

/// What becomes of a verdict: one step at most, so a winner never simply becomes the loser.
fn step(primary: Option<Side>, [a, b]: [Option<Flag>; 2]) -> (Option<Side>, Step) {
    let (own, other) = match primary {
        Some(Side::A) => (a, b),
        Some(Side::B) => (b, a),
        None => {
            let garbage = [a, b].map(|flag| flag == Some(Flag::Garbage));
            return match garbage {
                [true, false] => (Some(Side::B), Step::Down),
                [false, true] => (Some(Side::A), Step::Down),
                _ => (None, Step::None),
            };
        }
    };
    match (own, other) {
        (Some(Flag::Ok), _) | (_, Some(Flag::Garbage)) => (primary, Step::None),
        (Some(Flag::Garbage), _) => (None, Step::Down),
        _ => (None, Step::Unanswered),
    }
}

/// What sides come to, with `need` that make a trick.
fn flag(found: &[Found], need: usize) -> Flag {
    let count = |what| found.iter().filter(|found| **found == what).count();
    let open = count(Found::Unavailable) + (ANGLES.len() - found.len());
    match count(Found::Garbage) {
        garbage if garbage >= need => Flag::Garbage,
        garbage if garbage + open < need => Flag::Ok,
        _ => Flag::Unknown,
    }
}

/// Between the seed of the round and those of the guard; one for both sides.
const SEED: u64 = 5000;
/// Between the seeds of angles.
const ANGLE_SEED: u64 = 100;

impl Stages<'_> {
    /// Asks two sides at a time, while the flag is open.
    fn look(&self, known: &Known, side: Side, need: usize) -> Result<Looked, Lack> {
        let mut looked = Looked::default();
        for some in [0..2, 2..ANGLES.len()] {
            if flag(&looked.found, need) != Flag::Unknown {
                break;
            }
            let answers = all(some.map(|at| known.answer(&self.angle(side, at))))?;
            for answer in answers {
                looked.found.push(match answer {
                    Some(Answer::Guard(guard)) => {
                        looked.addresses_judge |= guard.addresses_judge;
                        // A model that talks to its judge is a trick, whatever it looks like.
                        let is_trick = guard.is_garbage || guard.addresses_judge;
                        if is_trick { Found::Garbage } else { Found::Ok }
                    }
                    _ => Found::Unavailable,
                });
            }
        }
        Ok(looked)
    }

    fn angle(&self, side: Side, at: usize) -> Question {
        let (name, seen) = ANGLES[at];
        let (letter, shown) = match side {
            Side::A => ("a", self.sides[0]),
            Side::B => ("b", self.sides[1]),
        };
        let label = format!("s4_per_angle/{letter}/{name}");
        let pictures = [shown.white(VIEWS[0].0), shown.white(name)];
        self.guard(label, seen, &pictures, ANGLE_SEED * at as u64)
    }

    /// A question as those of the guard, about nobody's asset.
    fn guard_control(&self) -> Question {
        let pictures = [self.duel.prompt.clone(), self.duel.prompt.clone()];
        self.guard("control_guard".into(), ANGLES[0].1, &pictures, 0)
    }

    fn guard(&self, label: String, seen: &str, [one, other]: &[String; 2], seed: u64) -> Question {
        Question {
            label,
            system: words::INSPECTOR,
            parts: shown(
                [(words::SOUND_SIDE, one), (words::OTHER_SIDE, other)],
                &words::guard(seen),
            ),
            schema: Schema::Guard,
            attempts: 4,
            tokens_max: 220,
            seed: self.seed() + SEED + seed,
            shared: true,
        }
    }
}

#[cfg(test)]
mod tests;
