//! The calendar of rounds.

use arena::schedule::{BLOCK_TIME, Plan, Seen, plan, time_of};
use insta::assert_snapshot;
use jiff::Timestamp;
use ledger::files::config::Config;
use ledger::files::schedule::Schedule;
use proptest::prelude::*;

use crate::{config, layout};

fn previous(latest_reveal_block: u64) -> Schedule {
    Schedule {
        earliest_reveal_block: 1,
        latest_reveal_block,
        generation_deadline_block: None,
        planned_start: None,
        layout: layout(),
    }
}

fn show(plan: &Plan) -> String {
    let blocks = plan.schedule.as_ref().map_or("no round".to_owned(), |s| {
        let deadline =
            s.generation_deadline_block.map_or("-".to_owned(), |block| block.to_string());
        format!("{} {} {deadline}", s.earliest_reveal_block, s.latest_reveal_block)
    });
    format!("{} at {}: {blocks}", plan.start, plan.start_block)
}

/// The plan, seen at a time and block after a round whose reveals ended at block 100,000.
fn next(config: &Config, now: &str, block: u64) -> String {
    let previous = previous(100_000);
    let seen = Seen {
        config,
        now: now.parse().unwrap(),
        block,
        block_time: BLOCK_TIME,
        previous: Some(&previous),
    };
    plan(&seen).map_or_else(|error| error.to_string(), |plan| show(&plan))
}

#[test]
fn three_days_after_the_start_before() {
    assert_snapshot!(next(&config(), "2031-03-01T11:00:00Z", 100_900), @"2031-03-04T08:00:00Z at 121600: 100001 121600 122800");
}

#[test]
fn too_near_is_a_day_later() {
    let config = Config { round_duration_days: 1, finalization_buffer_hours: 25.0, ..config() };
    assert_snapshot!(next(&config, "2031-03-01T08:00:00Z", 100_000), @"2031-03-03T08:00:00Z at 114400: 100001 114400 115600");
    let config = Config { finalization_buffer_hours: 24.0, ..config };
    assert_snapshot!(next(&config, "2031-03-01T08:00:00Z", 100_000), @"2031-03-02T08:00:00Z at 107200: 100001 107200 108400");
    // A year of silence is made up for at once.
    assert_snapshot!(next(&config, "2031-11-20T09:00:00Z", 100_000), @"2031-11-22T08:00:00Z at 114100: 100001 114100 115300");
}

#[test]
fn rounds_that_were_planned_keep_their_distance() {
    let mut previous = previous(100_000);
    previous.planned_start = Some("2031-03-01T08:00:00Z".parse().unwrap());
    let start = |now: &str| {
        let now = now.parse().unwrap();
        let (config, previous) = (&config(), Some(&previous));
        plan(&Seen { config, now, block: 200_000, block_time: BLOCK_TIME, previous }).unwrap().start
    };
    assert_snapshot!(start("2031-03-04T07:00:00Z"), @"2031-03-04T08:00:00Z");
    // Too near by a minute: three days later, not one.
    assert_snapshot!(start("2031-03-04T07:01:00Z"), @"2031-03-07T08:00:00Z");
    assert_snapshot!(start("2031-11-20T09:00:00Z"), @"2031-11-23T08:00:00Z");
}

#[test]
fn not_before_the_first_day_and_not_after_the_last() {
    assert_snapshot!(next(&config(), "2031-01-01T11:00:00Z", 100_900), @"2031-03-01T08:00:00Z at 524800: 100001 524800 526000");
    assert_snapshot!(next(&config(), "2031-11-28T08:00:00Z", 100_000), @"2031-12-01T08:00:00Z at 121600: 100001 121600 122800");
    // Where the new leader's weight would count is said all the same.
    assert_snapshot!(next(&config(), "2031-11-28T20:00:00Z", 100_000), @"2031-12-01T08:00:00Z at 118000: 100001 118000 119200");
    assert_snapshot!(next(&config(), "2031-11-29T07:00:00Z", 100_000), @"2031-12-02T08:00:00Z at 121900: no round");
}

#[test]
fn without_a_schedule_today_or_later() {
    let config = config();
    let seen = Seen {
        config: &config,
        now: "2031-05-05T06:00:00Z".parse().unwrap(),
        block: 5000,
        block_time: BLOCK_TIME,
        previous: None,
    };
    assert_snapshot!(show(&plan(&seen).unwrap()), @"2031-05-05T08:00:00Z at 5600: 0 5600 6800");
}

/// Blocks drift, so a start near midnight may be reckoned to be on another day; what was planned is not.
#[test]
fn the_planned_start_counts_where_it_is_known() {
    let config = Config { round_start_time: "23:58:00".parse().unwrap(), ..config() };
    let now: Timestamp = "2031-03-02T02:00:00Z".parse().unwrap();
    // Blocks took 12.2 s: the start seems to be at 00:01 of the next day.
    let block = 100_595;
    let mut previous = previous(100_000);
    let reckoned = plan(&Seen {
        config: &config,
        now,
        block,
        block_time: BLOCK_TIME,
        previous: Some(&previous),
    })
    .unwrap();
    assert_snapshot!(reckoned.start, @"2031-03-05T23:58:00Z");
    previous.planned_start = Some("2031-03-01T23:58:00Z".parse().unwrap());
    let planned = plan(&Seen {
        config: &config,
        now,
        block,
        block_time: BLOCK_TIME,
        previous: Some(&previous),
    })
    .unwrap();
    assert_snapshot!(planned.start, @"2031-03-04T23:58:00Z");
    assert_eq!(planned.schedule.unwrap().planned_start, Some(planned.start));
}

/// Blocks of six seconds: twice as many of them, and the schedule says why.
#[test]
fn blocks_may_be_shorter() {
    let (config, previous) = (config(), previous(100_000));
    let now = "2031-03-01T11:00:00Z".parse().unwrap();
    let block_time = std::time::Duration::from_secs(6);
    let seen = Seen { config: &config, now, block: 101_800, block_time, previous: Some(&previous) };
    let plan = plan(&seen).unwrap();
    assert_snapshot!(show(&plan), @"2031-03-04T08:00:00Z at 143200: 100001 143200 145600");
    let schedule = plan.schedule.unwrap();
    assert_eq!(arena::schedule::block_time(&schedule), block_time);
    assert_eq!(schedule.layout.get("block_ms"), Some(&ledger::json::Json::int(6000)));
    assert_eq!(arena::schedule::block_time(&previous), BLOCK_TIME);
}

#[test]
fn the_splat_era_has_no_deadline() {
    let config = Config { generation_stage_minutes: None, ..config() };
    assert_snapshot!(next(&config, "2031-03-01T11:00:00Z", 100_900), @"2031-03-04T08:00:00Z at 121600: 100001 121600 -");
}

#[test]
fn the_time_of_a_block() {
    let now = "2031-03-01T08:00:00Z".parse().unwrap();
    assert_snapshot!(time_of(100, now, 105, BLOCK_TIME).unwrap(), @"2031-03-01T08:01:00Z");
    assert_snapshot!(time_of(100, now, 95, BLOCK_TIME).unwrap(), @"2031-03-01T07:59:00Z");
    assert!(time_of(0, now, u64::MAX, BLOCK_TIME).is_err());
}

proptest! {
    /// Configurations are written by hand and checked by nobody but us.
    #[test]
    fn any_numbers_get_an_answer(
        days: i64, hours: f64, minutes: Option<i64>, block: u64, latest: u64, now in -377_705_023_201_i64..=253_402_207_200,
    ) {
        let config = Config { round_duration_days: days, finalization_buffer_hours: hours, generation_stage_minutes: minutes, ..config() };
        let previous = previous(latest);
        let now = Timestamp::from_second(now).unwrap();
        plan(&Seen { config: &config, now, block, block_time: BLOCK_TIME, previous: Some(&previous) }).ok();
        plan(&Seen { config: &config, now, block, block_time: BLOCK_TIME, previous: None }).ok();
    }

    #[test]
    fn starts_keep_the_time_of_day_and_the_distance(
        now in 1_930_000_000_i64..1_950_000_000, past in 0_u64..50_000, days in 1_i64..30, buffer in 0_i32..100,
    ) {
        let config = Config { round_duration_days: days, finalization_buffer_hours: f64::from(buffer), ..config() };
        let previous = previous(200_000);
        let now = Timestamp::from_second(now).unwrap();
        let plan = plan(&Seen { config: &config, now, block: 200_000 + past, block_time: BLOCK_TIME, previous: Some(&previous) }).unwrap();
        prop_assert_eq!(plan.start.as_second() % 86_400, 8 * 3600);
        prop_assert!(now.duration_until(plan.start).as_secs() >= i64::from(buffer) * 3600);
        let ahead = now.duration_until(plan.start).as_secs() / 12;
        prop_assert_eq!(plan.start_block, 200_000 + past + ahead.unsigned_abs());
    }
}
