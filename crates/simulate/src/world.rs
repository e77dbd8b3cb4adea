//! Everything that is not the arena: time, repository, disks, blobs, chain, miners, judge; and what goes wrong with them.

mod actors;
mod blobs;
mod books;
mod chain;
mod clock;
mod disk;
mod pods;
mod process;
mod studio;
mod web;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use ledger::repository::{Author, Draft, Id, MemoryRepository, Repository as _};
use object_store::ObjectStoreExt as _;
use object_store::memory::InMemory;

pub use process::Process;

/// What stands behind ports.
pub(crate) mod parts {
    pub(crate) use super::blobs::{Blobs, PUBLIC_URL};
    pub(crate) use super::books::Books;
    pub(crate) use super::chain::Node;
    pub(crate) use super::clock::{Clock, Numbers};
    pub(crate) use super::disk::Disk;
    pub(crate) use super::pods::{Pods, Workflow};
    pub(crate) use super::studio::{Drawing, Model};
    pub(crate) use super::web::Servers;
}

use crate::executor::{Executor, lock};
use crate::fault::{Kind, Op, Plan, Role, Site, Weather};
use crate::properties::History;
use crate::scenario::Scenario;
use crate::trace::{Trace, TraceHash};

/// How often each role did each effect.
pub type Counts = BTreeMap<(Role, Op), u32>;

/// Begins the owners of a process; called again after each crash.
pub(crate) type Launch = Arc<dyn Fn(Arc<Process>) + Send + Sync>;

/// The world of one run.
pub struct World {
    pub(crate) executor: Executor,
    pub(crate) scenario: Scenario,
    pub(crate) books: MemoryRepository,
    pub(crate) objects: Arc<InMemory>,
    pub(crate) history: Mutex<History>,
    pub(crate) disks: Mutex<disk::Disks>,
    pub(crate) chain: Mutex<chain::Records>,
    pub(crate) pods: Mutex<pods::Progress>,
    launch: Launch,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    plan: BTreeMap<Site, Kind>,
    weather: Option<Weather>,
    counts: Counts,
    trace: Trace,
    /// Until when a part of the world is away.
    outages: BTreeMap<Part, Duration>,
    /// Files of miners that have failed once.
    failed: BTreeSet<String>,
    /// When the last fault was over, or will be.
    quiet_from: Duration,
    hits: u32,
    /// How often the operator broke or mended a file by hand.
    breaks: u32,
    /// Effects since time last passed.
    at_once: (Duration, u32),
}

/// Effects at one point in time after which a process is taken to go round in circles.
const AT_ONCE_MAX: u32 = 2_000_000;

/// What fails as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Git,
    Disk,
    Blobs,
    Chain,
    Web,
    Studio,
    Judge,
    Builds,
    Pods,
    Time,
}

impl Part {
    fn of(op: Op) -> Self {
        match op {
            Op::Head | Op::Read | Op::Write | Op::Advance => Self::Git,
            Op::JournalOpen | Op::JournalRead | Op::JournalAppend | Op::JournalTruncate => {
                Self::Disk
            }
            Op::Put | Op::Get => Self::Blobs,
            Op::Ask | Op::Sign => Self::Chain,
            Op::Fetch => Self::Web,
            Op::Draw => Self::Studio,
            Op::Duel => Self::Judge,
            Op::Build => Self::Builds,
            Op::Order | Op::Make => Self::Pods,
            Op::Sleep => Self::Time,
        }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("executor", &self.executor).finish_non_exhaustive()
    }
}

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Of everything that happened.
    pub hash: TraceHash,
    /// What must never be, in the order in which it was seen.
    pub violations: Vec<String>,
    /// Effects, for drawing plans.
    pub counts: Counts,
    /// Faults that were met.
    pub hits: u32,
    /// Effects in all.
    pub effects: u64,
    /// When it ended.
    pub end: Duration,
    /// When the last fault was over.
    pub quiet_from: Duration,
    /// All files at the end.
    pub files: BTreeMap<String, String>,
    /// Rounds that have a winner or ended without submissions.
    pub rounds: u32,
    /// What happened, if it was wanted.
    pub lines: Vec<String>,
}

/// A number that follows from others, and looks like any.
pub(crate) fn mix(parts: &[u64]) -> u64 {
    // The finaliser of SplitMix64 (Steele, Lea and Flood 2014), once for each part.
    parts.iter().fold(0x9e37_79b9_7f4a_7c15, |sum, part| {
        let mut z = (sum ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

/// Who commits under a name.
pub(crate) fn author(name: &str) -> Author {
    Author { name: name.to_owned(), email: format!("{name}@example.com") }
}

impl World {
    pub(crate) fn new(
        scenario: Scenario,
        plan: &Plan,
        weather: Weather,
        with_lines: bool,
        launch: Launch,
    ) -> Arc<Self> {
        let mut faults = BTreeMap::new();
        for fault in &plan.faults {
            faults.entry(fault.site).or_insert(fault.kind);
        }
        let state = State {
            plan: faults,
            weather: Some(weather),
            trace: Trace::new(with_lines),
            ..State::default()
        };
        let world = Arc::new(Self {
            executor: Executor::new(),
            books: MemoryRepository::new(),
            objects: Arc::new(InMemory::new()),
            history: Mutex::default(),
            disks: Mutex::default(),
            chain: Mutex::default(),
            pods: Mutex::default(),
            launch,
            state: Mutex::new(state),
            scenario,
        });
        let start = world.scenario.start_files();
        world.commit_as("operator", "Start", start);
        world
    }

    /// Time of the world, without anybody's clock being wrong.
    pub(crate) fn time(&self) -> Timestamp {
        let since = SignedDuration::try_from(self.executor.now()).unwrap_or_default();
        self.scenario.start.checked_add(since).unwrap_or(Timestamp::MAX)
    }

    /// Begins a process.
    pub(crate) fn start(self: &Arc<Self>, role: Role) {
        self.note(&format!("{role} starts"));
        let process = Process::new(self, role);
        (self.launch)(process);
    }

    /// Counts an effect, and says what goes wrong with it. What only concerns the world is done at once.
    pub(crate) fn next(self: &Arc<Self>, role: Role, op: Op, detail: &str) -> (Site, Option<Kind>) {
        let now = self.executor.now();
        let mut state = lock(&self.state);
        state.at_once = match state.at_once {
            (time, effects) if time == now => (now, effects + 1),
            _ => (now, 0),
        };
        assert!(state.at_once.1 < AT_ONCE_MAX, "{role} goes round in circles at {op} {detail}");
        let count = state.counts.entry((role, op)).or_default();
        let site = Site { role, op, nth: *count };
        *count += 1;
        let planned = state.plan.get(&site).copied();
        let mut kind = planned;
        if state.outages.get(&Part::of(op)).is_some_and(|&until| now < until) {
            kind = kind.filter(|kind| matches!(kind, Kind::CrashBefore)).or(Some(Kind::Fail));
        }
        if op == Op::Fetch && state.weather == Some(Weather::Fair) {
            let fails = matches!(kind, Some(Kind::Fail | Kind::Torn));
            if fails && !state.failed.insert(detail.to_owned()) {
                kind = None;
            }
        }
        state.trace.effect(now, site, detail, kind);
        if planned.is_some() {
            state.hits += 1;
            state.quiet_from = state.quiet_from.max(now);
        }
        if let Some(Kind::Outage(seconds)) = planned {
            let until = now + Duration::from_secs(seconds.into());
            state.outages.insert(Part::of(op), until);
            state.quiet_from = state.quiet_from.max(until);
            kind = Some(Kind::Fail);
        }
        drop(state);
        match planned {
            Some(Kind::Pause(seconds)) => self.pause(seconds),
            Some(Kind::Note) => self.write_note(site),
            Some(Kind::Break(seconds)) => self.break_file(site, seconds),
            Some(Kind::Fork(depth)) => self.fork(depth),
            _ => return (site, kind),
        }
        (site, None)
    }

    /// Faults last until then, at least.
    pub(crate) fn unquiet(&self, seconds: u32) {
        let until = self.executor.now() + Duration::from_secs(seconds.into());
        let mut state = lock(&self.state);
        state.quiet_from = state.quiet_from.max(until);
    }

    /// How often the operator has broken or mended a file by hand so far; an odd number while one is broken.
    pub(crate) fn breaks(&self) -> u32 {
        lock(&self.state).breaks
    }

    /// The operator breaks or mends a file.
    fn edit(&self, message: &str, path: &str, text: String) {
        lock(&self.state).breaks += 1;
        self.commit_as("operator", message, BTreeMap::from([(path.to_owned(), Some(text))]));
    }

    /// When the last fault so far is over.
    pub(crate) fn quiet_from(&self) -> Duration {
        lock(&self.state).quiet_from
    }

    pub(crate) fn note(&self, what: &str) {
        lock(&self.state).trace.note(self.executor.now(), what);
    }

    /// Takes down something that must never be.
    pub(crate) fn violation(&self, what: impl Into<String>) {
        let what = what.into();
        self.note(&format!("VIOLATION {what}"));
        lock(&self.history).violations.push(what);
    }

    /// How long an effect takes.
    pub(crate) fn latency(&self, site: Site) -> Duration {
        let (least, most) = match site.op {
            Op::Read | Op::JournalOpen | Op::JournalRead | Op::Sleep => return Duration::ZERO,
            Op::JournalAppend | Op::JournalTruncate => return Duration::ZERO,
            Op::Head | Op::Write | Op::Advance => (1, 80),
            Op::Put | Op::Get => (3, 40),
            Op::Ask | Op::Sign => (10, 300),
            Op::Fetch => (20, 2000),
            Op::Draw => (200, 2000),
            Op::Duel => (1000, 20_000),
            Op::Build | Op::Order => (100, 2000),
            Op::Make => (5000, 60_000),
        };
        let number = mix(&[self.scenario.seed, site.role as u64, site.op as u64, site.nth.into()]);
        Duration::from_millis(least + number % (most - least))
    }

    /// A commit of somebody who is no process, on whatever the branch has.
    pub(crate) fn commit_as(
        &self,
        who: &str,
        message: &str,
        changes: BTreeMap<String, Option<String>>,
    ) {
        let (message, author) = (message.to_owned(), author(who));
        let draft = Draft { message, changes, author, time: self.time() };
        let head = self.books.head().ok().flatten();
        let Ok(id) = self.books.write_commit(head, &draft) else { return };
        lock(&self.history).wrote(id, head, &draft, true);
        self.advance(head, id).ok();
    }

    /// Moves the branch, and looks at what is on it then.
    pub(crate) fn advance(
        &self,
        from: Option<Id>,
        to: Id,
    ) -> Result<ledger::repository::Advance, ledger::repository::RepositoryError> {
        let done = self.books.advance(from, to)?;
        if done == ledger::repository::Advance::Done {
            let commit = self.books.commit(to)?;
            self.note(&format!("the branch is at {to}: {}", commit.message));
            if commit.parents.first().copied() != from {
                self.violation(format!("{to}: what others committed is not below it"));
            }
            self.look_at(to);
        }
        Ok(done)
    }

    /// A blob as it is.
    pub(crate) fn object(&self, key: &str) -> Option<Bytes> {
        let path = object_store::path::Path::parse(key).ok()?;
        // A store in memory never waits.
        async { self.objects.get(&path).await?.bytes().await }.now_or_never()?.ok()
    }

    /// A file as the branch has it.
    pub(crate) fn file(&self, path: &str) -> Option<String> {
        let head = self.books.head().ok()??;
        String::from_utf8(self.books.read(head, path).ok()??).ok()
    }

    /// Ends the run.
    pub(crate) fn end(&self, end: Duration) -> Outcome {
        self.executor.clear();
        let mut files = BTreeMap::new();
        if let Ok(Some(head)) = self.books.head() {
            for path in self.books.list(head, "").unwrap_or_default() {
                let text = self.file(&path).unwrap_or_default();
                files.insert(path, text);
            }
        }
        let history = lock(&self.history);
        let (violations, rounds) = (history.violations.clone(), history.rounds());
        drop(history);
        let mut state = lock(&self.state);
        Outcome {
            hash: state.trace.hash(),
            violations,
            counts: state.counts.clone(),
            hits: state.hits,
            effects: state.counts.values().map(|&count| u64::from(count)).sum(),
            end,
            quiet_from: state.quiet_from,
            files,
            rounds,
            lines: state.trace.lines(),
        }
    }
}
