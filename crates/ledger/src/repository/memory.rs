//! A repository in memory, for simulations and tests: the same rules, no disk. Names of commits follow from their content.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

use super::{Advance, CommitInfo, Draft, Id, Repository, RepositoryError, check_draft};

/// One branch and its commits.
#[derive(Debug, Default)]
pub struct MemoryRepository {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    head: Option<Id>,
    commits: BTreeMap<Id, Commit>,
}

#[derive(Debug)]
struct Commit {
    info: CommitInfo,
    files: BTreeMap<String, (Id, Arc<str>)>,
}

impl MemoryRepository {
    /// Without commits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while it holds the lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, id: Id, look: impl Fn(&Commit) -> T) -> Result<T, RepositoryError> {
        let inner = self.inner();
        let commit = inner.commits.get(&id);
        commit
            .map(look)
            .ok_or_else(|| RepositoryError::new(format!("reading commit {id}"), "there is none"))
    }
}

/// A name that follows from parts.
fn id_of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Id {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.len().to_le_bytes());
        hasher.update(part);
    }
    let mut id = [0; 20];
    id.copy_from_slice(&hasher.finalize()[..20]);
    Id(id)
}

impl Repository for MemoryRepository {
    fn head(&self) -> Result<Option<Id>, RepositoryError> {
        Ok(self.inner().head)
    }

    fn file_id(&self, at: Id, path: &str) -> Result<Option<Id>, RepositoryError> {
        self.with(at, |commit| commit.files.get(path).map(|(id, _)| *id))
    }

    fn content_id(&self, content: &[u8]) -> Id {
        id_of([content])
    }

    fn read(&self, at: Id, path: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        self.with(at, |commit| commit.files.get(path).map(|(_, text)| text.as_bytes().to_vec()))
    }

    fn list(&self, at: Id, folder: &str) -> Result<Vec<String>, RepositoryError> {
        let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        self.with(at, |commit| {
            commit.files.keys().filter(|path| path.starts_with(&folder)).cloned().collect()
        })
    }

    fn commit(&self, id: Id) -> Result<CommitInfo, RepositoryError> {
        self.with(id, |commit| commit.info.clone())
    }

    fn write_commit(&self, parent: Option<Id>, draft: &Draft) -> Result<Id, RepositoryError> {
        check_draft(draft)?;
        let mut files = match parent {
            Some(parent) => self.with(parent, |commit| commit.files.clone())?,
            None => BTreeMap::new(),
        };
        for (path, text) in &draft.changes {
            match text {
                Some(text) => {
                    let content = (self.content_id(text.as_bytes()), Arc::from(text.as_str()));
                    files.insert(path.clone(), content);
                }
                None => {
                    files.remove(path);
                }
            }
        }
        let seconds = draft.time.as_second().to_le_bytes();
        let parent_bytes = parent.map(|parent| parent.0);
        let head = [
            draft.message.as_bytes(),
            &seconds,
            parent_bytes.as_ref().map_or(&[], |id| id.as_slice()),
        ];
        let body = files.iter().flat_map(|(path, (id, _))| [path.as_bytes(), id.0.as_slice()]);
        let id = id_of(head.into_iter().chain(body));
        let info = CommitInfo {
            parents: parent.into_iter().collect(),
            message: draft.message.clone(),
            time: draft.time,
        };
        self.inner().commits.insert(id, Commit { info, files });
        Ok(id)
    }

    fn advance(&self, from: Option<Id>, to: Id) -> Result<Advance, RepositoryError> {
        let mut inner = self.inner();
        if inner.head != from {
            return Ok(Advance::Moved);
        }
        inner.head = Some(to);
        Ok(Advance::Done)
    }
}
