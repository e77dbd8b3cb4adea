//! Runs owners, turn after turn, until told to stop.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use ledger::repository::Id;

use crate::owner::{Owner, Pace, Turn, TurnError};
use crate::ports::Ports;

/// The longest that an owner sleeps without looking whether there is something new, or whether to stop.
const SLICE: Duration = Duration::from_millis(200);

/// What owners of a process know of each other: who waits for what, and where the branch is.
#[derive(Debug, Default)]
pub struct Board(Mutex<Sheet>);

#[derive(Debug, Default)]
struct Sheet {
    head: Option<Id>,
    /// Counts what one owner did that others may want to look at.
    news: u64,
    /// Until when each one waits; nothing while it works.
    waiting: BTreeMap<&'static str, Option<Wait>>,
}

/// Why and how long an owner waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Until then at most.
    pub until: Timestamp,
    /// When something is due, as far as it knows.
    pub due: Option<Timestamp>,
    /// Whether it waits because its turn failed.
    pub failed: bool,
}

impl Board {
    /// Empty.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// When the first of all owners is due, if all of them wait and none of them failed; nothing if one works, or none is due at
    /// any time.
    #[must_use]
    pub fn all_wait_until(&self) -> Option<Timestamp> {
        let sheet = self.sheet();
        let mut due = None;
        for wait in sheet.waiting.values() {
            let wait = (*wait)?;
            if wait.failed {
                return None;
            }
            due = due.into_iter().chain(wait.due).min();
        }
        due
    }

    /// Whether all owners wait.
    #[must_use]
    pub fn all_wait(&self) -> bool {
        let sheet = self.sheet();
        !sheet.waiting.is_empty() && sheet.waiting.values().all(Option::is_some)
    }

    /// Wakes everybody.
    pub fn wake(&self) {
        self.sheet().news += 1;
    }

    fn sheet(&self) -> MutexGuard<'_, Sheet> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn news(&self) -> u64 {
        self.sheet().news
    }

    fn works(&self, name: &'static str) -> u64 {
        let mut sheet = self.sheet();
        sheet.waiting.insert(name, None);
        sheet.news
    }

    fn waits(&self, name: &'static str, wait: Wait) {
        self.sheet().waiting.insert(name, Some(wait));
    }

    fn leaves(&self, name: &'static str) {
        self.sheet().waiting.remove(name);
    }

    /// Tells where the branch is: if that is new, it is news.
    fn head(&self, head: Option<Id>) {
        let mut sheet = self.sheet();
        if head != sheet.head {
            sheet.head = head;
            sheet.news += 1;
        }
    }
}

/// Told of turns.
pub trait Watch: Send + Sync + fmt::Debug {
    /// An owner's turn ended.
    fn turn(&self, owner: &'static str, turn: &Result<Turn, TurnError>);
}

/// Runs one owner until `ports.stop` is set. Errors never end it: it waits, a little longer each time, and tries again; the first
/// of a row is told to people.
pub async fn run(
    mut owner: Box<dyn Owner>,
    ports: Ports,
    pace: Pace,
    board: &Board,
    watch: &dyn Watch,
) {
    let name = owner.name();
    let mut failures: u32 = 0;
    let mut told = None;
    while !ports.stop.is_set() {
        let seen = board.works(name);
        let turn = owner.turn(&ports).await;
        watch.turn(name, &turn);
        match &turn {
            Ok(_) => {
                failures = 0;
                told = None;
            }
            Err(error) => {
                failures = failures.saturating_add(1);
                if told.as_ref() != Some(error) {
                    ports.notify.tell(crate::notify::notices::owner_error(name, error));
                    told = Some(error.clone());
                }
            }
        }
        // A failure to ask where the branch is will be the next turn's.
        if let Ok(head) = ports.blocking.run(|| ports.books.head()) {
            board.head(head);
        }
        let now = ports.clock.now();
        let mut pause = pace.wait(now, &turn, failures);
        if turn.is_err() {
            // Without randomness it is as long as it may be.
            pause = Pace::spread(pause, ports.entropy.u32().unwrap_or(0));
        }
        if !pause.is_zero() {
            let due = if let Ok(Turn::Until(then)) = turn { Some(then) } else { None };
            let until = now.saturating_add(pause).unwrap_or(Timestamp::MAX);
            board.waits(name, Wait { until, due, failed: turn.is_err() });
            sleep(&ports, board, seen, until, turn.is_err()).await;
        }
    }
    board.leaves(name);
}

/// Sleeps until then, or there is news (not after a failure: news of others would undo the pause), or the process is to stop.
async fn sleep(ports: &Ports, board: &Board, seen: u64, until: Timestamp, failed: bool) {
    loop {
        let left = until.duration_since(ports.clock.now());
        let left = Duration::try_from(left).unwrap_or_default();
        let news = !failed && board.news() != seen;
        if left.is_zero() || news || ports.stop.is_set() {
            return;
        }
        ports.clock.sleep(left.min(SLICE)).await;
    }
}
