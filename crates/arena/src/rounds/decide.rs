//! What follows from the end of a round: pure, so that anybody can decide it again.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use ledger::files::leader::Leaders;
use ledger::files::schedule::Schedule;
use ledger::files::state::State;
use ledger::{LEADER, Stage};

use super::{Files, Nobody};
use crate::leader::{Ending, Transition, transition};
use crate::owner::TurnError;
use crate::schedule::{self, Plan};

/// What the decision follows from.
#[derive(Debug, Clone, Copy)]
pub struct Closing<'a> {
    /// The files.
    pub files: &'a Files,
    /// The time.
    pub now: Timestamp,
    /// The chain's head.
    pub block: u64,
    /// Between blocks.
    pub block_time: Duration,
    /// Whether an operator is to open the next round.
    pub pause: bool,
}

/// What is to be committed.
#[derive(Debug, Clone, PartialEq)]
pub struct Next {
    /// `state.json`.
    pub state: State,
    /// The next round's `schedule.json`; nothing when the competition is over.
    pub schedule: Option<Schedule>,
    /// `leader.json`, if it changes.
    pub leaders: Option<Leaders>,
    /// Whether another leads.
    pub is_change: bool,
    /// When the next round starts, or would.
    pub start: Timestamp,
    /// The commit's message.
    pub message: String,
}

/// Decides: leader, calendar and stage after a round.
///
/// # Errors
///
/// For an operator: rules that make no sense, a round without its winner, a winner that did not take part, dates before the
/// round that ends.
pub fn decide(closing: &Closing<'_>) -> Result<Next, TurnError> {
    let Closing { files, now, block, block_time, pause } = *closing;
    let round = files.state.current_round;
    let stop = |reason: String| TurnError::operator(format!("closing round {round}"), reason);

    if let Some(problem) = files.config.problems().into_iter().next() {
        return Err(stop(problem.to_string()));
    }
    let latest = files.leaders.latest().ok_or_else(|| {
        stop("leader.json: it is empty; add the leader that the round began with".to_owned())
    })?;
    if let Some(problem) = files.schedule.iter().flat_map(Schedule::problems).next() {
        return Err(stop(format!("rounds/{round}/schedule.json: {problem}")));
    }
    let ending = ending(files, block).map_err(stop)?;
    let (config, previous) = (&files.config, files.schedule.as_ref());
    let seen = schedule::Seen { config, now, block, block_time, previous };
    let Plan { start, start_block, schedule } =
        schedule::plan(&seen).map_err(|error| stop(error.to_string()))?;
    if let Some(problem) = schedule.iter().flat_map(Schedule::problems).next() {
        return Err(stop(format!(
            "rounds/{}/schedule.json would say {problem}; look at latest_reveal_block of rounds/{round}/schedule.json and at generation_stage_minutes of config.json",
            round.next()
        )));
    }
    if schedule.is_none() {
        check_dates(closing).map_err(stop)?;
    }

    let transition = transition(latest, ending, &files.config, start_block);
    let leaders = match transition.entry() {
        None => None,
        Some(entry) => {
            let mut leaders = files.leaders.clone();
            leaders.append(entry.clone()).map_err(|error| stop(error.to_string()))?;
            Some(leaders)
        }
    };
    let changed = if leaders.is_some() { ", leader" } else { "" };
    let is_change = matches!(transition, Transition::Changed(_));
    let Some(mut schedule) = schedule else {
        let state = State {
            stage: Stage::Finished,
            next_stage_eta: None,
            resume_stage: None,
            ..files.state.clone()
        };
        let message = format!("Update state (finished){changed} for round {round}");
        return Ok(Next { state, schedule: None, leaders, is_change, start, message });
    };
    if let Some(prepared) = &files.prepared {
        // Its blocks are ours, what else somebody wrote there stays.
        schedule.layout = prepared.layout.clone();
        schedule::set_block_time(&mut schedule, block_time);
    }
    let next = round.next();
    let stage = if pause { Stage::Paused } else { Stage::Open };
    let state = State {
        current_round: next,
        stage,
        next_stage_eta: Some(start),
        resume_stage: pause.then_some(Stage::Open),
        ..files.state.clone()
    };
    let message = format!("Update state ({stage}), schedule{changed} for round {next}");
    Ok(Next { state, schedule: Some(schedule), leaders, is_change, start, message })
}

/// How the round ended, if its files say so. A stage set by hand must not hand the crown to nobody.
fn ending(files: &Files, block: u64) -> Result<Ending<'_>, String> {
    let round = files.state.current_round;
    let path = format!("rounds/{round}/winner.json");
    let Some(winner) = &files.winner else {
        if let Some(nobody) = &files.nobody {
            return nobody_took_part(files, nobody, block).map(|()| Ending::NoSubmissions);
        }
        return Err(format!(
            "{path}: it is missing, and the round has {} submissions; set stage in state.json to \"duels\", or restore the file",
            files.submissions.len()
        ));
    };
    if winner.winner_hotkey == LEADER {
        return Ok(Ending::Won(winner));
    }
    let hotkey = ledger::shorten(&winner.winner_hotkey);
    let Some(submission) = files.submissions.get(&winner.winner_hotkey) else {
        return Err(format!(
            "{path}: winner_hotkey: \"{hotkey}\" is not in submissions.json; restore what the judge wrote"
        ));
    };
    if (&submission.repo, &submission.commit) != (&winner.repo, &winner.commit) {
        return Err(format!(
            "{path}: repo, commit: they are not those \"{hotkey}\" submitted; restore what the judge wrote"
        ));
    }
    Ok(Ending::Won(winner))
}

/// Whether nobody took part in a round: submissions that are missing are no proof of that.
fn nobody_took_part(files: &Files, nobody: &Nobody, block: u64) -> Result<(), String> {
    let round = files.state.current_round;
    if let Some(place) = &nobody.began {
        return Err(format!(
            "rounds/{round}/submissions.json: it names nobody, and {place} shows that somebody took part; restore the file, or remove {place}"
        ));
    }
    let open = "set stage in state.json to \"open\"";
    match (nobody.admitted, &files.schedule) {
        (Some(0), _) => Ok(()),
        (Some(count), _) => Err(format!(
            "rounds/{round}/submissions.json: it names nobody, and commitments.json lets {count} take part; {open}"
        )),
        (None, Some(schedule)) if block < schedule.latest_reveal_block => Err(format!(
            "state.json: stage: the round goes on until block {}; {open}",
            schedule.latest_reveal_block
        )),
        // Our own schedules have it, and beside them the collector writes what it saw.
        (None, Some(schedule)) if schedule.planned_start.is_some() => Err(format!(
            "rounds/{round}/commitments.json: it is missing, so nobody looked who takes part; {open}, or restore the file"
        )),
        // The original keeps nothing of a round without submissions.
        (None, _) => Ok(()),
    }
}

/// Calendars that are over long before the round began are mistakes, and no end of a competition.
fn check_dates(closing: &Closing<'_>) -> Result<(), String> {
    let Closing { files, now, block, block_time, .. } = *closing;
    let Some(schedule) = &files.schedule else { return Ok(()) };
    let reckoned = || schedule::time_of(block, now, schedule.latest_reveal_block, block_time);
    let began =
        schedule.planned_start.map_or_else(reckoned, Ok).map_err(|error| error.to_string())?;
    let began = began.to_zoned(TimeZone::UTC).date();
    let last = files.config.last_competition_date;
    // Who ends a competition early may name a day that is just over; one that is long over is a slip of the pen.
    let days = files.config.round_duration_days.clamp(1, 3_660_000);
    if began <= last.saturating_add(days.days()) {
        return Ok(());
    }
    Err(format!(
        "config.json: last_competition_date: {last} is more than a round before the round that ends, which began on {began}; set a later day to go on, or {began} to end the competition"
    ))
}
