//! From figures to a verdict, in whole numbers: the two sides are treated alike, so that who is left and who is right changes
//! nothing but the names.

use ledger::files::duels::DuelWinner;
use ledger::json::{Json, Object};
use serde::Deserialize;

use super::measure::{FEATURES, Figures, Seen, SideFigures, UNIT};
use super::{FRONT, NAME, Settings, VERSION};
use crate::Evidence;
use crate::recheck::RecheckError;

/// Weights of [`FEATURES`], thousandths: found by `calibrate` (docs/perceptual-judge.md).
const WEIGHTS: [i64; FEATURES.len()] = [1600, 2200, 1100, 500, 600, 1000];
/// Of the descriptor: the built-in one gets nothing from the fit, a trained one may know better.
const EMBEDDING: i64 = 100;
/// Of loose parts.
const LOOSE: i64 = 1900;
/// Of soft edges.
const SOFT: i64 = 50;

/// Whether a feature says something of a prompt whose object could not be cut out.
fn needs_outline(feature: &str) -> bool {
    ["outline", "places", "edges", "detail"].contains(&feature)
}

/// Seen from its sides, less than this part of what is seen from the front is no body ...
const SHEET_MAX: i64 = 150_000;
/// ... if the other's is at least so many times as wide. What is thin by nature is thin on both sides.
const SHEET_RATIO: i64 = 3;
/// Who is seen from its sides with this part of what is seen from the front has a whole body; the less it has, the flatter it is.
const WHOLE_BODY: i64 = 600_000;
/// Of flatness, where the outline is not that of a flat thing ...
const FLAT: i64 = 650;
/// ... and where it is: a prompt alone does not tell a book from a box.
const FLAT_IF_SIMPLE: i64 = 60;
/// Parts of their convex hull that no outline of a flat thing fills, and that each fills.
const SIMPLE: [i64; 2] = [860_000, 930_000];

/// How flat a side is, from 0 for a whole body to [`UNIT`] for a sheet; 0 for what cannot be told from white.
fn flatness(side: &SideFigures) -> i64 {
    let lacks = (WHOLE_BODY - side.body).max(0);
    if side.stands_out { lacks * UNIT / WHOLE_BODY } else { 0 }
}

/// What flatness weighs before this prompt.
fn weight_of_flatness(figures: &Figures) -> i64 {
    if figures.prompt != Seen::Cut {
        return FLAT_IF_SIMPLE;
    }
    let [low, high] = SIMPLE;
    let simple = (figures.convex - low).clamp(0, high - low);
    FLAT - (FLAT - FLAT_IF_SIMPLE) * simple / (high - low)
}

/// The verdict that evidence of this judge comes to.
///
/// # Errors
///
/// [`RecheckError`].
pub fn decide(evidence: &Evidence) -> Result<(DuelWinner, Json), RecheckError> {
    let judge = &evidence.judge;
    if (judge.name.as_str(), judge.version) != (NAME, VERSION) {
        return Err(RecheckError::unknown(judge));
    }
    let settings = Settings::deserialize(&judge.settings)
        .map_err(|error| RecheckError::Settings(crate::vlm::clean(&error.to_string())))?;
    let figures =
        Figures::deserialize(&evidence.figures).map_err(|error| RecheckError::Figure {
            name: "figures".to_owned(),
            message: crate::vlm::clean(&error.to_string()),
        })?;
    if !evidence.calls.is_empty() {
        return Err(RecheckError::Surplus("calls of a model".to_owned()));
    }
    if figures.prompt == Seen::Unreadable {
        return Ok((DuelWinner::Draw, reason("the prompt is no picture")));
    }
    let sides = match (&figures.left, &figures.right) {
        (Some(left), Some(right)) => [left, right],
        (None, None) => return Ok((DuelWinner::Draw, reason("no whole views on either side"))),
        (None, _) => return Ok((DuelWinner::Right, reason("no whole views from left"))),
        (_, None) => return Ok((DuelWinner::Left, reason("no whole views from right"))),
    };
    if !(0..=UNIT).contains(&figures.convex) {
        let message = "not from 0 to 1".to_owned();
        return Err(RecheckError::Figure { name: "convex".to_owned(), message });
    }
    for (name, side) in ["left", "right"].into_iter().zip(sides) {
        check(side).map_err(|message| RecheckError::Figure { name: name.to_owned(), message })?;
    }
    if sides[0].embedding.len() != sides[1].embedding.len() {
        let message = "only one side has descriptors".to_owned();
        return Err(RecheckError::Figure { name: "embedding".to_owned(), message });
    }
    let (winner, mut detail) = weigh(&figures, sides, &settings);
    let (mirrored, _) = weigh(&figures, [sides[1], sides[0]], &settings);
    let agreed = mirrored == other_way_round(winner);
    if let Json::Object(members) = &mut detail {
        let count = [("asked", 1), ("agreed", i128::from(agreed))];
        let count = count.map(|(key, value)| (key.to_owned(), Json::int(value)));
        members.insert("swap".to_owned(), Json::Object(count.into_iter().collect()));
    }
    Ok((winner, detail))
}

/// The winner of the mirrored duel, by right.
fn other_way_round(winner: DuelWinner) -> DuelWinner {
    match winner {
        DuelWinner::Left => DuelWinner::Right,
        DuelWinner::Right => DuelWinner::Left,
        same => same,
    }
}

fn reason(text: &str) -> Json {
    Json::Object(Object::from_iter([("reason".to_owned(), Json::from(text))]))
}

/// Whether figures can be.
fn check(side: &SideFigures) -> Result<(), String> {
    let fits = |values: &[i64], count: usize| {
        values.len() == count && values.iter().all(|value| (0..=10 * UNIT).contains(value))
    };
    if side.views.len() != FRONT || !side.views.iter().all(|view| fits(view, FEATURES.len())) {
        return Err(format!(
            "views are not {FRONT} lists of {} numbers from 0 to 10",
            FEATURES.len()
        ));
    }
    if !side.embedding.is_empty() && !fits(&side.embedding, FRONT) {
        return Err(format!("embedding is not {FRONT} numbers from 0 to 10, nor none"));
    }
    if !fits(&[side.loose, side.soft, side.body], 3) {
        return Err("loose, soft or body is not from 0 to 10".to_owned());
    }
    Ok(())
}

/// Half the best view's and half the mean of all: what is seen from one side only counts, and so does the best view of a prompt
/// that was taken from aside. Eightfold.
fn pooled(values: impl Iterator<Item = i64> + Clone) -> i64 {
    let best = values.clone().min().unwrap_or(0);
    FRONT as i64 * best + values.sum::<i64>()
}

/// Every figure of a side that counts: name, eightfold value, weight.
fn parts(figures: &Figures, side: &SideFigures) -> Vec<(&'static str, i64, i64)> {
    let seen = figures.prompt;
    let mut parts = Vec::new();
    for (idx, feature) in FEATURES.into_iter().enumerate() {
        if seen == Seen::Cut || !needs_outline(feature) {
            parts.push((feature, pooled(side.views.iter().map(|view| view[idx])), WEIGHTS[idx]));
        }
    }
    if !side.embedding.is_empty() {
        parts.push(("embedding", pooled(side.embedding.iter().copied()), EMBEDDING));
    }
    if seen == Seen::Cut {
        parts.push(("loose", 8 * side.loose, LOOSE));
        parts.push(("soft", 8 * side.soft, SOFT));
    }
    parts.push(("flat", 8 * flatness(side), weight_of_flatness(figures)));
    parts
}

/// Eight times a thousand times [`UNIT`].
const PARTS_UNIT: f64 = 8000.0 * UNIT as f64;

fn weigh(figures: &Figures, sides: [&SideFigures; 2], settings: &Settings) -> (DuelWinner, Json) {
    let parts = sides.map(|side| parts(figures, side));
    let distances = parts
        .each_ref()
        .map(|parts| parts.iter().map(|(_, value, weight)| value * weight).sum::<i64>());
    // Positive: right is nearer.
    let gap = distances[0] - distances[1];
    let band = i64::from(settings.draw_millionths) * 8000;
    let mut decided_by = "distance";
    let mut winner = if gap > band {
        DuelWinner::Right
    } else if gap < -band {
        DuelWinner::Left
    } else {
        decided_by = "draw band";
        DuelWinner::Draw
    };
    let is_sheet = |idx: usize| {
        let (own, other) = (sides[idx], sides[1 - idx]);
        own.stands_out && own.body < SHEET_MAX && other.body >= SHEET_RATIO * own.body.max(1)
    };
    let sheets = [is_sheet(0), is_sheet(1)];
    // One step at most: who wins with a sheet draws, who draws with one loses.
    let stepped = match (winner, sheets) {
        (DuelWinner::Left, [true, false]) | (DuelWinner::Right, [false, true]) => DuelWinner::Draw,
        (DuelWinner::Draw, [true, false]) => DuelWinner::Right,
        (DuelWinner::Draw, [false, true]) => DuelWinner::Left,
        _ => winner,
    };
    if stepped != winner {
        (winner, decided_by) = (stepped, "side guard");
    }
    let figure = |value: i64, unit: f64| Json::float((value as f64 / unit * 1e6).round() / 1e6);
    let object = |members: Vec<(&str, Json)>| {
        Json::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    };
    let guard = |idx: usize| Json::from(if sheets[idx] { "sheet" } else { "ok" });
    let features = parts[0].iter().zip(&parts[1]).map(|(left, right)| {
        let value = |part: &(&str, i64, i64)| figure(part.1, 8.0 * UNIT as f64);
        (left.0, object(vec![("left", value(left)), ("right", value(right))]))
    });
    let detail = object(vec![
        ("decided_by", Json::from(decided_by)),
        ("distance_left", figure(distances[0], PARTS_UNIT)),
        ("distance_right", figure(distances[1], PARTS_UNIT)),
        ("draw_band", figure(band, PARTS_UNIT)),
        ("features", object(features.collect())),
        ("side_guard", object(vec![("left", guard(0)), ("right", guard(1))])),
    ]);
    (winner, detail)
}
