//! Stage 4: whether a model is a sound body from the sides that the front does not show. It always has a say.

use ledger::json::Json;

use super::front::VIEWS;
use super::rules::Stages;
use super::words;
use crate::vlm::control::{self, Control};
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
    /// No question that shows the model comes to an answer, and all do that show the other: it loses what was a draw, so that
    /// a defender cannot keep a crown with pictures that no model will look at.
    Mute,
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
    /// Asks about the winner, and about the other where that matters; on a draw about both. `is_front_mute`: no question that
    /// shows both came to an answer.
    pub(super) fn ask(
        known: &Known,
        stages: &Stages<'_>,
        primary: Option<Side>,
        is_front_mute: bool,
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
        let (mut choice, mut step) = step(primary, flags);
        if is_front_mute && primary.is_none() {
            let is_mute = |at: usize| looked[at].found == [Found::Unavailable; ANGLES.len()];
            (choice, step) = match flags {
                [_, Some(Flag::Ok)] if is_mute(0) => (Some(Side::B), Step::Mute),
                [Some(Flag::Ok), _] if is_mute(1) => (Some(Side::A), Step::Mute),
                _ => (choice, step),
            };
        }
        let neither = flags == [Some(Flag::Unknown); 2];
        if step == Step::Unanswered || neither {
            // Either these pictures, or the model.
            control::answered(known, "the guard", |control| stages.guard_control(control))?;
        }
        Ok(Self { choice, step, flags, looked })
    }

    /// For the detail.
    pub(super) fn json(&self) -> Json {
        // Others read ok or garbage for every side, and take what was not found to be garbage for ok.
        let word = |is_garbage| Json::from(if is_garbage { "garbage" } else { "ok" });
        let side = |at: usize| word(self.flags[at] == Some(Flag::Garbage));
        let status = |at: usize| match self.flags[at] {
            Some(Flag::Ok) => "ok".into(),
            Some(Flag::Garbage) => "garbage".into(),
            Some(Flag::Unknown) => "unknown".into(),
            None => Json::from("not asked"),
        };
        let angles = |at: usize, tell: &dyn Fn(Option<&Found>) -> Json| {
            let all = ANGLES.iter().enumerate();
            let all = all.map(|(angle, (name, _))| {
                ((*name).to_owned(), tell(self.looked[at].found.get(angle)))
            });
            Json::Object(all.collect())
        };
        let found = |at| angles(at, &|found| word(found == Some(&Found::Garbage)));
        let truly = |at| {
            angles(at, &|found| match found {
                Some(Found::Ok) => "ok".into(),
                Some(Found::Garbage) => "garbage".into(),
                Some(Found::Unavailable) => "unavailable".into(),
                None => "not asked".into(),
            })
        };
        let speaks = |at: usize| Json::Bool(self.looked[at].addresses_judge);
        object([
            ("choice", choice(self.choice)),
            ("side_verdicts", object([("a", side(0)), ("b", side(1))])),
            ("per_angle", object([("a", found(0)), ("b", found(1))])),
            ("side_status", object([("a", status(0)), ("b", status(1))])),
            ("angle_status", object([("a", truly(0)), ("b", truly(1))])),
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
            return match [a, b] {
                [Some(Flag::Garbage), Some(Flag::Ok)] => (Some(Side::B), Step::Down),
                [Some(Flag::Ok), Some(Flag::Garbage)] => (Some(Side::A), Step::Down),
                [Some(Flag::Garbage), Some(Flag::Unknown)]
                | [Some(Flag::Unknown), Some(Flag::Garbage)] => (None, Step::Unanswered),
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

/// The original's name of such questions.
const KIND: &str = "s4_per_angle";
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
        let label = format!("{KIND}/{letter}/{name}");
        let pictures = [shown.white(VIEWS[0].0), shown.white(name)];
        self.guard(label, seen, &pictures, ANGLE_SEED * at as u64)
    }

    /// A question as those of the guard, about nobody's asset.
    fn guard_control(&self, control: Control) -> Question {
        let picture = control.picture(self.duel);
        let label = format!("{}_{KIND}", control.word());
        self.guard(label, ANGLES[0].1, &[picture.clone(), picture], 0)
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
