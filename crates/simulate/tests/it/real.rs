//! The arena's own owners.

use std::sync::Arc;

use arena::collector::{Collector, Settings};
use simulate::check::check;
use simulate::fault::{Fault, Kind, Op, Plan, Role, Site, Weather};
use simulate::run::{Makers, Setup};
use simulate::sabotage::Sabotage;
use simulate::{Size, owners};

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

/// A seed, its faults if they are not drawn ones, and what is seen of a port that breaks its word there.
fn seen_as(sabotage: Sabotage) -> (u64, Option<Plan>, &'static str) {
    use Sabotage as S;
    match sabotage {
        S::ForcesPush => {
            let notes = often(Role::Judge, Op::Write, Kind::Note, 20);
            (0, Some(notes), "what others committed is not below it")
        }
        S::ComparesNothing => (11, None, "went from Paused to"),
        S::LosesCommits => (0, Some(Plan::default()), "matrix.csv: not as without faults"),
        S::SplitsCommits => (0, Some(Plan::default()), "rounds/0/seed.json is missing"),
        S::ReordersCommits => (0, Some(Plan::default()), "what others committed is not below it"),
        S::ForgetsJournals => (8, None, "winner.json: not as without faults"),
        S::DropsMade => (0, Some(Plan::default()), "matrix.csv: not as without faults"),
        S::TrustsHead => {
            // Just when the block has come that the round's seed is of.
            let site = Site { role: Role::Collector, op: Op::Ask, nth: 33 };
            let fork = Plan { faults: vec![Fault { site, kind: Kind::Fork(6) }] };
            (0, Some(fork), "round 0 began otherwise")
        }
        S::BlamesMiners => {
            let fails = often(Role::Collector, Op::Fetch, Kind::Fail, 150);
            (0, Some(fails), "submitted.json: not as without faults")
        }
        S::DrawsOnOutage => {
            let fails = often(Role::Judge, Op::Duel, Kind::Fail, 60);
            (0, Some(fails), "both sides have pictures, and there is no evidence")
        }
        S::TurnsVerdicts => (0, Some(Plan::default()), "but by its evidence it is"),
        S::LosesBlobs => (0, Some(Plan::default()), "is lost"),
    }
}

/// Ports that break their word are seen, and as what they are; the same seed and faults are nothing to the others.
#[test]
fn ports_that_break_their_word_are_caught() {
    for &sabotage in Sabotage::ALL {
        let (seed, plan, sign) = seen_as(sabotage);
        let own = setup(seed, Weather::Fair);
        check(&own, plan.as_ref()).unwrap_or_else(|broken| panic!("{broken}"));
        let spoilt = Setup { sabotage: Some(sabotage), ..own };
        let Err(broken) = check(&spoilt, plan.as_ref()) else {
            panic!("{sabotage} was not caught")
        };
        assert!(broken.violations.iter().any(|what| what.contains(sign)), "{sabotage}: {broken}");
    }
}
