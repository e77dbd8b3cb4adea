//! All files as they were at one commit.

use super::{Id, Repository, RepositoryError};
use crate::error::FileError;
use crate::file::JsonFile;
use crate::files::matrix::Matrix;
use crate::paths::Place;

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The repository failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// The file is wrong.
    #[error(transparent)]
    File(#[from] FileError),
}

/// One commit of a repository. It never changes.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot<'r> {
    repository: &'r dyn Repository,
    at: Id,
}

impl<'r> Snapshot<'r> {
    /// The files at a commit.
    #[must_use]
    pub fn new(repository: &'r dyn Repository, at: Id) -> Self {
        Self { repository, at }
    }

    /// The files at the branch's commit; nothing for a branch without commits.
    ///
    /// # Errors
    ///
    /// [`RepositoryError`].
    pub fn of_head(repository: &'r dyn Repository) -> Result<Option<Self>, RepositoryError> {
        Ok(repository.head()?.map(|at| Self::new(repository, at)))
    }

    /// Which commit.
    #[must_use]
    pub fn id(&self) -> Id {
        self.at
    }

    /// The text of a file; nothing if there is none.
    ///
    /// # Errors
    ///
    /// [`ReadError`]; a file that is no UTF-8 is wrong.
    pub fn text(&self, place: &Place) -> Result<Option<String>, ReadError> {
        let path = place.to_string();
        let Some(bytes) = self.repository.read(self.at, &path)? else { return Ok(None) };
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            FileError::whole(&path, format!("byte {at} is not UTF-8"), "save it as UTF-8")
        })?;
        Ok(Some(text))
    }

    /// A file, if it is there and not empty.
    ///
    /// # Errors
    ///
    /// [`ReadError`].
    pub fn find<T: JsonFile>(&self, place: &Place) -> Result<Option<T>, ReadError> {
        let text = self.text(place)?;
        Ok(T::from_optional(&place.to_string(), text.as_deref())?)
    }

    /// A file that must be there.
    ///
    /// # Errors
    ///
    /// [`ReadError`], also for a missing file.
    pub fn require<T: JsonFile>(&self, place: &Place) -> Result<T, ReadError> {
        let path = place.to_string();
        let text = self.text(place)?.ok_or_else(|| missing(&path, self.at))?;
        Ok(T::from_text(&path, &text)?)
    }

    /// A matrix; an empty one if there is none.
    ///
    /// # Errors
    ///
    /// [`ReadError`].
    pub fn matrix(&self, place: &Place) -> Result<Matrix, ReadError> {
        let text = self.text(place)?.unwrap_or_default();
        Ok(Matrix::from_text(&place.to_string(), &text)?)
    }

    /// The paths of all files below a folder (`""` for all files), sorted.
    ///
    /// # Errors
    ///
    /// [`RepositoryError`].
    pub fn list(&self, folder: &str) -> Result<Vec<String>, RepositoryError> {
        self.repository.list(self.at, folder)
    }
}

fn missing(path: &str, at: Id) -> FileError {
    FileError::whole(
        path,
        format!("the file is missing at commit {at}"),
        "restore it, or set the stage in state.json back to where it is made",
    )
}
