//! A commit on top of whatever others committed meanwhile, if none of it touched what this one rests on.

use std::collections::BTreeMap;

use super::{Advance, Draft, Id, Repository, RepositoryError};

/// How often a commit is put on a branch that others move, at most.
pub const TRIES_MAX: u32 = 16;

/// The content each path must still have, or nothing for files that must not be there yet.
pub type Expected = BTreeMap<String, Option<Id>>;

/// Why a commit did not land.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// Others changed files that the commit changes or rests on. Nothing was changed.
    #[error("others changed {} meanwhile; read again, decide again", paths.join(", "))]
    Conflict {
        /// Which.
        paths: Vec<String>,
        /// Where the branch is.
        head: Option<Id>,
    },
    /// Others commit all the time. Nothing was changed.
    #[error("the branch moved {TRIES_MAX} times while this commit was being made")]
    Busy,
    /// The repository failed. The commit may have landed if it failed at moving the branch.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// The content that paths have at a commit.
///
/// # Errors
///
/// [`RepositoryError`].
pub fn expected_at<'a>(
    repository: &dyn Repository,
    at: Option<Id>,
    paths: impl IntoIterator<Item = &'a str>,
) -> Result<Expected, RepositoryError> {
    let id = |path: &str| at.map_or(Ok(None), |at| repository.file_id(at, path));
    paths.into_iter().map(|path| Ok((path.to_owned(), id(path)?))).collect()
}

/// Commits a draft on top of the branch: all of its files at once, and only while every path in `expected` has the content it is
/// expected to have, or already has the content the draft gives it. Other files may have changed in any way.
///
/// Returns the branch's commit that has the changes; that is no new one if there was nothing to change.
///
/// # Errors
///
/// [`PublishError`].
pub fn publish(
    repository: &dyn Repository,
    draft: &Draft,
    expected: &Expected,
) -> Result<Id, PublishError> {
    publish_watched(repository, draft, expected, &mut |_| Ok(()))
}

/// As [`publish`]; `watch` is told each commit before the branch is moved to it, and its error stops everything.
///
/// # Errors
///
/// [`PublishError`].
pub fn publish_watched(
    repository: &dyn Repository,
    draft: &Draft,
    expected: &Expected,
    watch: &mut dyn FnMut(Id) -> Result<(), RepositoryError>,
) -> Result<Id, PublishError> {
    for _ in 0..TRIES_MAX {
        let head = repository.head()?;
        let mut conflicts = Vec::new();
        let mut changes = draft.changes.clone();
        let all = draft.changes.keys().chain(expected.keys());
        let ids = expected_at(repository, head, all.map(String::as_str))?;
        for (path, id) in &ids {
            let wanted = draft
                .changes
                .get(path)
                .map(|text| text.as_ref().map(|text| repository.content_id(text.as_bytes())));
            if wanted.as_ref() == Some(id) {
                changes.remove(path);
            } else if expected.get(path).is_some_and(|expected| expected != id) {
                conflicts.push(path.clone());
            }
        }
        if !conflicts.is_empty() {
            return Err(PublishError::Conflict { paths: conflicts, head });
        }
        if let Some(head) = head.filter(|_| changes.is_empty()) {
            return Ok(head);
        }
        let commit = repository.write_commit(head, &Draft { changes, ..draft.clone() })?;
        watch(commit)?;
        if repository.advance(head, commit)? == Advance::Done {
            return Ok(commit);
        }
    }
    Err(PublishError::Busy)
}
