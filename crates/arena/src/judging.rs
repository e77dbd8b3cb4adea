//! The owner of the stage `duels`: every match of a round, its audits, its winner.
//!
//! Each turn reads one commit, lets [`decide`] say what is next, and does that. Duels rest on evidence in the store, matches on
//! rows of the matrices, the round on its files: whatever a crash takes away is made again from there, and nobody is asked twice.

mod decide;
mod notebook;
mod notes;
pub mod pictures;
mod play;
mod seen;
mod sheets;

use std::collections::BTreeMap;

use chain::Pending;
use judge::audit;
use judge::tournament::{EXPLORATION_DEPTH, Entry, Inputs, Play, Status, Timeline, derive};
use ledger::files::audits::AuditRequest;
use ledger::files::duels::MatchReport;
use ledger::repository::{Draft, PublishError};
use ledger::{JsonFile as _, Place, RoundFile, Stage, hotkey10};
use serde::Deserialize;

pub use decide::{Books, Finish, Step, books, decide};
pub use notes::{Deadline, Notes};
pub use play::{EVIDENCE_BYTES_MAX, Match, Played};
pub use seen::{Seen, Sight, interval_of};
pub use sheets::{Cache, Sheet, Source};

use crate::notify::notices::{self, AuditVerdict};
use crate::outbox::Outbox;
use crate::owner::{Owner, Turn, TurnError};
use crate::ports::{Notice, Ports};

/// Settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Calls of a model in flight, of all duels together.
    pub max_concurrent_calls: usize,
    /// Duels of a match under way at once.
    pub max_concurrent_duels: usize,
    /// Whether the round ends in a pause, for an operator to look at.
    pub pause_on_stage_end: bool,
    /// So long after judging began, matches against the leader wait for its outputs to be complete.
    pub leader_wait_s: u64,
    /// How often it is looked, between duels, whether an operator paused the round.
    pub pause_check_s: u64,
    /// A match in which the model leaves a larger share of its questions unanswered does not count, unless it is because of a
    /// side's pictures. 1 lets all count.
    pub unanswered_max: f64,
    /// So many rejections at once are prepared for while there is nothing else to do.
    pub exploration_depth: usize,
}

impl Default for Settings {
    /// The original's 32 calls; six hours for the leader, twice of what its image may take.
    fn default() -> Self {
        Self {
            max_concurrent_calls: 32,
            max_concurrent_duels: 32,
            pause_on_stage_end: false,
            leader_wait_s: 21_600,
            pause_check_s: 15,
            unanswered_max: 0.2,
            exploration_depth: EXPLORATION_DEPTH,
        }
    }
}

/// Judges rounds.
#[derive(Debug)]
pub struct Judging {
    settings: Settings,
    /// Files that were read, by content: only to be faster.
    cache: Cache,
    outbox: Outbox,
    /// Sides of the match that people were told failed last.
    told: Option<(String, String)>,
}

impl Judging {
    /// One who judges by these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, cache: Cache::default(), outbox: Outbox::new("judge"), told: None }
    }

    fn see(&mut self, ports: &Ports) -> Result<Sight, TurnError> {
        let cache = &mut self.cache;
        ports.blocking.run(|| Seen::read(&*ports.books, cache))
    }

    async fn work(&mut self, ports: &Ports) -> Result<Turn, TurnError> {
        self.outbox.catch_up(ports);
        let seen = match self.see(ports)? {
            Sight::Nothing | Sight::Other => return Ok(Turn::Idle),
            Sight::Duels(seen) => seen,
        };
        match decide(&seen, &self.settings, ports.clock.now()) {
            Step::Keep(_) => settle(ports, &self.outbox, seen, Vec::new()),
            Step::WalkOver(rows) => {
                let rows =
                    rows.into_iter().map(|(play, margin)| Row { play, margin, report: None });
                settle(ports, &self.outbox, seen, rows.collect())
            }
            Step::Play(play) => self.play(ports, &seen, play).await,
            Step::Finish(finish) => self.finish(ports, &seen, &finish),
            Step::Wait(until) => Ok(until.map_or(Turn::Idle, Turn::Until)),
            Step::Stuck(reason) => Err(TurnError::operator("ending the round", reason)),
        }
    }

    async fn play(&mut self, ports: &Ports, seen: &Seen, play: Play) -> Result<Turn, TurnError> {
        check_judge(ports, seen)?;
        let one = Match::new(seen, &play)
            .map_err(|reason| TurnError::operator("reading outputs", reason))?;
        let played = play::play(ports, &self.settings, seen, &one).await;
        let report = match played.map_err(|failed| self.tell(ports, &one, failed))? {
            Played::Over(report) => report,
            Played::BrokenOff => return Ok(Turn::Again),
        };
        self.told = None;
        // Much may have changed meanwhile. What the match rests on must not; everything else is read anew.
        let Sight::Duels(fresh) = self.see(ports)? else { return Ok(Turn::Again) };
        if !same_match(seen, &fresh, &play) {
            return Ok(Turn::Again);
        }
        let row = Row { play, margin: report.margin, report: Some(report) };
        settle(ports, &self.outbox, fresh, vec![row])
    }

    /// Tells people once that a match fails because of the judge, not each time that it is tried again.
    fn tell(&mut self, ports: &Ports, one: &Match, failed: play::Failed) -> TurnError {
        let sides = (one.plan.left.clone(), one.plan.right.clone());
        if failed.duels > 0 && self.told.as_ref() != Some(&sides) {
            ports.notify.tell(notices::judge_errors(failed.duels, one.plan.prompts.len()));
            self.told = Some(sides);
        }
        failed.error
    }

    fn finish(&self, ports: &Ports, seen: &Seen, finish: &Finish) -> Result<Turn, TurnError> {
        let round = seen.round();
        let mut state = seen.state.clone();
        state.stage = Stage::Finalizing;
        if self.settings.pause_on_stage_end {
            state.stage = Stage::Paused;
            state.resume_stage = Some(Stage::Finalizing);
        }
        let winner = &finish.winner.winner_hotkey;
        let stage = if self.settings.pause_on_stage_end { "paused" } else { "finalizing" };
        let messages = [
            format!("Round {round} winner: {}", hotkey10(winner)),
            format!("Update state ({stage}) for round {round}"),
        ];
        let files = [
            (Place::Round(round, RoundFile::Winner).to_string(), finish.winner.to_text()),
            (Place::State.to_string(), state.to_text()),
        ];
        let news = vec![notices::round_won(round, winner, &finish.reason)];
        commit(ports, &self.outbox, seen, BTreeMap::from(files), messages.to_vec(), news)
    }
}

impl Owner for Judging {
    fn name(&self) -> &'static str {
        "judge"
    }

    fn turn<'a>(&'a mut self, ports: &'a Ports) -> Pending<'a, Result<Turn, TurnError>> {
        Box::pin(self.work(ports))
    }
}

/// A match that is over.
struct Row {
    play: Play,
    margin: f64,
    /// Nothing for a walkover.
    report: Option<Box<MatchReport>>,
}

/// Whether everything that a match rests on is as it was.
fn same_match(was: &Seen, is: &Seen, play: &Play) -> bool {
    was.round() == is.round()
        && was.config == is.config
        && was.seed == is.seed
        && was.prompts == is.prompts
        && was.sides(play).map(|sheet| sheet.text.clone())
            == is.sides(play).map(|sheet| sheet.text.clone())
}

/// The judge of the process must be the one the rules name, if it is one that rules can name.
fn check_judge(ports: &Ports, seen: &Seen) -> Result<(), TurnError> {
    let has = ports.judge.describe().name;
    let wanted = &seen.options.judge;
    let known = ["perceptual", "multi-stage", "single-question"].contains(&has.as_str());
    if known && has != *wanted {
        let reason = format!(
            "config.json: crucible.judge is \"{wanted}\", this process has the judge \"{has}\"; start it with the judge of the rules"
        );
        return Err(TurnError::operator("judging", reason));
    }
    Ok(())
}

/// Puts margins into the matrices, and commits them with all that follows from them.
fn settle(
    ports: &Ports,
    outbox: &Outbox,
    mut seen: Box<Seen>,
    rows: Vec<Row>,
) -> Result<Turn, TurnError> {
    let round = seen.round();
    let before = seen.with_inputs(&seen.standing, &seen.notes.rejected, |inputs| {
        let timeline = derive(inputs);
        let done = done_audits(inputs, &timeline);
        (timeline, done)
    });
    let notes_before = seen.notes.clone();
    let mut written = seen.written.clone();
    let mut standing = seen.standing.clone();
    let mut files = BTreeMap::new();
    let mut messages = Vec::new();
    for row in &rows {
        let (left, right) = row.play.sides();
        let is_audit = matches!(row.play, Play::Audit(_));
        let (at, kind) = if is_audit { (1, "Audit") } else { (0, "Match") };
        for matrix in [&mut written[at], &mut standing[at]] {
            let set = matrix.set(&left, right, row.margin);
            set.map_err(|error| TurnError::operator("writing a matrix", error))?;
        }
        let Some(report) = &row.report else { continue };
        if let Some(interval) = interval_of(report).filter(|_| !is_audit) {
            seen.intervals.insert((left.clone(), right.to_owned()), interval);
        }
        let pair = (left, right.to_owned());
        if Source::sides(&row.play)[0] == Source::Leader && !seen.leader_is_there() {
            seen.notes.partial.insert(pair);
        } else {
            seen.notes.partial.remove(&pair);
        }
        files.insert(seen.report_place(&row.play).to_string(), report.to_text());
        let sides = [&report.left, &report.right].map(|side| hotkey10(side));
        messages.push(format!("{kind} report: {} vs {}", sides[0], sides[1]));
    }
    let matrices = [RoundFile::MatchesMatrix, RoundFile::AuditMatrix];
    for (at, what) in ["matches matrix", "audit matrix"].into_iter().enumerate() {
        if written[at] != seen.written[at] {
            files.insert(Place::Round(round, matrices[at]).to_string(), written[at].to_text());
            messages.push(format!("Update {what} for round {round}"));
        }
    }
    let books = books(&seen, &standing, ports.clock.now());
    if books.requests != seen.requests {
        let place = Place::Round(round, RoundFile::RequireAudit);
        files.insert(place.to_string(), books.requests.to_text());
        messages.push(format!("Update audit requests for round {round}"));
    }
    if books.verdicts != seen.verdicts {
        let place = Place::Round(round, RoundFile::GenerationAudits);
        files.insert(place.to_string(), books.verdicts.to_text());
        messages.push(format!("Update generation audits for round {round}"));
    }
    if books.notes != notes_before {
        files.insert(Notes::path(round), books.notes.to_text());
        messages.push(format!("Update judging notes for round {round}"));
    }
    let done = seen.with_inputs(&standing, &books.notes.rejected, |inputs| {
        done_audits(inputs, &books.timeline)
    });
    let news = news(&seen, &before, &books, &done);
    commit(ports, outbox, &seen, files, messages, news)
}

/// Commits files on top of everything the decision rests on, and tells people. If that changed, it has to be decided again.
fn commit(
    ports: &Ports,
    outbox: &Outbox,
    seen: &Seen,
    files: BTreeMap<String, String>,
    mut messages: Vec<String>,
    news: Vec<Notice>,
) -> Result<Turn, TurnError> {
    messages.sort();
    messages.dedup();
    let draft = Draft {
        message: messages.join("\n"),
        changes: files.into_iter().map(|(path, text)| (path, Some(text))).collect(),
        author: ports.author.clone(),
        time: ports.clock.now(),
    };
    match outbox.publish(ports, &draft, &seen.ids, news) {
        Ok(_) | Err(PublishError::Conflict { .. }) => Ok(Turn::Again),
        Err(error) => Err(TurnError::later("committing what was judged", error)),
    }
}

/// Audits of which every margin is there, by hotkey and defender: the margins, and whether they are enough.
type DoneAudits = BTreeMap<(String, String), (Vec<[f64; 2]>, bool)>;

fn done_audits(inputs: &Inputs<'_>, timeline: &Timeline) -> DoneAudits {
    let entries = timeline.entries.iter();
    let done = entries.filter_map(|entry| {
        let (hotkey, defender) = (&entry.hotkey, &entry.defender);
        let margins = audit::margins(inputs, hotkey, defender)?;
        let passes = |against: &str, least: f64| {
            audit::Standing::of(inputs, hotkey, against, least) == audit::Standing::Passed
        };
        let passed = passes(audit::SUBMITTED, -inputs.rules.self_audit_margin)
            && passes(defender, inputs.rules.win_margin);
        Some(((hotkey.clone(), defender.clone()), (margins, passed)))
    });
    done.collect()
}

/// What people are told once a commit landed.
fn news(
    seen: &Seen,
    (before, done_before): &(Timeline, DoneAudits),
    books: &Books,
    done: &DoneAudits,
) -> Vec<Notice> {
    let round = seen.round();
    let timeline = &books.timeline;
    let mut news = Vec::new();
    for request in &books.requests {
        let same = |known: &AuditRequest| {
            known.hotkey == request.hotkey && known.latest_defender == request.latest_defender
        };
        if !seen.requests.iter().any(same) {
            let margin = timeline.entry(&request.hotkey).and_then(|entry| entry.margin);
            let defender = request.latest_defender.as_deref().unwrap_or_default();
            let margin = margin.unwrap_or_default();
            news.push(notices::audit_requested(round, &request.hotkey, defender, margin));
        }
    }
    for ((hotkey, defender), (margins, passed)) in done {
        if done_before.contains_key(&(hotkey.clone(), defender.clone())) {
            continue;
        }
        let entry = timeline.entry(hotkey).filter(|entry| entry.status == Status::Rejected);
        let verified = |entry: &Entry| entry.hotkey == *hotkey && entry.verified;
        let verdict = match entry {
            Some(entry) => AuditVerdict::Rejected(&entry.reason),
            None if !*passed => AuditVerdict::Deferred("the defender is not verified yet"),
            None if timeline.entries.iter().any(verified) => AuditVerdict::Verified,
            None => AuditVerdict::MarginsPassed,
        };
        let repeats = (1..).zip(margins).map(|(repeat, [a, b])| (repeat, *a, *b));
        let repeats: Vec<(u32, f64, f64)> = repeats.collect();
        news.push(notices::audit_completed(round, hotkey, &repeats, verdict));
    }
    // While everybody meets the leader there is little to tell.
    let is_new = seen.notes.timeline != books.notes.timeline || !before.unqualified.is_empty();
    if timeline.unqualified.is_empty() && is_new {
        news.push(notices::timeline(round, &timeline.text()));
    }
    news
}
