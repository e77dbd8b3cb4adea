//! What is due, from what was seen: pure.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use ledger::files::config::Config;
use ledger::files::prompts;
use ledger::files::schedule::Schedule;
use ledger::files::state::State;
use ledger::json::Json;
use ledger::{Field as _, Round, Stage};

use crate::owner::TurnError;
use crate::schedule::time_of;
use crate::selection::{Choice, Rule, SelectionError, select};

/// What decides.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Where the competition stands.
    pub state: &'a State,
    /// The round's blocks.
    pub schedule: &'a Schedule,
    /// The chain's best block.
    pub head: u64,
    /// Its newest final block.
    pub finalized: u64,
    /// Between blocks.
    pub block_time: Duration,
    /// The time.
    pub now: Timestamp,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nothing; about then it may be.
    Wait(Timestamp),
    /// The window of reveals is closed: see who takes part.
    Open,
    /// Miners had their time: begin to fetch.
    BeginDownloads,
    /// Fetch and draw.
    Download,
    /// The stage is another's.
    NotOurs,
}

/// What is due.
///
/// # Errors
///
/// A schedule without a deadline, or with blocks that make no sense or lie beyond the calendar.
pub fn decide(seen: &Seen<'_>) -> Result<Decision, TurnError> {
    let Seen { schedule, head, now, block_time, .. } = *seen;
    let round = seen.state.current_round;
    let wait = |block| {
        let time = time_of(head, now, block, block_time);
        time.map(Decision::Wait)
            .map_err(|error| TurnError::operator(format!("rounds/{round}/schedule.json"), error))
    };
    let is_ours = matches!(seen.state.stage, Stage::Open | Stage::MinerGeneration);
    if let Some(problem) = schedule.problems().first().filter(|_| is_ours) {
        return Err(TurnError::operator(format!("rounds/{round}/schedule.json"), problem));
    }
    match seen.state.stage {
        // A block that could still go may have other reveals, and another hash.
        Stage::Open if seen.finalized >= schedule.latest_reveal_block => Ok(Decision::Open),
        Stage::Open if head < schedule.latest_reveal_block => wait(schedule.latest_reveal_block),
        // It is there, and not final yet.
        Stage::Open => wait(head.saturating_add(schedule.latest_reveal_block - seen.finalized)),
        Stage::MinerGeneration => {
            let deadline = deadline(schedule, round)?;
            if head >= deadline { Ok(Decision::BeginDownloads) } else { wait(deadline) }
        }
        Stage::Downloading => Ok(Decision::Download),
        _ => Ok(Decision::NotOurs),
    }
}

/// The block at which outputs must be there.
pub(super) fn deadline(schedule: &Schedule, round: Round) -> Result<u64, TurnError> {
    schedule.generation_deadline_block.ok_or_else(|| {
        TurnError::operator(
            format!("rounds/{round}/schedule.json"),
            "generation_deadline_block is missing; add the block at which outputs must be there",
        )
    })
}

/// The schedule of a round that begins late: miners get the time back that the seed came too late, and the deadline as it was
/// planned stays beside it, as `planned_deadline_block`. Nothing for a round that is not more than `late_blocks` late.
#[must_use]
pub fn extended(schedule: &Schedule, published: u64, late_blocks: u64) -> Option<Schedule> {
    let deadline = schedule.generation_deadline_block?;
    let late = published.checked_sub(schedule.latest_reveal_block)?;
    if late <= late_blocks {
        return None;
    }
    let mut extended = schedule.clone();
    extended.generation_deadline_block = Some(deadline.saturating_add(late));
    extended.layout.set("planned_deadline_block", Json::int(deadline.into()));
    Some(extended)
}

/// The deadline as it was planned, of a schedule that [`extended`] made.
#[must_use]
pub fn planned_deadline(schedule: &Schedule) -> Option<u64> {
    u64::read(schedule.layout.get("planned_deadline_block")?).ok()
}

/// The prompts of a round, from the texts of the pool and of the newest earlier round that has prompts.
///
/// # Errors
///
/// [`SelectionError`].
pub fn prompts_of(
    config: &Config,
    pool: &str,
    previous: &str,
    seed: u32,
) -> Result<Vec<String>, SelectionError> {
    let (pool, previous) = (prompts::pool(pool), prompts::pool(previous));
    let chosen = select(&Choice {
        pool: &pool,
        previous: &previous,
        seed,
        prompts_per_round: config.prompts_per_round,
        carryover_prompts: config.carryover_prompts,
        rule: Rule::Distinct,
    })?;
    Ok(chosen.into_iter().map(str::to_owned).collect())
}

/// Whether a stem can be part of a key.
pub(super) fn is_usable(stem: &str) -> bool {
    store::key_problem(stem).is_none() && !stem.contains('/')
}

/// Stems of a round's prompts with their URLs, in order. A stem that is no part of a key, and a stem that was there before, cannot
/// be told apart from others and is left out.
#[must_use]
pub fn usable<S: AsRef<str>>(urls: &[S]) -> Vec<(String, String)> {
    let mut seen = BTreeSet::new();
    let stems = urls.iter().map(AsRef::as_ref).map(|url| (prompts::stem(url), url));
    stems
        .filter(|(stem, _)| is_usable(stem))
        .filter(|(stem, _)| seen.insert(*stem))
        .map(|(stem, url)| (stem.to_owned(), url.to_owned()))
        .collect()
}
