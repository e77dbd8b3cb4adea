//! The arena's own owners.

use simulate::check::check;
use simulate::fault::{Role, Weather};
use simulate::run::Setup;
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
    for seed in 0..10 {
        check(&setup(seed, Weather::Fair), None).unwrap_or_else(|broken| panic!("{broken}"));
    }
}
