//! Notices that go with a commit: told once it landed, also if the process dies between the two.
//!
//! Before the branch is moved, notice and commit are written to a journal; the line goes when people were told. Who begins anew
//! and finds one looks whether the commit is part of the branch. So a notice may come twice, and none is lost before it is handed
//! to [`Notify`](crate::ports::Notify).

use std::sync::atomic::{AtomicBool, Ordering};

use ledger::repository::{
    Draft, Expected, Id, PublishError, Repository, RepositoryError, publish_watched,
};
use serde::{Deserialize, Serialize};

use crate::lines::Lines;
use crate::ports::{Notice, Ports};

/// How far back a commit is looked for.
const COMMITS_MAX: usize = 10_000;

/// A line of the journal.
#[derive(Debug, Serialize, Deserialize)]
struct Promise {
    /// The notices count if this commit is part of the branch; nothing if they count in any case.
    commit: Option<String>,
    notices: Vec<Notice>,
}

/// Notices of one owner.
#[derive(Debug)]
pub(crate) struct Outbox {
    journal: String,
    /// Whether nothing can be left over.
    is_clear: AtomicBool,
}

impl Outbox {
    /// Of the owner of this name.
    pub(crate) fn new(owner: &str) -> Self {
        Self { journal: format!("{owner}-notices"), is_clear: AtomicBool::new(false) }
    }

    /// Tells what an earlier process could not tell any more. To be called at the beginning of each turn.
    pub(crate) fn catch_up(&self, ports: &Ports) {
        if self.is_clear.load(Ordering::SeqCst) {
            return;
        }
        // A journal that cannot be read now is read in the next turn.
        let Ok((mut lines, texts)) = Lines::open(ports, &self.journal) else { return };
        for text in &texts {
            let Ok(promise) = serde_json::from_str::<Promise>(text) else { continue };
            let landed = match &promise.commit {
                None => Ok(true),
                Some(commit) => ports.blocking.run(|| has_commit(&*ports.books, commit)),
            };
            match landed {
                Ok(true) => {
                    promise.notices.into_iter().for_each(|notice| ports.notify.tell(notice));
                }
                Ok(false) => {}
                Err(_) => return,
            }
        }
        let cleared = ports.blocking.run(|| lines.clear());
        self.is_clear.store(cleared.is_ok(), Ordering::SeqCst);
    }

    /// As [`ledger::repository::publish`]; tells people once it landed.
    pub(crate) fn publish(
        &self,
        ports: &Ports,
        draft: &Draft,
        expected: &Expected,
        notices: Vec<Notice>,
    ) -> Result<Id, PublishError> {
        let mut lines = if notices.is_empty() { None } else { self.open(ports) };
        let published = ports.blocking.run(|| {
            publish_watched(&*ports.books, draft, expected, &mut |commit| {
                if let Some(lines) = &mut lines {
                    let notices = notices.clone();
                    write(lines, &Promise { commit: Some(commit.to_string()), notices });
                }
                Ok(())
            })
        });
        match &published {
            Ok(_) => notices.into_iter().for_each(|notice| ports.notify.tell(notice)),
            Err(PublishError::Conflict { .. } | PublishError::Busy) => {}
            // It may have landed all the same.
            Err(PublishError::Repository(_)) => {
                self.is_clear.store(false, Ordering::SeqCst);
                return published;
            }
        }
        self.clear(ports, lines);
        published
    }

    /// Does what cannot be lost once it is done, and tells people.
    pub(crate) fn surely<E>(
        &self,
        ports: &Ports,
        notices: Vec<Notice>,
        work: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let mut lines = if notices.is_empty() { None } else { self.open(ports) };
        if let Some(lines) = &mut lines {
            let notices = notices.clone();
            ports.blocking.run(|| write(lines, &Promise { commit: None, notices }));
        }
        let done = work();
        if done.is_ok() {
            notices.into_iter().for_each(|notice| ports.notify.tell(notice));
        }
        self.clear(ports, lines);
        done
    }

    /// The journal, if it can be had; without it notices are told all the same.
    fn open(&self, ports: &Ports) -> Option<Lines> {
        self.catch_up(ports);
        Lines::open(ports, &self.journal).ok().map(|(lines, _)| lines)
    }

    fn clear(&self, ports: &Ports, lines: Option<Lines>) {
        let Some(mut lines) = lines else { return };
        let cleared = ports.blocking.run(|| lines.clear());
        self.is_clear.store(cleared.is_ok(), Ordering::SeqCst);
    }
}

fn write(lines: &mut Lines, promise: &Promise) {
    let text = serde_json::to_string(promise);
    // Without the line a crash may lose the notice, and nothing else.
    text.ok().and_then(|text| lines.add(&text).ok());
}

/// Whether a commit is part of the branch.
fn has_commit(books: &dyn Repository, commit: &str) -> Result<bool, RepositoryError> {
    let mut at = books.head()?;
    for _ in 0..COMMITS_MAX {
        let Some(id) = at else { return Ok(false) };
        if id.to_string() == commit {
            return Ok(true);
        }
        at = books.commit(id)?.parents.first().copied();
    }
    Ok(false)
}
