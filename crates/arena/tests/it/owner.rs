//! Waits between turns.

use std::time::Duration;

use arena::owner::{Pace, TurnError};
use jiff::Timestamp;

#[test]
fn failures_are_waited_for_longer_each_time_and_not_all_alike() {
    let pace = Pace::default();
    let failed = Err(TurnError::later("reading", "it is away"));
    let wait = |failures| pace.wait(Timestamp::UNIX_EPOCH, &failed, failures).as_secs();
    assert_eq!([1, 2, 3, 30].map(wait), [5, 10, 20, 1800]);
    let minute = Duration::from_secs(60);
    let spread = |random| Pace::spread(minute, random).as_secs();
    assert_eq!([0, u32::MAX / 2, u32::MAX].map(spread), [60, 52, 45]);
}
