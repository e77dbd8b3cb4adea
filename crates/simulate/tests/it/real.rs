//! The arena's own owners.

use std::sync::Arc;

use arena::collector::{Collector, Settings};
use simulate::check::check;
use simulate::fault::{Fault, Kind, Op, Plan, Role, Site, Weather};
use simulate::run::{Makers, Setup};
use simulate::sabotage::Sabotage;
use simulate::{Referee, Size, owners};

fn setup(seed: u64, weather: Weather) -> Setup {
    Setup::real(seed, Size::SMALL, weather)
}

#[test]
fn fair_weather_changes_nothing() {
    for seed in 0..80 {
        check(&setup(seed, Weather::Fair), None).unwrap_or_else(|broken| panic!("{broken}"));
    }
}

#[test]
fn what_must_hold_holds_in_storms() {
    for seed in 0..60 {
        check(&setup(seed, Weather::Storm), None).unwrap_or_else(|broken| panic!("{broken}"));
    }
}

/// With the judge that asks in stages, and competitions of all three kinds.
#[test]
fn a_judge_of_many_questions_changes_nothing() {
    for seed in 0..14 {
        let mut own = setup(seed, Weather::Fair);
        own.game.referee = Referee::MultiStage;
        check(&own, None).unwrap_or_else(|broken| panic!("{broken}"));
    }
}

/// The same fault at the first effects of a kind.
fn often(role: Role, op: Op, kind: Kind, times: u32) -> Plan {
    let fault = |nth| Fault { site: Site { role, op, nth }, kind };
    Plan { faults: (0..times).map(fault).collect() }
}

/// A collector that gives a miner's server one try only, where every file fails once; the arena's own tries again.
#[test]
fn a_hasty_collector_is_caught() {
    let plan = often(Role::Collector, Op::Fetch, Kind::Fail, 150);
    let own = setup(0, Weather::Fair);
    check(&own, Some(&plan)).unwrap_or_else(|broken| panic!("{broken}"));
    let habits = own.habits;
    let makers: Makers = Arc::new(move |role| match role {
        Role::Collector => {
            let settings = Settings { file_tries: 1, ..Settings::default() };
            vec![Box::new(Collector::new(settings))]
        }
        role => owners::one(role, habits).into_iter().collect(),
    });
    let broken = check(&Setup { makers, ..own }, Some(&plan)).expect_err("files that failed once");
    assert!(broken.to_string().contains("submitted.json: not as without faults"), "{broken}");
}

/// A seed, and its faults if they are not the drawn ones.
type Attempt = (u64, Option<Plan>);

/// What a port that breaks its word is tried with, until it is seen, and as what.
fn seen_as(sabotage: Sabotage) -> (Vec<Attempt>, &'static str) {
    use Sabotage as S;
    let with = |plan: Plan| vec![(0, Some(plan))];
    let calm = with(Plan::default());
    // Of these, some are sure to meet the port at a bad moment.
    let drawn: Vec<Attempt> = (0..100).map(|seed| (seed, None)).collect();
    match sabotage {
        S::ForcesPush => {
            let notes = often(Role::Judge, Op::Write, Kind::Note, 20);
            (with(notes), "what others committed is not below it")
        }
        S::ComparesNothing => (drawn, "went from Paused to"),
        S::LosesCommits => (calm, "matrix.csv: not as without faults"),
        S::SplitsCommits => (calm, "rounds/0/seed.json is missing"),
        S::ReordersCommits => (calm, "what others committed is not below it"),
        S::ForgetsJournals => (drawn, "winner.json: not as without faults"),
        S::DropsMade => (calm, "matrix.csv: not as without faults"),
        S::TrustsHead => {
            // One of them is just when the block has come that the round's seed is of.
            let fork = |nth| {
                let site = Site { role: Role::Collector, op: Op::Ask, nth };
                (0, Some(Plan { faults: vec![Fault { site, kind: Kind::Fork(6) }] }))
            };
            ((20..60).map(fork).collect(), "round 0 began otherwise")
        }
        S::BlamesMiners => {
            let fails = often(Role::Collector, Op::Fetch, Kind::Fail, 150);
            (with(fails), "submitted.json: not as without faults")
        }
        S::DrawsOnOutage => {
            let fails = often(Role::Judge, Op::Duel, Kind::Fail, 60);
            (with(fails), "both sides have pictures, and there is no evidence")
        }
        S::TurnsVerdicts => (calm, "but by its evidence it is"),
        S::LosesBlobs => (calm, "is lost"),
    }
}

/// Ports that break their word are seen, and as what they are; the same seed and faults are nothing to the others.
#[test]
fn ports_that_break_their_word_are_caught() {
    for &sabotage in Sabotage::ALL {
        let (attempts, sign) = seen_as(sabotage);
        let caught = attempts.iter().find(|(seed, plan)| {
            let spoilt = Setup { sabotage: Some(sabotage), ..setup(*seed, Weather::Fair) };
            let seen = check(&spoilt, plan.as_ref()).err().into_iter();
            seen.flat_map(|broken| broken.violations).any(|what| what.contains(sign))
        });
        let Some((seed, plan)) = caught else {
            panic!("{sabotage} was not seen as \"{sign}\" in {} attempts", attempts.len())
        };
        check(&setup(*seed, Weather::Fair), plan.as_ref())
            .unwrap_or_else(|broken| panic!("{broken}"));
    }
}
