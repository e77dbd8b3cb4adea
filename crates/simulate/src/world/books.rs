//! The state's repository, as a process reaches it.

use std::sync::Arc;

use ledger::repository::{Advance, CommitInfo, Draft, Id, Repository, RepositoryError};

use super::Process;
use super::process::Failed;
use crate::executor::lock;
use crate::fault::Op;

/// The repository of a process: calls fail, and others commit while it waits.
#[derive(Debug)]
pub(crate) struct Books(pub(crate) Arc<Process>);

fn failed(doing: &str, failed: Failed) -> RepositoryError {
    let reason = match failed {
        Failed::Dead => "the process is dead",
        _ => "simulated: the repository does not answer",
    };
    RepositoryError::new(doing, reason)
}

impl Books {
    fn read_now<T: 'static>(
        &self,
        detail: &str,
        act: impl FnOnce() -> Result<T, RepositoryError>,
    ) -> Result<T, RepositoryError> {
        let fine = self.0.effect_now(Op::Read, detail, |_| ());
        fine.map_err(|error| failed("reading", error))?;
        act()
    }
}

impl Repository for Books {
    fn head(&self) -> Result<Option<Id>, RepositoryError> {
        let head = self.0.effect_now(Op::Head, "", |world| world.books.head());
        head.map_err(|error| failed("looking for the branch", error))?
    }

    fn file_id(&self, at: Id, path: &str) -> Result<Option<Id>, RepositoryError> {
        self.read_now(path, || self.0.world.books.file_id(at, path))
    }

    fn content_id(&self, content: &[u8]) -> Id {
        self.0.world.books.content_id(content)
    }

    fn read(&self, at: Id, path: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        self.read_now(path, || self.0.world.books.read(at, path))
    }

    fn list(&self, at: Id, folder: &str) -> Result<Vec<String>, RepositoryError> {
        self.read_now(folder, || self.0.world.books.list(at, folder))
    }

    fn commit(&self, id: Id) -> Result<CommitInfo, RepositoryError> {
        self.read_now("", || self.0.world.books.commit(id))
    }

    fn write_commit(&self, parent: Option<Id>, draft: &Draft) -> Result<Id, RepositoryError> {
        let copy = draft.clone();
        let id = self.0.effect_now(Op::Write, &draft.message, move |world| {
            let id = world.books.write_commit(parent, &copy)?;
            lock(&world.history).wrote(id, parent, &copy, false);
            Ok(id)
        });
        id.map_err(|error| failed("writing a commit", error))?
    }

    fn advance(&self, from: Option<Id>, to: Id) -> Result<Advance, RepositoryError> {
        let done = self.0.effect_now(Op::Advance, "", move |world| world.advance(from, to));
        done.map_err(|error| failed("moving the branch", error))?
    }
}
