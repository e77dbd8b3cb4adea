//! The state of a competition as a git repository has it: snapshots, and commits that land whole or not at all.
//!
//! A [`Repository`] can do little: read at a commit, write a commit that no branch has, and move the branch from one commit to
//! another if nobody moved it meanwhile. [`publish`] makes of this what writers need, for every kind of repository.

mod git;
mod memory;
mod publish;
mod snapshot;

pub use git::GitRepository;
pub use memory::MemoryRepository;
pub use publish::{Expected, PublishError, TRIES_MAX, expected_at, publish, publish_watched};
pub use snapshot::{ReadError, Snapshot};

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;

/// The name of a commit, or of a file's content: 20 bytes, written as 40 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(pub [u8; 20]);

impl Id {
    /// From 40 hex digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut id = [0; 20];
        if text.len() != 40 || !text.is_ascii() {
            return None;
        }
        for (n, byte) in id.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * n..2 * n + 2], 16).ok()?;
        }
        Some(Self(id))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&faster_hex::hex_string(&self.0))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({self})")
    }
}

/// Who commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// For people.
    pub name: String,
    /// An address, or something like one.
    pub email: String,
}

/// A commit to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// As it will stand, every byte of it.
    pub message: String,
    /// Texts by path; nothing for a file to be deleted.
    pub changes: BTreeMap<String, Option<String>>,
    /// Who commits.
    pub author: Author,
    /// When.
    pub time: Timestamp,
}

/// What is known of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitInfo {
    /// The commits before it.
    pub parents: Vec<Id>,
    /// Its message.
    pub message: String,
    /// When it was made, to the second.
    pub time: Timestamp,
}

/// What came of moving a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advance {
    /// It is there.
    Done,
    /// It was not where it should have been; nothing changed.
    Moved,
}

/// One branch of a git repository. Calls may block; several may run at once.
///
/// All paths are relative, with `/`; see [`path_problem`] for what is refused.
pub trait Repository: Send + Sync + fmt::Debug {
    /// The branch's commit; nothing for a branch without commits.
    ///
    /// # Errors
    ///
    /// [`RepositoryError`].
    fn head(&self) -> Result<Option<Id>, RepositoryError>;

    /// The name of a file's content; nothing if there is no such file.
    ///
    /// # Errors
    ///
    /// [`RepositoryError`].
    fn file_id(&self, at: Id, path: &str) -> Result<Option<Id>, RepositoryError>;

    /// The name that content has.
    fn content_id(&self, content: &[u8]) -> Id;

    /// A file's content; nothing if there is no such file.
    ///
    /// # Errors
    ///
    /// [`RepositoryError`].
    fn read(&self, at: Id, path: &str) -> Result<Option<Vec<u8>>, RepositoryError>;

    /// The paths of all files below a folder (`""` for all files), sorted by bytes.
    ///
    /// # Errors
    ///
    /// [`RepositoryError`].
    fn list(&self, at: Id, folder: &str) -> Result<Vec<String>, RepositoryError>;

    /// The paths of all files that are another or are gone or new at `to`, sorted by bytes; all files for nothing as `from`.
    ///
    /// # Errors
    ///
    /// [`RepositoryError`].
    fn changes(&self, from: Option<Id>, to: Id) -> Result<Vec<String>, RepositoryError> {
        let mut paths = self.list(to, "")?;
        if let Some(from) = from {
            paths.extend(self.list(from, "")?);
            paths.sort_unstable();
            paths.dedup();
            let mut differ = Vec::new();
            for path in paths {
                if self.file_id(from, &path)? != self.file_id(to, &path)? {
                    differ.push(path);
                }
            }
            return Ok(differ);
        }
        Ok(paths)
    }

    /// What is known of a commit.
    ///
    /// # Errors
    ///
    /// [`RepositoryError`].
    fn commit(&self, id: Id) -> Result<CommitInfo, RepositoryError>;

    /// Writes a commit that is on no branch yet: `parent`'s files with the draft's changes. When this returns, it is on disk.
    ///
    /// # Errors
    ///
    /// [`RepositoryError`].
    fn write_commit(&self, parent: Option<Id>, draft: &Draft) -> Result<Id, RepositoryError>;

    /// Moves the branch if it still is at `from`. When this returns [`Advance::Done`], that is on disk. After an error it may have
    /// moved or not.
    ///
    /// # Errors
    ///
    /// [`RepositoryError`].
    fn advance(&self, from: Option<Id>, to: Id) -> Result<Advance, RepositoryError>;

    /// Whether `old` is `new` or one of the commits before it.
    ///
    /// # Errors
    ///
    /// [`RepositoryError`].
    fn contains(&self, new: Id, old: Id) -> Result<bool, RepositoryError> {
        let mut seen = BTreeSet::from([new]);
        let mut next = vec![new];
        while let Some(id) = next.pop() {
            if id == old {
                return Ok(true);
            }
            let parents = self.commit(id)?.parents;
            next.extend(parents.into_iter().filter(|parent| seen.insert(*parent)));
        }
        Ok(false)
    }
}

/// A repository that did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{doing}: {reason}")]
pub struct RepositoryError {
    /// What was to be done, with path or commit.
    pub doing: String,
    /// What went wrong, and what to do where that is known.
    pub reason: String,
}

impl RepositoryError {
    /// An error.
    #[must_use]
    pub fn new(doing: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self { doing: doing.into(), reason: reason.to_string() }
    }
}

/// What is wrong with a path, if anything: it must be relative, of at most 512 bytes, without control characters and `\`, and no
/// part of it may be empty, `.`, `..` or `.git`.
#[must_use]
pub fn path_problem(path: &str) -> Option<&'static str> {
    let part_problem = |part: &str| {
        part.is_empty() || part == "." || part == ".." || part.eq_ignore_ascii_case(".git")
    };
    if path.len() > 512 {
        Some("longer than 512 bytes")
    } else if path.chars().any(|c| c.is_control() || c == '\\') {
        Some("has a control character or a backslash")
    } else if path.split('/').any(part_problem) {
        Some("has an empty part, \".\", \"..\" or \".git\"")
    } else {
        None
    }
}

/// Refuses drafts with bad paths.
fn check_draft(draft: &Draft) -> Result<(), RepositoryError> {
    for path in draft.changes.keys() {
        if let Some(problem) = path_problem(path) {
            let shown = crate::error::shorten(path);
            return Err(RepositoryError::new(format!("writing \"{shown}\""), problem));
        }
    }
    Ok(())
}
