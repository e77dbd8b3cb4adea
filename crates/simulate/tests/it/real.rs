//! The arena's own owners.

use simulate::Size;
use simulate::check::check;
use simulate::fault::{Role, Weather};
use simulate::run::Setup;

use crate::toy::with_rounds_and_setter;

#[test]
fn rounds_are_closed_and_weights_set_whatever_happens() {
    for seed in 0..100 {
        let setup = Setup {
            seed,
            size: Size::SMALL,
            weather: Weather::Fair,
            roles: vec![Role::All, Role::Rounds, Role::Setter],
            makers: with_rounds_and_setter(),
            sets_weights: true,
            with_lines: false,
        };
        check(&setup, None).unwrap_or_else(|broken| panic!("{broken}"));
    }
}
