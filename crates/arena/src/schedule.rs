//! When the next round starts, and at which block.
//!
//! Rounds start at one time of day, UTC. Blocks are taken to be as long as the chain means them to be, twelve seconds for Bittensor;
//! they are not quite, so what was planned is kept in the schedule beside the blocks, and the next plan follows from it. Where
//! they are not twelve seconds long, the schedule says so, as `block_ms`.

use std::time::Duration;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use ledger::files::config::Config;
use ledger::files::schedule::Schedule;
use ledger::json::Json;
use ledger::{Field as _, Layout};

/// Between blocks, where nobody says anything else.
pub const BLOCK_TIME: Duration = Duration::from_secs(chain::BLOCK_SECONDS);

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What the plan follows from.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The rules.
    pub config: &'a Config,
    /// The time.
    pub now: Timestamp,
    /// The chain's head.
    pub block: u64,
    /// Between blocks.
    pub block_time: Duration,
    /// The schedule of the round that ends; nothing before the first.
    pub previous: Option<&'a Schedule>,
}

/// The round after this one.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// When it starts: the window of reveals closes, the seed is drawn, the new leader's weight counts.
    pub start: Timestamp,
    /// At which block that should be.
    pub start_block: u64,
    /// Its blocks; nothing when the calendar has no round any more.
    pub schedule: Option<Schedule>,
}

/// Numbers that lead beyond the calendar or below block 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Dates end with the year 9999.
    #[error(
        "the next round would start outside the years 1 to 9999: look at the dates, round_duration_days and finalization_buffer_hours of config.json, and at the blocks of schedule.json"
    )]
    Calendar,
    /// Blocks are counted from 0.
    #[error(
        "the next round would start before block 0: look at finalization_buffer_hours and generation_stage_minutes of config.json"
    )]
    Block,
}

/// Plans the next round.
///
/// # Errors
///
/// [`ScheduleError`].
pub fn plan(seen: &Seen<'_>) -> Result<Plan, ScheduleError> {
    let config = seen.config;
    let earliest = match seen.previous {
        Some(previous) => {
            let day = previous_start(seen, previous)?;
            let days = config.round_duration_days;
            if !(-3_660_000..=3_660_000).contains(&days) {
                return Err(ScheduleError::Calendar);
            }
            day.checked_add(days.days()).map_err(|_| ScheduleError::Calendar)?
        }
        None => day_of(seen.now),
    };
    let planned = at(earliest, config.round_start_time)?;
    // Rounds keep their distance where it is known when they were meant to start; from blocks only the time of day is known.
    let keeps = seen.previous.is_some_and(|previous| previous.planned_start.is_some());
    let step = if keeps { config.round_duration_days.clamp(1, 3_660_000) } else { 1 };
    let buffered = after_buffer(planned, seen.now, config.finalization_buffer_hours, step)?;
    let start = buffered.max(at(config.first_evaluation_date, config.round_start_time)?);

    let start_block = block_at(seen.block, seen.now, start, seen.block_time)?;
    if day_of(start) > config.last_competition_date {
        return Ok(Plan { start, start_block, schedule: None });
    }
    let deadline = match config.generation_stage_minutes {
        None => None,
        Some(minutes) => {
            let blocks = blocks_of(minutes, seen.block_time).ok_or(ScheduleError::Block)?;
            Some(start_block.checked_add_signed(blocks).ok_or(ScheduleError::Block)?)
        }
    };
    let mut schedule = Schedule {
        earliest_reveal_block: seen
            .previous
            .map_or(0, |was| was.latest_reveal_block.saturating_add(1)),
        latest_reveal_block: start_block,
        generation_deadline_block: deadline,
        planned_start: Some(start),
        layout: Layout::default(),
    };
    set_block_time(&mut schedule, seen.block_time);
    Ok(Plan { start, start_block, schedule: Some(schedule) })
}

/// The blocks of so many minutes, the part of a block left out.
#[must_use]
pub fn blocks_of(minutes: i64, block_time: Duration) -> Option<i64> {
    let micros = i128::from(minutes) * 60_000_000;
    i64::try_from(micros / micros_of(block_time)).ok()
}

/// Between blocks, as a schedule has it.
#[must_use]
pub fn block_time(schedule: &Schedule) -> Duration {
    let stated = schedule.layout.get("block_ms").and_then(|json| u64::read(json).ok());
    stated.filter(|&ms| ms > 0).map_or(BLOCK_TIME, Duration::from_millis)
}

/// Says it where it is not what everybody takes it for.
pub(crate) fn set_block_time(schedule: &mut Schedule, time: Duration) {
    if time != BLOCK_TIME {
        schedule.layout.set("block_ms", Json::int(time.as_millis().cast_signed()));
    }
}

/// At least one, so that it can be divided by.
fn micros_of(block_time: Duration) -> i128 {
    i128::try_from(block_time.as_micros()).unwrap_or(i128::MAX).max(1)
}

/// About when a block will be there: what `next_stage_eta` and sleeps go by.
///
/// # Errors
///
/// [`ScheduleError::Calendar`].
pub fn time_of(
    block: u64,
    now: Timestamp,
    target: u64,
    block_time: Duration,
) -> Result<Timestamp, ScheduleError> {
    let blocks = i128::from(target) - i128::from(block);
    let micros = blocks.checked_mul(micros_of(block_time)).ok_or(ScheduleError::Calendar)?;
    let micros = i64::try_from(micros).map_err(|_| ScheduleError::Calendar)?;
    now.checked_add(SignedDuration::from_micros(micros)).map_err(|_| ScheduleError::Calendar)
}

/// The day on which the round that ends started: as it was planned, or reckoned back from blocks.
fn previous_start(seen: &Seen<'_>, previous: &Schedule) -> Result<Date, ScheduleError> {
    let reckoned = || time_of(seen.block, seen.now, previous.latest_reveal_block, seen.block_time);
    Ok(day_of(previous.planned_start.map_or_else(reckoned, Ok)?))
}

/// The first of `planned` and the same time each `step` days after it that is far enough from now.
fn after_buffer(
    planned: Timestamp,
    now: Timestamp,
    hours: f64,
    step: i64,
) -> Result<Timestamp, ScheduleError> {
    let micros = (hours * 3_600_000_000.0).round_ties_even();
    if !(-1e17..=1e17).contains(&micros) {
        return Err(ScheduleError::Calendar);
    }
    #[expect(clippy::cast_possible_truncation, reason = "an integer below 2^57")]
    let needed = now
        .checked_add(SignedDuration::from_micros(micros as i64))
        .map_err(|_| ScheduleError::Calendar)?;
    let short = planned.duration_until(needed);
    if short <= SignedDuration::ZERO {
        return Ok(planned);
    }
    let step = i128::from(step);
    let steps = (short.as_nanos() - 1) / (DAY.as_nanos() * step) + 1;
    let days = i32::try_from(steps * step).map_err(|_| ScheduleError::Calendar)?;
    planned.checked_add(DAY * days).map_err(|_| ScheduleError::Calendar)
}

/// The block that should be there at `time`, the part of a block left out.
fn block_at(
    block: u64,
    now: Timestamp,
    time: Timestamp,
    block_time: Duration,
) -> Result<u64, ScheduleError> {
    let micros = now.duration_until(time).as_micros();
    let blocks = micros / micros_of(block_time);
    u64::try_from(i128::from(block) + blocks).map_err(|_| ScheduleError::Block)
}

fn day_of(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

fn at(day: Date, time: Time) -> Result<Timestamp, ScheduleError> {
    let zoned = DateTime::from_parts(day, time).to_zoned(TimeZone::UTC);
    zoned.map(|zoned| zoned.timestamp()).map_err(|_| ScheduleError::Calendar)
}
