//! The stage `downloading`: every file of every miner is fetched and stored, every stored file drawn, every row written down.
//!
//! Files first: they are all fetched as soon as the deadline is over, and what a manifest has is never asked for again. Drawing
//! goes on beside it, from the stored copies. Everything runs in one future; slots are given by [`Queue`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chain::Pending;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use ledger::files::config::Config;
use ledger::files::outputs::{AssetKind, Output, Outputs};
use ledger::files::prompts;
use ledger::files::schedule::Schedule;
use ledger::files::state::State;
use ledger::files::submissions::Submissions;
use ledger::repository::{RepositoryError, Snapshot, expected_at};
use ledger::{Place, Round, RoundFile, Stage};

use super::alert::Alert;
use super::decide::{deadline, usable};
use super::queue::Queue;
use super::settings::Settings;
use super::sheets::{Sheets, Trouble};
use super::silence::{self, Silence, Verdict};
use super::spent::Spent;
use super::{asset_kind_of, drawing, fetching, opening, read_failed};
use crate::drawing::Slow;
use crate::notify::notices::{self, Downloads};
use crate::outbox::Outbox;
use crate::owner::{Turn, TurnError};
use crate::ports::Ports;

/// Failures of ours in a row after which nothing more is begun. Each of them was tried several times.
const OURS_MAX: u32 = 3;

/// How often a stored file may turn out to be another one.
const LOST_MAX: u32 = 3;

/// Bytes of prompts' pictures that are kept.
const PICTURES_BYTES_MAX: usize = 64 << 20;

/// What happened.
enum Event {
    /// It is time to write down what was done.
    Tick,
    Fetched {
        miner: usize,
        stem: usize,
        end: fetching::End,
    },
    Drawn {
        miner: usize,
        stem: usize,
        end: drawing::End,
        picture: Option<Bytes>,
    },
    /// Others were asked whether they answer, because a miner does not.
    Asked {
        miner: usize,
        others_answer: bool,
    },
    /// A miner that did not answer is to be asked again.
    Paused {
        miner: usize,
    },
}

/// Why the loop ended before all was done.
enum Early {
    Stop,
    Changed,
    Error(TurnError),
}

impl From<Trouble> for Early {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Changed => Self::Changed,
            failed @ Trouble::Failed(_) => Self::Error(failed.into()),
        }
    }
}

/// What the stage works on.
struct Job<'a> {
    ports: &'a Ports,
    settings: &'a Settings,
    round: Round,
    kind: AssetKind,
    /// Stem and picture of each prompt.
    prompts: Vec<(String, String)>,
    /// Whether the time is over for which trouble of ours holds the stage up.
    patience_over: bool,
}

/// Fetches, draws, writes down; ends the stage when nothing is missing.
pub(super) async fn download(
    ports: &Ports,
    settings: &Settings,
    alert: &mut Alert,
    outbox: &Outbox,
    round: Round,
) -> Result<Turn, TurnError> {
    let mut sheets = Sheets::open(ports, settings, round)?;
    let Some(began) = sheets.base() else { return Ok(Turn::Idle) };
    let books = Snapshot::new(&*ports.books, began);
    let (state, who, job) = ports.blocking.run(|| -> Result<_, TurnError> {
        let state: State = books.require(&Place::State).map_err(read_failed)?;
        let who: Submissions =
            books.require(&Place::Round(round, RoundFile::Submissions)).map_err(read_failed)?;
        let config: Config = books.require(&Place::Config).map_err(read_failed)?;
        let schedule: Schedule =
            books.require(&Place::Round(round, RoundFile::Schedule)).map_err(read_failed)?;
        let text = books.text(&Place::Round(round, RoundFile::Prompts)).map_err(read_failed)?;
        let text = text.unwrap_or_default();
        let prompts = usable(&prompts::of_round(&text));
        Ok((state, who, (config, schedule, prompts)))
    })?;
    let (config, schedule, prompts) = job;
    if state.stage != Stage::Downloading || state.current_round != round {
        return Ok(Turn::Again);
    }
    if prompts.is_empty() {
        let path = Place::Round(round, RoundFile::Prompts).to_string();
        return Err(TurnError::operator(path, "there is no prompt; restore the file"));
    }
    let deadline = deadline(&schedule, round)?;
    let patience = Duration::from_secs(settings.patience_s);
    let patience_over = match (ports.chain.head().await, ports.chain.block_time().await) {
        (Ok(head), Ok(time)) => {
            let passed = u128::from(head.number.saturating_sub(deadline)) * time.as_millis();
            passed > patience.as_millis()
        }
        _ => false,
    };
    sheets.load(ports, &who)?;
    let kind = asset_kind_of(config.options().kind);
    let job = Job { ports, settings, round, kind, prompts, patience_over };

    let end = run(&job, &mut sheets, alert).await;
    if matches!(end, Err(Early::Changed)) {
        // What is not written down yet may rest on what others changed.
        return Ok(Turn::Again);
    }
    // What was done is kept, also when something failed.
    let flushed = sheets.flush(ports);
    match end {
        Err(Early::Error(error)) => return Err(error),
        Err(Early::Stop) => return Ok(Turn::Idle),
        Err(Early::Changed) | Ok(()) => {}
    }
    match flushed {
        Err(Trouble::Changed) => return Ok(Turn::Again),
        other => other?,
    }
    let is_whole = |rows: &Outputs| job.prompts.iter().all(|(stem, _)| rows.contains_key(stem));
    let Some(base) = sheets.base() else { return Ok(Turn::Again) };
    if !sheets.miners.iter().all(|miner| is_whole(&miner.rows)) {
        return Ok(Turn::Again);
    }
    // Who takes part, and with which prompts, is what it was when this turn began.
    let rests = [RoundFile::Submissions, RoundFile::Prompts].map(|file| Place::Round(round, file));
    let mut rests: Vec<String> =
        rests.iter().chain([&Place::Config]).map(ToString::to_string).collect();
    let stands = ports.blocking.run(|| -> Result<bool, RepositoryError> {
        let ids = |at| expected_at(&*ports.books, Some(at), rests.iter().map(String::as_str));
        Ok(ids(began)? == ids(base)?)
    });
    if !stands.map_err(|error| TurnError::later("ending the downloads", error))? {
        return Ok(Turn::Again);
    }
    rests.extend(sheets.row_paths());
    let next = State { next_stage_eta: None, ..settings.goes_on(&state, Stage::Duels) };
    let message = format!("Round {round}: {}", next.stage);
    let rows = sheets.miners.iter().map(|miner| &miner.rows);
    let news = vec![notices::downloads_complete(round, summary(rows, job.prompts.len()))];
    let change = opening::Change { message, files: BTreeMap::new(), state: next, news };
    opening::commit(ports, outbox, base, change, &rests)?;
    alert.clear();
    Ok(Turn::Again)
}

/// What is under way.
struct Work {
    files: Queue,
    views: Queue,
    pictures: BTreeMap<usize, Bytes>,
    /// Prompts whose pictures cannot be had, and why.
    no_pictures: BTreeMap<usize, String>,
    /// How often the stored file of a miner's prompt was another one.
    lost: BTreeMap<(usize, usize), u32>,
    /// Of each miner, how many assets used up their time to be drawn.
    slow: Vec<Arc<Slow>>,
    silence: Silence,
    /// Failures of ours since something worked.
    ours: u32,
    /// The last of them.
    trouble: Option<String>,
}

async fn run(job: &Job<'_>, sheets: &mut Sheets, alert: &mut Alert) -> Result<(), Early> {
    let mut spent = Spent::open(job.ports, job.round);
    let mut work = begin(job, sheets, &spent);
    let now = job.ports.clock.elapsed();
    (0..sheets.miners.len()).for_each(|miner| out_of_time(job, sheets, &mut work, miner, now));
    let end = go_on(job, sheets, alert, &mut work, &mut spent).await;
    note(job, sheets, &work, &mut spent, true);
    end?;
    finish(job, work)
}

/// Writes down how much of its time each miner used.
fn note(job: &Job<'_>, sheets: &Sheets, work: &Work, spent: &mut Spent, last: bool) {
    let now = job.ports.clock.elapsed();
    let miners = sheets.miners.iter().enumerate();
    let used = miners.map(|(at, miner)| (miner.hotkey.as_str(), work.files.used(at, now)));
    spent.note(job.ports, used, last);
}

async fn go_on(
    job: &Job<'_>,
    sheets: &mut Sheets,
    alert: &mut Alert,
    work: &mut Work,
    spent: &mut Spent,
) -> Result<(), Early> {
    let slots = job.settings.downloads_at_once(job.settings.bytes_max(job.kind));
    let mut events: FuturesUnordered<Pending<'_, Event>> = FuturesUnordered::new();
    events.push(tick(job));
    let mut watched = job.ports.clock.elapsed();
    loop {
        let now = job.ports.clock.elapsed();
        let goes_on = work.ours < OURS_MAX;
        while goes_on && work.files.running() < slots {
            let Some((miner, stem)) = work.files.start(now) else { break };
            events.push(fetch(job, sheets, miner, stem));
        }
        while goes_on && work.views.running() < job.settings.drawings {
            let Some((miner, stem)) = work.views.start(now) else { break };
            match draw(job, sheets, work, miner, stem) {
                Some(event) => events.push(event),
                None => {
                    work.views.end(miner, stem, now);
                }
            }
        }
        let waits = goes_on && work.silence.is_waiting();
        if work.files.running() + work.views.running() == 0 && !waits {
            return Ok(());
        }
        let Some(event) = events.next().await else { return Ok(()) };
        let now = job.ports.clock.elapsed();
        match event {
            Event::Tick => {
                if job.ports.stop.is_set() {
                    return Err(Early::Stop);
                }
                sheets.record(job.ports)?;
                sheets.tick(job.ports)?;
                note(job, sheets, work, spent, false);
                if now.saturating_sub(watched) >= Duration::from_secs(job.settings.watch_s) {
                    watched = now;
                    if !sheets.stage_stands(job.ports) {
                        return Err(Early::Changed);
                    }
                }
                events.push(tick(job));
            }
            Event::Fetched { miner, stem, end } => {
                let took = work.files.end(miner, stem, now);
                fetched(job, sheets, work, (miner, stem), end, took, now);
                out_of_time(job, sheets, work, miner, now);
                if work.files.is_empty(miner) && work.silence.is_due(miner) {
                    events.push(ask_others(job, sheets, work, miner));
                }
            }
            Event::Asked { miner, others_answer } => {
                if let Some(pause) = blame(job, sheets, work, miner, others_answer, now) {
                    events.push(asleep(job, pause, Event::Paused { miner }));
                }
            }
            Event::Paused { miner } => {
                for stem in work.silence.again(miner) {
                    work.files.push(miner, stem);
                }
            }
            Event::Drawn { miner, stem, end, picture } => {
                work.views.end(miner, stem, now);
                keep(&mut work.pictures, stem, picture);
                drawn(job, sheets, work, alert, miner, stem, end, now);
            }
        }
    }
}

/// What is missing, by miner.
fn begin(job: &Job<'_>, sheets: &Sheets, spent: &Spent) -> Work {
    let n = sheets.miners.len();
    let mut files = Queue::new(n, job.settings.downloads_per_miner);
    let mut views = Queue::new(n, job.settings.drawings);
    for (at, miner) in sheets.miners.iter().enumerate() {
        files.used_before(at, spent.before(&miner.hotkey));
        for (stem_at, (stem, _)) in job.prompts.iter().enumerate() {
            if miner.rows.contains_key(stem) {
                continue;
            }
            let queue = if miner.manifest.0.contains_key(stem) { &mut views } else { &mut files };
            queue.push(at, stem_at);
        }
    }
    Work {
        files,
        views,
        pictures: BTreeMap::new(),
        no_pictures: BTreeMap::new(),
        lost: BTreeMap::new(),
        slow: (0..n).map(|_| Arc::default()).collect(),
        silence: Silence::new(sheets.miners.iter().map(|miner| !miner.manifest.0.is_empty())),
        ours: 0,
        trouble: None,
    }
}

fn tick<'a>(job: &Job<'a>) -> Pending<'a, Event> {
    asleep(job, Duration::from_millis(job.settings.record_ms.max(1)), Event::Tick)
}

/// Happens after so long.
fn asleep<'a>(job: &Job<'a>, time: Duration, event: Event) -> Pending<'a, Event> {
    let ports = job.ports;
    Box::pin(async move {
        ports.clock.sleep(time).await;
        event
    })
}

/// Where the files of a prompt are, without an extension.
fn prefix(job: &Job<'_>, hotkey: &str, stem: &str) -> String {
    format!("rounds/{}/{hotkey}/submitted/{stem}", job.round)
}

fn fetch<'a>(job: &Job<'a>, sheets: &Sheets, miner: usize, stem: usize) -> Pending<'a, Event> {
    let owner = &sheets.miners[miner];
    let name = &job.prompts[stem].0;
    let key = format!("{}.{}", prefix(job, &owner.hotkey, name), job.kind.extension());
    let url = fetching::url_of(&owner.cdn_url, name, job.kind);
    let wanted = fetching::Wanted { kind: job.kind, url, key };
    let (ports, settings) = (job.ports, job.settings);
    Box::pin(async move {
        let end = fetching::fetch(ports, settings, &wanted).await;
        Event::Fetched { miner, stem, end }
    })
}

fn draw<'a>(
    job: &Job<'a>,
    sheets: &Sheets,
    work: &Work,
    miner: usize,
    stem: usize,
) -> Option<Pending<'a, Event>> {
    let owner = &sheets.miners[miner];
    let (name, prompt) = &job.prompts[stem];
    let prefix = prefix(job, &owner.hotkey, name);
    let wanted = drawing::Wanted {
        kind: job.kind,
        key: format!("{prefix}.{}", job.kind.extension()),
        prefix,
        fetched: owner.manifest.0.get(name)?.clone(),
        prompt: prompt.clone(),
    };
    let kept = match (work.pictures.get(&stem), work.no_pictures.get(&stem)) {
        (Some(picture), _) => Some(Ok(picture.clone())),
        // It is not asked for again in this turn.
        (None, Some(why)) if job.patience_over => Some(Err(why.clone())),
        (None, Some(_)) => return None,
        (None, None) => None,
    };
    let (ports, settings, patience_over) = (job.ports, job.settings, job.patience_over);
    let slow = Arc::clone(&work.slow[miner]);
    Some(Box::pin(async move {
        let asked = match kept {
            Some(kept) => kept,
            None => {
                let asked = drawing::picture(ports, settings, &wanted.prompt).await;
                asked.map_err(|error| error.to_string())
            }
        };
        let (mut end, picture) = match asked {
            Ok(picture) => {
                let end = drawing::draw(ports, settings, &wanted, picture.clone(), &slow).await;
                (end, Some(picture))
            }
            Err(why) => (drawing::End::NoPicture(why), None),
        };
        if let (drawing::End::NoPicture(why), true) = (&end, patience_over) {
            end = drawing::without_picture(ports, &wanted, why);
        }
        Event::Drawn { miner, stem, end, picture }
    }))
}

/// Keeps a prompt's picture for the other miners.
fn keep(pictures: &mut BTreeMap<usize, Bytes>, stem: usize, picture: Option<Bytes>) {
    let Some(picture) = picture else { return };
    let kept: usize = pictures.values().map(Bytes::len).sum();
    if kept + picture.len() > PICTURES_BYTES_MAX {
        pictures.clear();
    }
    pictures.insert(stem, picture);
}

fn fetched(
    job: &Job<'_>,
    sheets: &mut Sheets,
    work: &mut Work,
    (miner, stem): (usize, usize),
    end: fetching::End,
    took: Duration,
    now: Duration,
) {
    let name = &job.prompts[stem].0;
    let is_answer = !matches!(end, fetching::End::NoAnswer(_) | fetching::End::Unasked(_));
    if is_answer {
        work.silence.answered(miner, stem);
    }
    match end {
        fetching::End::Stored(fetched) => {
            sheets.fetched(miner, name, fetched);
            work.views.push(miner, stem);
            work.ours = 0;
        }
        fetching::End::Failed(reason) | fetching::End::Unasked(reason) => {
            sheets.row(miner, name, failed(job.kind, reason));
        }
        fetching::End::NoAnswer(reason) => {
            // It is the miner's time once another has answered.
            work.files.excuse(miner, took);
            if work.silence.silent(miner, stem, reason, took, now) {
                for stem in work.files.drain(miner) {
                    work.silence.put_off(miner, stem);
                }
            }
        }
        fetching::End::Ours(reason) => {
            work.ours += 1;
            work.trouble = Some(reason);
        }
    }
}

/// Asks others whether they answer.
fn ask_others<'a>(
    job: &Job<'a>,
    sheets: &Sheets,
    work: &mut Work,
    miner: usize,
) -> Pending<'a, Event> {
    let url = |other: usize| {
        let other = &sheets.miners[other];
        let stem = other.manifest.0.keys().next().unwrap_or(&job.prompts[0].0);
        fetching::url_of(&other.cdn_url, stem, job.kind)
    };
    let urls: Vec<String> = work.silence.witnesses(miner).into_iter().map(url).collect();
    let ports = job.ports;
    Box::pin(async move {
        let others_answer = silence::any_answers(ports, &urls).await;
        Event::Asked { miner, others_answer }
    })
}

/// After how long a miner that does not answer is asked again; its rows if it is not.
fn blame(
    job: &Job<'_>,
    sheets: &mut Sheets,
    work: &mut Work,
    miner: usize,
    others_answer: bool,
    now: Duration,
) -> Option<Duration> {
    let Work { silence, files, .. } = work;
    let (verdict, time) = silence.judge(job.settings, miner, others_answer, job.patience_over, now);
    files.charge(miner, time);
    match verdict {
        Verdict::Again(pause) => return Some(pause),
        Verdict::Unknown => {}
        Verdict::Theirs(stems) => {
            for (stem, reason) in stems {
                sheets.row(miner, &job.prompts[stem].0, failed(job.kind, reason));
            }
        }
    }
    None
}

/// A miner whose files took all the time they may take gets no more.
fn out_of_time(job: &Job<'_>, sheets: &mut Sheets, work: &mut Work, miner: usize, now: Duration) {
    if work.files.used(miner, now) < Duration::from_secs(job.settings.miner_time_s) {
        return;
    }
    let reason = format!("{}_fetch_failed: time_budget", job.kind.extension());
    for stem in work.files.drain(miner).collect::<Vec<_>>() {
        sheets.row(miner, &job.prompts[stem].0, failed(job.kind, reason.clone()));
    }
}

#[expect(clippy::too_many_arguments, reason = "they have nothing in common")]
fn drawn(
    job: &Job<'_>,
    sheets: &mut Sheets,
    work: &mut Work,
    alert: &mut Alert,
    miner: usize,
    stem: usize,
    end: drawing::End,
    now: Duration,
) {
    let name = &job.prompts[stem].0;
    match end {
        drawing::End::Row(row) => {
            if row.failure_reason.as_deref() == Some("render_failed") {
                let due = alert.count(job.settings, &sheets.miners[miner].hotkey, now);
                if let Some((failures, miners)) = due {
                    job.ports.notify.tell(notices::render_failures(failures, miners));
                }
            }
            sheets.row(miner, name, *row);
            work.ours = 0;
        }
        drawing::End::Lost => {
            sheets.lost(miner, name);
            let times = work.lost.entry((miner, stem)).or_default();
            *times += 1;
            if *times < LOST_MAX {
                work.files.push(miner, stem);
            } else {
                work.trouble = Some(format!("the store does not keep files of prompt {name}"));
            }
        }
        drawing::End::NoPicture(why) => {
            let url = &job.prompts[stem].1;
            work.trouble = Some(format!("the picture of a prompt, {url}: {why}"));
            work.no_pictures.insert(stem, why);
        }
        drawing::End::Ours(reason) => {
            work.ours += 1;
            work.trouble = Some(reason);
        }
    }
}

/// What is left over.
fn finish(job: &Job<'_>, work: Work) -> Result<(), Early> {
    let doing = format!("downloading round {}", job.round);
    match work.trouble {
        Some(trouble) => Err(Early::Error(TurnError::later(doing, trouble))),
        None if work.silence.is_unknown() => {
            let reason = "no server of any other miner answers either: is the network down?";
            Err(Early::Error(TurnError::later(doing, reason)))
        }
        None => Ok(()),
    }
}

/// What came of it, for people.
fn summary<'a>(miners: impl Iterator<Item = &'a Outputs>, prompts: usize) -> Downloads {
    let stored = |rows: &Outputs| rows.values().filter(|row| row.asset.is_some()).count();
    let undrawn = |row: &&Output| row.asset.is_some() && row.picture.is_none();
    let mut seen = Downloads::default();
    let mut counts = Vec::new();
    for rows in miners {
        seen.miners += 1;
        seen.render_failures += rows.values().filter(undrawn).count();
        counts.push(stored(rows));
    }
    seen.without = counts.iter().filter(|&&count| count == 0).count();
    seen.perfect = counts.iter().filter(|&&count| count == prompts).count();
    seen
}

/// The row of a prompt without an asset.
fn failed(kind: AssetKind, reason: String) -> Output {
    Output { failure_reason: Some(reason), ..Output::new(kind) }
}
