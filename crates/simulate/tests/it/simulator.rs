//! The simulator finds what is wrong, replays it, and finds nothing where nothing is wrong.

use simulate::check::{Broken, check, shrink};
use simulate::fault::{Plan, Role, Weather};
use simulate::owners::Habits;
use simulate::run::{Setup, Verified, run};
use simulate::{Game, Size};

use crate::toy::{Flaw, makers};

fn setup(seed: u64, flaw: Flaw) -> Setup {
    Setup {
        seed,
        size: Size::SMALL,
        game: Game::of(0),
        weather: Weather::Fair,
        roles: vec![Role::All],
        makers: makers(flaw),
        habits: Habits::default(),
        sets_weights: false,
        verified: Verified::Never,
        sabotage: None,
        with_lines: false,
    }
}

/// The first seed that shows a flaw.
fn caught(flaw: Flaw, seeds: u64) -> (Setup, Broken) {
    let mut all = (0..seeds).map(|seed| setup(seed, flaw));
    all.find_map(|setup| check(&setup, None).err().map(|broken| (setup, broken)))
        .unwrap_or_else(|| panic!("{flaw:?} was not caught in {seeds} seeds"))
}

#[test]
fn owners_without_a_flaw_pass() {
    let mut rounds = 0;
    for seed in 0..150 {
        let passed =
            check(&setup(seed, Flaw::None), None).unwrap_or_else(|broken| panic!("{broken}"));
        rounds += passed.rounds;
    }
    assert!(rounds >= 400, "{rounds} rounds");
}

#[test]
fn a_run_is_a_pure_function_of_seed_and_plan() {
    for seed in 0..5 {
        let setup = Setup { with_lines: true, ..setup(seed, Flaw::None) };
        let plan = Plan::draw(seed, &run(&setup, &Plan::default()).counts, Weather::Storm);
        let (one, other) = (run(&setup, &plan), run(&setup, &plan));
        assert_eq!(one.lines, other.lines, "seed {seed}");
        assert_eq!(one.hash, other.hash, "seed {seed}");
        assert_ne!(one.hash, run(&setup, &Plan::default()).hash, "seed {seed}: {plan}");
    }
}

#[test]
fn every_flaw_is_caught() {
    for (flaw, sign) in [
        (Flaw::Overwrites, "state.json"),
        (Flaw::TrustsHead, "round 0"),
        (Flaw::TwoCommits, "missing"),
        (Flaw::Forgets, "submitted.json is missing"),
        (Flaw::Undecided, "winner.json"),
        (Flaw::Panics, "panic"),
        (Flaw::Hasty, "submitted.json: not as without faults"),
        (Flaw::NeverAgain, "no progress"),
    ] {
        let (_, broken) = caught(flaw, 400);
        assert!(broken.violations.iter().any(|what| what.contains(sign)), "{flaw:?}: {broken}");
    }
}

#[test]
fn plans_that_fail_are_made_small_and_still_fail() {
    let mut seeds = (0..400).map(|seed| setup(seed, Flaw::Overwrites));
    let found = seeds.find_map(|setup| {
        let broken = check(&setup, None).err()?;
        (broken.plan.faults.len() > 3).then_some((setup, broken))
    });
    let (setup, broken) = found.expect("a plan of several faults");
    let small = shrink(&setup, &broken);
    assert!(small.plan.faults.len() <= 2, "{small}");
    assert!(check(&setup, Some(&small.plan)).is_err());
    assert!(small.to_string().contains(&format!("seed {}", setup.seed)), "{small}");
}
