//! What the judge of a round does next. Pure: files of one commit and the time in, one step out.

use std::time::Duration;

use jiff::Timestamp;
use judge::audit;
use judge::tournament::{Entry, Play, Status, Timeline, derive, due};
use ledger::LEADER;
use ledger::files::audits::{AuditRequests, GenerationAudits};
use ledger::files::matrix::Matrix;
use ledger::files::winner::Winner;

use super::Settings;
use super::notes::{Deadline, Notes};
use super::seen::Seen;
use super::sheets::Source;

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Files are behind what follows from others.
    Keep(Books),
    /// Matches that need no judge, with their margins.
    WalkOver(Vec<(Play, f64)>),
    /// A match is to be judged.
    Play(Play),
    /// The round is over.
    Finish(Finish),
    /// Nothing is to be done before then, or before others did something.
    Wait(Option<Timestamp>),
    /// Only a person can go on; in words.
    Stuck(String),
}

/// How a round ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Finish {
    /// For `winner.json`.
    pub winner: Winner,
    /// In a few words.
    pub reason: String,
}

/// Files that follow from matrices, reports and audits.
#[derive(Debug, Clone, PartialEq)]
pub struct Books {
    /// The timeline they follow from.
    pub timeline: Timeline,
    /// `require_audit.json`.
    pub requests: AuditRequests,
    /// `generation_audits.json`.
    pub verdicts: GenerationAudits,
    /// `judging.json`.
    pub notes: Notes,
}

/// The files that follow from these margins, at this time.
#[must_use]
pub fn books(seen: &Seen, matrices: &[Matrix; 2], now: Timestamp) -> Books {
    let mut notes = seen.notes.clone();
    notes.began_at.get_or_insert(now);
    let timeline = loop {
        let timeline = seen.with_inputs(matrices, &notes.rejected, derive);
        let Some((hotkey, reason)) = late(seen, &timeline, &notes, matrices, now) else {
            break timeline;
        };
        if is_over(seen, &notes, &hotkey, now)
            && let Some(deadline) = notes.deadlines.get_mut(&hotkey)
        {
            deadline.closed_at = Some(now);
        }
        notes.rejected.insert(hotkey, reason);
    };
    for entry in timeline.entries.iter().filter(|entry| entry.status == Status::Won) {
        let asked = Deadline { asked_at: now, closed_at: None };
        notes.deadlines.entry(entry.hotkey.clone()).or_insert(asked);
    }
    let requests = audit::requests(&timeline, &seen.requests);
    let verdicts = audit::verdicts(&timeline, &requests, &seen.verdicts);
    notes.timeline = timeline.text().lines().map(str::to_owned).collect();
    Books { timeline, requests, verdicts, notes }
}

/// Somebody who is out because of what it owes: after its deadline, a report, an audit or an image; at any time, an image that will
/// never be. Whoever takes its place is asked then, and has as long.
fn late(
    seen: &Seen,
    timeline: &Timeline,
    notes: &Notes,
    matrices: &[Matrix; 2],
    now: Timestamp,
) -> Option<(String, String)> {
    let open = |entry: &&Entry| entry.status == Status::Won && !entry.verified;
    for entry in timeline.entries.iter().filter(open) {
        if !is_over(seen, notes, &entry.hotkey, now) {
            continue;
        }
        let owed = seen
            .with_inputs(matrices, &notes.rejected, |inputs| audit::owed(inputs, &entry.hotkey));
        if let Some(owed) = owed {
            return Some((entry.hotkey.clone(), format!("{owed} by the deadline")));
        }
    }
    let winner = timeline.winner();
    if winner == LEADER || !timeline.is_final() {
        return None;
    }
    let build = seen.builds.get(winner);
    let never = build.is_some_and(|build| build.status.is_final() && build.runnable().is_none());
    let missing = build.is_none_or(|build| build.runnable().is_none());
    let out = never || (missing && is_over(seen, notes, winner, now));
    out.then(|| (winner.to_owned(), "no image in builds.json".to_owned()))
}

/// Until when somebody's audit has to be done, if there is an end and it was asked for.
fn deadline(seen: &Seen, notes: &Notes, hotkey: &str) -> Option<Timestamp> {
    let hours = seen.options.audit_deadline_hours?;
    let time = Duration::try_from_secs_f64(hours * 3600.0).ok()?;
    notes.deadlines.get(hotkey)?.asked_at.checked_add(time).ok()
}

fn is_over(seen: &Seen, notes: &Notes, hotkey: &str, now: Timestamp) -> bool {
    deadline(seen, notes, hotkey).is_some_and(|end| now >= end)
}

/// What to do.
#[must_use]
pub fn decide(seen: &Seen, settings: &Settings, now: Timestamp) -> Step {
    if seen.submissions.is_empty() {
        return finish(seen, LEADER, "No submissions found");
    }
    let books = books(seen, &seen.standing, now);
    if books.timeline.is_final() {
        let winner = books.timeline.winner();
        let reason = format!("Winner {}", ledger::hotkey10(winner));
        return match finish(seen, winner, &reason) {
            // What led here has to be in the files before the round ends, or with it.
            Step::Finish(_) if is_behind(seen, &books) => Step::Keep(books),
            step => step,
        };
    }
    if is_behind(seen, &books) {
        return Step::Keep(books);
    }
    let depth = settings.exploration_depth;
    let plays = seen.with_inputs(&seen.standing, &books.notes.rejected, |inputs| {
        due(inputs, &books.timeline, &books.requests, depth)
    });
    let began_at = books.notes.began_at.unwrap_or(now);
    let patience = Duration::from_secs(settings.leader_wait_s);
    let leader_until = began_at.checked_add(patience).unwrap_or(Timestamp::MAX);
    let waits_for_leader = seen
        .leaders
        .latest()
        .is_some_and(|leader| leader.docker.as_deref().is_some_and(|image| !image.is_empty()))
        && !seen.leader_is_there()
        && now < leader_until;
    let (waiting, ready): (Vec<Play>, Vec<Play>) = plays
        .into_iter()
        .partition(|play| waits_for_leader && Source::sides(play)[0] == Source::Leader);
    let walkovers: Vec<(Play, f64)> = ready
        .iter()
        .filter_map(|play| seen.walkover(play).map(|margin| (play.clone(), margin)))
        .collect();
    if !walkovers.is_empty() {
        return Step::WalkOver(walkovers);
    }
    if let Some(play) = ready.into_iter().next() {
        return Step::Play(play);
    }
    let leader = (!waiting.is_empty()).then_some(leader_until);
    let asked = books.notes.deadlines.keys();
    let ends = asked.filter_map(|hotkey| deadline(seen, &books.notes, hotkey));
    Step::Wait(leader.into_iter().chain(ends).filter(|end| *end > now).min())
}

/// Whether a file says something else than what follows.
fn is_behind(seen: &Seen, books: &Books) -> bool {
    books.requests != seen.requests || books.verdicts != seen.verdicts || books.notes != seen.notes
}

/// The end of the round.
fn finish(seen: &Seen, hotkey: &str, reason: &str) -> Step {
    let stuck = |what: String| Step::Stuck(what);
    let of = |repo: &str, commit: &str, image: &str| Winner {
        winner_hotkey: hotkey.to_owned(),
        repo: repo.to_owned(),
        commit: commit.to_owned(),
        docker_image: image.to_owned(),
        layout: ledger::Layout::default(),
    };
    let winner = if hotkey == LEADER {
        let Some(leader) = seen.leaders.latest() else {
            return stuck(
                "leader.json: there is no entry; add the leader the competition began with"
                    .to_owned(),
            );
        };
        match (&leader.repo, &leader.commit, &leader.docker) {
            (Some(repo), Some(commit), Some(image)) => of(repo, commit, image),
            _ => {
                return stuck(
                    "leader.json: the last entry lacks \"repo\", \"commit\" or \"docker\"; add them".to_owned(),
                );
            }
        }
    } else {
        match seen.builds.get(hotkey).and_then(|build| Some((build, build.runnable()?))) {
            Some((build, image)) => of(&build.repo, &build.commit, image),
            None => {
                let shown = ledger::shorten(hotkey);
                return stuck(format!(
                    "rounds/{}/builds.json: {shown} won and has no image yet; let its build end, or set its status",
                    seen.round()
                ));
            }
        }
    };
    Step::Finish(Finish { winner, reason: reason.to_owned() })
}
