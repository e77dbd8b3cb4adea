//! From the chain to a round: what was revealed, who takes part, with which seed and prompts. One commit, or none.

use std::collections::BTreeMap;
use std::time::Duration;

use chain::{Account, Block, ChainError, Neuron, Revealed};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use ledger::files::config::Config;
use ledger::files::prompts;
use ledger::files::schedule::{Schedule, SeedFile};
use ledger::files::state::State;
use ledger::files::submissions::Submissions;
use ledger::repository::{Draft, Id, ReadError, Snapshot, expected_at};
use ledger::{JsonFile as _, Place, Round, RoundFile, Stage};

use super::admission::{Admission, Earlier, admit, coldkeys, seed};
use super::decide::{deadline, extended, is_usable, prompts_of};
use super::observed::{self, Observed};
use super::read_failed;
use super::settings::Settings;
use crate::notify::notices::{self, Links};
use crate::outbox::Outbox;
use crate::owner::{Turn, TurnError};
use crate::ports::{Notice, Ports};
use crate::schedule::time_of;

/// Locks asked for at once.
const LOCKS_AT_ONCE: usize = 8;

fn chain_failed(error: ChainError) -> TurnError {
    TurnError::later("reading the chain", error)
}

/// Begins the round, or ends it if nobody takes part.
pub(super) async fn open(
    ports: &Ports,
    settings: &Settings,
    outbox: &Outbox,
    at: Id,
    state: &State,
    schedule: &Schedule,
) -> Result<Turn, TurnError> {
    let round = state.current_round;
    let (config, before) = ports.blocking.run(|| {
        let books = Snapshot::new(&*ports.books, at);
        Ok::<_, TurnError>((rules(&books)?, earlier(&books, round).map_err(read_failed)?))
    })?;
    deadline(schedule, round)?;
    let mut seen = observe(ports, settings, schedule).await?;
    let admission = admit(&seen, &config, schedule, round, &before);
    let block_time = ports.chain.block_time().await.map_err(chain_failed)?;
    let head = ports.chain.head().await.map_err(chain_failed)?;
    seen.published_block = head.number;
    if admission.submissions.is_empty() {
        let files = BTreeMap::from([(observed::path(round), seen.to_text())]);
        let state = State { stage: Stage::Finalizing, next_stage_eta: None, ..state.clone() };
        let message = format!("Round {round}: finalizing");
        let news = vec![notices::no_submissions(round)];
        commit(ports, outbox, at, Change { message, files, state, news }, &rests(round))?;
        return Ok(Turn::Again);
    }
    begin(
        ports,
        settings,
        outbox,
        at,
        &Opening { state, schedule, config, seen, admission, block_time },
    )
}

/// What a round begins with.
struct Opening<'a> {
    state: &'a State,
    schedule: &'a Schedule,
    config: Config,
    seen: Observed,
    admission: Admission,
    block_time: Duration,
}

fn begin(
    ports: &Ports,
    settings: &Settings,
    outbox: &Outbox,
    at: Id,
    opening: &Opening<'_>,
) -> Result<Turn, TurnError> {
    let Opening { state, schedule, config, seen, admission, block_time } = opening;
    let round = state.current_round;
    let seed = seed(seen.netuid, round, &seen.start.hash);
    let (pool, previous) =
        ports.blocking.run(|| texts(&Snapshot::new(&*ports.books, at), config, round))?;
    let chosen = prompts_of(config, &pool, &previous, seed)
        .map_err(|error| TurnError::operator("choosing prompts", error))?;
    if chosen.is_empty() {
        let reason = "prompts.txt: there are no prompts; add the URLs of pictures";
        return Err(TurnError::operator("choosing prompts", reason));
    }
    if let Some(problem) = unusable(&chosen, &pool) {
        return Err(TurnError::operator("choosing prompts", problem));
    }
    let later = extended(schedule, seen.published_block, settings.late_blocks);
    let schedule_now = later.as_ref().unwrap_or(*schedule);
    let deadline = deadline(schedule_now, round)?;
    let now = ports.clock.now();
    let eta = time_of(seen.published_block, now, deadline, *block_time)
        .map_err(|error| TurnError::operator(format!("rounds/{round}/schedule.json"), error))?;
    let place = |file| Place::Round(round, file).to_string();
    let mut files = BTreeMap::from([
        (place(RoundFile::Seed), SeedFile::new(seed).to_text()),
        (place(RoundFile::Prompts), prompts::to_text(&chosen)),
        (place(RoundFile::Submissions), admission.submissions.to_text()),
        (observed::path(round), seen.to_text()),
    ]);
    if let Some(later) = &later {
        files.insert(place(RoundFile::Schedule), later.to_text());
    }
    let state =
        State { next_stage_eta: Some(eta), ..settings.goes_on(state, Stage::MinerGeneration) };
    let message = format!("Seed, prompts and submissions for round {round}");
    let (committed, accepted) = (admission.committed(), admission.submissions.len());
    let links = Links { base: settings.files_url.clone() };
    let news = vec![notices::submissions_collected(round, committed, accepted, eta, &links)];
    commit(ports, outbox, at, Change { message, files, state, news }, &rests(round))?;
    Ok(Turn::Until(eta))
}

/// The first prompt that cannot be told apart from another, or that no file can be called after.
fn unusable(chosen: &[String], pool: &str) -> Option<String> {
    let place = |url: &str| {
        let line = pool.lines().position(|line| line.trim() == url);
        line.map_or_else(
            || format!("{}, which was carried over", ledger::shorten(url)),
            |line| format!("prompts.txt:{}", line + 1),
        )
    };
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    for url in chosen {
        let stem = prompts::stem(url);
        if !is_usable(stem) {
            let (place, stem) = (place(url), ledger::shorten(stem));
            return Some(format!(
                "{place}: no file can be called \"{stem}\"; give the picture another name"
            ));
        }
        if let Some(other) = first.insert(stem, url) {
            let (place, other, stem) = (place(url), place(other), ledger::shorten(stem));
            return Some(format!(
                "{place}: its name, \"{stem}\", is also that of {other}; give each picture a name of its own"
            ));
        }
    }
    None
}

/// The rules, if they make sense.
fn rules(books: &Snapshot<'_>) -> Result<Config, TurnError> {
    let config: Config = books.require(&Place::Config).map_err(read_failed)?;
    match config.problems().into_iter().next() {
        Some(problem) => Err(TurnError::operator("reading the rules", problem)),
        None => Ok(config),
    }
}

/// Who took part before.
///
/// # Errors
///
/// Of the repository and its files.
pub fn earlier(books: &Snapshot<'_>, round: Round) -> Result<Earlier, ReadError> {
    let mut earlier = Earlier::default();
    for before in (0..round.0).map(Round) {
        let place = Place::Round(before, RoundFile::Submissions);
        let submissions: Option<Submissions> = books.find(&place)?;
        earlier.add(before, &submissions.unwrap_or_default());
    }
    Ok(earlier)
}

/// The pool, and the prompts of the newest earlier round that has some: a round without submissions has none.
fn texts(
    books: &Snapshot<'_>,
    config: &Config,
    round: Round,
) -> Result<(String, String), TurnError> {
    let pool = books.text(&Place::Pool).map_err(read_failed)?.ok_or_else(|| {
        TurnError::operator("choosing prompts", "prompts.txt is missing; restore it")
    })?;
    let mut before = round.previous().filter(|_| config.carryover_prompts > 0);
    while let Some(round) = before {
        let place = Place::Round(round, RoundFile::Prompts);
        if let Some(text) = books.text(&place).map_err(read_failed)? {
            return Ok((pool, text));
        }
        before = round.previous();
    }
    Ok((pool, String::new()))
}

/// Reads the chain as of the block that ends the window, or as of the newest final one if that is forgotten.
async fn observe(
    ports: &Ports,
    settings: &Settings,
    schedule: &Schedule,
) -> Result<Observed, TurnError> {
    let number = schedule.latest_reveal_block;
    let start = ports.chain.block(number).await.map_err(chain_failed)?;
    let start = start.ok_or_else(|| chain_failed(ChainError::UnknownBlock(number)))?;
    match observe_at(ports, settings, schedule, start, start).await {
        Err(ChainError::UnknownBlock(_)) => {
            let read = ports.chain.finalized().await.map_err(chain_failed)?;
            observe_at(ports, settings, schedule, start, read).await
        }
        other => other,
    }
    .map_err(chain_failed)
}

async fn observe_at(
    ports: &Ports,
    settings: &Settings,
    schedule: &Schedule,
    start: Block,
    read: Block,
) -> Result<Observed, ChainError> {
    let netuid = settings.netuid;
    let revealed: Vec<Revealed> = ports.chain.revealed(read, netuid).await?;
    let neurons: Vec<Neuron> = ports.chain.neurons(read, netuid).await?;
    let hotkeys = observed::entries(&revealed, &neurons, schedule);
    let required_lock = settings.required_lock();
    let asked = if required_lock == 0 { Vec::new() } else { coldkeys(&hotkeys, schedule) };
    let lock = async |coldkey: Account| {
        let locked = ports.chain.lock(read, coldkey, netuid).await?;
        Ok::<_, ChainError>((coldkey, locked))
    };
    let locks: BTreeMap<Account, u64> =
        stream::iter(asked).map(lock).buffered(LOCKS_AT_ONCE).try_collect().await?;
    Ok(Observed {
        netuid,
        start,
        read,
        published_block: read.number,
        required_lock,
        hotkeys,
        locks,
    })
}

/// A commit with a new state.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) message: String,
    /// Beside the state, by path.
    pub(super) files: BTreeMap<String, String>,
    pub(super) state: State,
    /// What people are told once it landed.
    pub(super) news: Vec<Notice>,
}

/// Commits on top of what `at` says: state, files and what they rest on must be as there.
pub(super) fn commit(
    ports: &Ports,
    outbox: &Outbox,
    at: Id,
    change: Change,
    rests: &[String],
) -> Result<(), TurnError> {
    let Change { message, mut files, state, news } = change;
    let doing = format!("committing \"{message}\"");
    files.insert(Place::State.to_string(), state.to_text());
    let changes = files.into_iter().map(|(path, text)| (path, Some(text))).collect();
    let draft = Draft { message, changes, author: ports.author.clone(), time: ports.clock.now() };
    let expected = ports.blocking.run(|| {
        let paths = draft.changes.keys().chain(rests).map(String::as_str);
        expected_at(&*ports.books, Some(at), paths)
    });
    let expected = expected.map_err(|error| TurnError::later(&doing, error))?;
    let published = outbox.publish(ports, &draft, &expected, news);
    published.map(drop).map_err(|error| TurnError::later(&doing, error))
}

/// What a round's beginning rests on, besides the state.
fn rests(round: Round) -> Vec<String> {
    let schedule = Place::Round(round, RoundFile::Schedule);
    [Place::Config, Place::Pool, schedule].iter().map(ToString::to_string).collect()
}
