//! The arena's own owners.

use std::sync::Arc;

use arena::collector::{Collector, Settings};
use simulate::check::check;
use simulate::fault::{Fault, Kind, Op, Plan, Role, Site, Weather};
use simulate::run::{Makers, Setup};
use simulate::{Size, owners};

fn setup(seed: u64, weather: Weather) -> Setup {
    let together = seed % 3 == 2;
    Setup {
        seed,
        size: Size::SMALL,
        weather,
        roles: if together { vec![Role::All] } else { owners::APART.to_vec() },
        makers: owners::real(),
        sets_weights: true,
        with_lines: false,
    }
}

#[test]
fn fair_weather_changes_nothing() {
    for seed in 0..60 {
        check(&setup(seed, Weather::Fair), None).unwrap_or_else(|broken| panic!("{broken}"));
    }
}

#[test]
fn what_must_hold_holds_in_storms() {
    for seed in 0..40 {
        check(&setup(seed, Weather::Storm), None).unwrap_or_else(|broken| panic!("{broken}"));
    }
}

/// A collector that gives a miner's server one try only, where every file fails once; the arena's own tries again.
#[test]
fn a_hasty_collector_is_caught() {
    let fails = (0..150).map(|nth| Fault {
        site: Site { role: Role::Collector, op: Op::Fetch, nth },
        kind: Kind::Fail,
    });
    let plan = Plan { faults: fails.collect() };
    let own = setup(0, Weather::Fair);
    check(&own, Some(&plan)).unwrap_or_else(|broken| panic!("{broken}"));
    let makers: Makers = Arc::new(|role| match role {
        Role::Collector => {
            let settings = Settings { file_tries: 1, ..Settings::default() };
            vec![Box::new(Collector::new(settings))]
        }
        role => owners::one(role).into_iter().collect(),
    });
    let broken = check(&Setup { makers, ..own }, Some(&plan)).expect_err("files that failed once");
    assert!(broken.to_string().contains("submitted.json: not as without faults"), "{broken}");
}
