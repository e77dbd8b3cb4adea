//! A seed: the run without faults, the run with faults, what must be alike in both, and the smallest plan that still fails.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ledger::files::matrix::Matrix;
use ledger::{MinerFile, Place, RoundFile};
use serde_json::Value;

use crate::fault::{Fault, Kind, Plan, Weather};
use crate::run::{Setup, Verified, run};
use crate::world::Outcome;

/// A seed that went well.
#[derive(Debug, Clone)]
pub struct Passed {
    /// The run with faults.
    pub outcome: Outcome,
    /// Rounds of both runs.
    pub rounds: u32,
    /// Effects of both runs.
    pub effects: u64,
}

/// A seed that did not.
#[derive(Debug, Clone)]
pub struct Broken {
    /// Which.
    pub seed: u64,
    /// As it was drawn or given.
    pub plan: Plan,
    /// What was wrong.
    pub violations: Vec<String>,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}, faults \"{}\"", self.seed, self.plan)?;
        self.violations.iter().take(10).try_for_each(|what| write!(f, "\n    {what}"))
    }
}

/// A run; a panic is a violation.
///
/// # Errors
///
/// The panic.
pub fn guarded(setup: &Setup, plan: &Plan) -> Result<Outcome, Vec<String>> {
    catch_unwind(AssertUnwindSafe(|| run(setup, plan))).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("panic");
        vec![format!("panic: {text}")]
    })
}

/// Checks a seed with a plan of its own, or with this one.
///
/// # Errors
///
/// [`Broken`].
pub fn check(setup: &Setup, plan: Option<&Plan>) -> Result<Passed, Broken> {
    let broken =
        |plan: &Plan, violations| Broken { seed: setup.seed, plan: plan.clone(), violations };
    let verified = match setup.verified {
        Verified::OnTheWay => Verified::AtTheEnd,
        other => other,
    };
    let calm = Setup { with_lines: false, sabotage: None, verified, ..setup.clone() };
    let reference = guarded(&calm, &Plan::default());
    let reference = reference.map_err(|violations| broken(&Plan::default(), violations))?;
    if !reference.violations.is_empty() {
        return Err(broken(&Plan::default(), reference.violations));
    }
    let drawn = plan.cloned();
    let drawn = drawn.unwrap_or_else(|| Plan::draw(setup.seed, &reference.counts, setup.weather));
    let outcome = guarded(setup, &drawn).map_err(|violations| broken(&drawn, violations))?;
    let mut violations = outcome.violations.clone();
    if setup.weather == Weather::Fair {
        violations.extend(differences(&reference.files, &outcome.files));
    }
    if !violations.is_empty() {
        return Err(broken(&drawn, violations));
    }
    let rounds = reference.rounds + outcome.rounds;
    let effects = reference.effects + outcome.effects;
    Ok(Passed { outcome, rounds, effects })
}

/// Leaves out faults, and makes their times shorter, as long as something is still wrong.
#[must_use]
pub fn shrink(setup: &Setup, broken: &Broken) -> Broken {
    let mut smallest = broken.clone();
    let fails = |faults: Vec<Fault>| check(setup, Some(&Plan { faults })).err();
    // Halves first, then smaller parts, then single ones.
    let mut part = smallest.plan.faults.len().div_ceil(2);
    while part > 0 {
        let mut at = 0;
        while at < smallest.plan.faults.len() {
            let mut faults = smallest.plan.faults.clone();
            faults.drain(at..(at + part).min(faults.len()));
            match fails(faults) {
                Some(smaller) => smallest = smaller,
                None => at += part,
            }
        }
        part = if part == 1 { 0 } else { part.div_ceil(2) };
    }
    for at in 0..smallest.plan.faults.len() {
        for kind in milder(smallest.plan.faults[at].kind) {
            let mut faults = smallest.plan.faults.clone();
            faults[at].kind = kind;
            if let Some(smaller) = fails(faults) {
                smallest = smaller;
                break;
            }
        }
    }
    smallest
}

/// The same with less of it, mildest first.
fn milder(kind: Kind) -> Vec<Kind> {
    let less = |n: u32| [1, 60, 600].into_iter().filter(move |&less| less < n);
    match kind {
        Kind::Late(n) => less(n).map(Kind::Late).collect(),
        Kind::Slow(n) => less(n).map(Kind::Slow).collect(),
        Kind::Outage(n) => less(n).map(Kind::Outage).collect(),
        Kind::Pause(n) => less(n).map(Kind::Pause).collect(),
        Kind::Break(n) => less(n).map(Kind::Break).collect(),
        Kind::CrashAfter => vec![Kind::CrashBefore],
        _ => Vec::new(),
    }
}

/// Members that say when something was, and may be different after faults.
const OF_TIME: [&str; 5] =
    ["next_stage_eta", "fetched_at", "generation_time", "planned_start", "latency_ms"];

/// What must be alike in two runs and is not.
fn differences(calm: &BTreeMap<String, String>, faulty: &BTreeMap<String, String>) -> Vec<String> {
    let mut found = Vec::new();
    for (path, wanted) in calm {
        let Some(Place::Round(round, _) | Place::Miner(round, ..)) = Place::parse(path) else {
            continue;
        };
        // A round that starts a day later, because the one before took so long, is another round.
        let seed = Place::Round(round, RoundFile::Seed).to_string();
        let submissions = Place::Round(round, RoundFile::Submissions).to_string();
        let alike = |path: &String| calm.get(path) == faulty.get(path);
        if !alike(&seed) || (round.0 > 0 && !alike(&submissions)) {
            if round.0 == 0 {
                found.push(format!("{path}: round 0 began otherwise than without faults"));
            }
            continue;
        }
        if let Some(difference) = difference(path, wanted, faulty.get(path).map(String::as_str)) {
            found.push(format!("{path}: not as without faults: {difference}"));
        }
    }
    found
}

fn difference(path: &str, wanted: &str, found: Option<&str>) -> Option<String> {
    let same = |found: &str| {
        let values =
            serde_json::from_str::<Value>(wanted).ok().zip(serde_json::from_str(found).ok());
        values.is_some_and(|(wanted, found)| timeless(wanted) == timeless(found))
    };
    let lost = || Some("it is missing".to_owned());
    match Place::parse(path)? {
        Place::Round(_, RoundFile::Winner | RoundFile::Submissions) => match found {
            Some(found) => (!same(found)).then(|| format!("{wanted} became {found}")),
            None => lost(),
        },
        Place::Round(_, RoundFile::Prompts) => {
            (found != Some(wanted)).then(|| "other prompts".to_owned())
        }
        Place::Miner(_, _, MinerFile::Submitted) => match found {
            Some(found) if same(found) => None,
            Some(found) => Some(first_row(wanted, found)),
            None => lost(),
        },
        // Which matches were played beyond those that decide depends on who was ready when.
        Place::Round(_, RoundFile::MatchesMatrix | RoundFile::AuditMatrix) => {
            let read = |text: &str| Matrix::from_text(path, text).unwrap_or_default();
            let (wanted, found) = (read(wanted), read(found?));
            wanted.iter().find_map(|(left, right, margin)| {
                let other = found.get(left, right)?;
                (other.to_bits() != margin.to_bits())
                    .then(|| format!("{left},{right}: {margin} became {other}"))
            })
        }
        _ => None,
    }
}

/// The first row of outputs that differs.
fn first_row(wanted: &str, found: &str) -> String {
    let rows = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let (wanted, found) = (timeless(rows(wanted)), timeless(rows(found)));
    let rows = wanted.as_object().into_iter().flatten();
    let other = rows.into_iter().find(|(stem, row)| found.get(stem.as_str()) != Some(row));
    other.map_or_else(
        || "more rows".to_owned(),
        |(stem, row)| format!("row {stem}: {row} became {:?}", found.get(stem)),
    )
}

/// Without what says when something was.
fn timeless(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(key, _)| !OF_TIME.contains(&key.as_str()));
            let kept = kept.map(|(key, value)| match value {
                // Of a file that cannot be had, it depends on the try how it failed.
                Value::String(text) if key == "failure_reason" => {
                    let kind = text.split(':').next().unwrap_or_default();
                    (key, Value::String(kind.to_owned()))
                }
                value => (key, timeless(value)),
            });
            Value::Object(kept.collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(timeless).collect()),
        other => other,
    }
}
