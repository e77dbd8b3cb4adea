//! The files of a competition as a plain folder, without git: one state and no history.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use ledger::repository::{
    Advance, CommitInfo, Draft, Id, Repository, RepositoryError, path_problem,
};
use sha2::{Digest as _, Sha256};

/// Bytes of one file, at most.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Files, at most.
const FILES_MAX: usize = 1 << 20;

/// Folders inside each other, at most.
const DEPTH_MAX: usize = 32;

/// The one state there is.
const NOW: Id = Id([0; 20]);

/// A plain folder as a repository of one commit that can only be read. Links are not followed; `.git` and what else begins with a
/// dot is left out.
#[derive(Debug)]
pub struct FolderRepository {
    folder: PathBuf,
}

impl FolderRepository {
    /// Of a folder.
    ///
    /// # Errors
    ///
    /// It is none.
    pub fn open(folder: &Path) -> Result<Self, RepositoryError> {
        let doing = || format!("opening the folder {}", folder.display());
        let metadata =
            fs_err::metadata(folder).map_err(|error| RepositoryError::new(doing(), error))?;
        if !metadata.is_dir() {
            return Err(RepositoryError::new(doing(), "it is no folder"));
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// The place of a path, if neither it nor a folder on the way is a link.
    fn place(&self, path: &str) -> Option<(PathBuf, std::fs::Metadata)> {
        if path_problem(path).is_some() {
            return None;
        }
        let mut place = self.folder.clone();
        let mut metadata = None;
        for part in path.split('/') {
            place.push(part);
            let found = fs_err::symlink_metadata(&place).ok()?;
            if found.is_symlink() {
                return None;
            }
            metadata = Some(found);
        }
        metadata.map(|metadata| (place, metadata))
    }

    fn try_list(&self, folder: &str) -> std::io::Result<Vec<String>> {
        let start = if folder.is_empty() {
            self.folder.clone()
        } else {
            match self.place(folder) {
                Some((place, metadata)) if metadata.is_dir() => place,
                _ => return Ok(Vec::new()),
            }
        };
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let mut open = vec![(prefix, start, 0)];
        let mut paths = Vec::new();
        while let Some((prefix, folder, depth)) = open.pop() {
            if depth > DEPTH_MAX || paths.len() + open.len() > FILES_MAX {
                return Err(std::io::Error::other(format!(
                    "more than {FILES_MAX} files, or {DEPTH_MAX} folders inside each other"
                )));
            }
            for entry in fs_err::read_dir(&folder)? {
                let entry = entry?;
                // What is no text is no file of a competition.
                let Ok(name) = entry.file_name().into_string() else { continue };
                if name.starts_with('.') {
                    continue;
                }
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    open.push((format!("{prefix}{name}/"), entry.path(), depth + 1));
                } else if kind.is_file() {
                    paths.push(format!("{prefix}{name}"));
                }
            }
        }
        paths.sort_unstable();
        Ok(paths)
    }

    fn try_read(&self, path: &str) -> std::io::Result<Option<Vec<u8>>> {
        let Some((place, metadata)) = self.place(path) else { return Ok(None) };
        if !metadata.is_file() {
            return Ok(None);
        }
        if metadata.len() > FILE_BYTES_MAX {
            return Err(std::io::Error::other(format!(
                "{} bytes, the limit is {FILE_BYTES_MAX}",
                metadata.len()
            )));
        }
        let mut bytes = Vec::new();
        fs_err::File::open(place)?.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }
}

fn only_read() -> RepositoryError {
    RepositoryError::new("writing into a plain folder", "it can only be read")
}

impl Repository for FolderRepository {
    fn head(&self) -> Result<Option<Id>, RepositoryError> {
        Ok(Some(NOW))
    }

    fn file_id(&self, at: Id, path: &str) -> Result<Option<Id>, RepositoryError> {
        Ok(self.read(at, path)?.map(|bytes| self.content_id(&bytes)))
    }

    fn content_id(&self, content: &[u8]) -> Id {
        let mut id = [0; 20];
        id.copy_from_slice(&Sha256::digest(content)[..20]);
        Id(id)
    }

    fn read(&self, _: Id, path: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        self.try_read(path).map_err(|error| RepositoryError::new(format!("reading {path}"), error))
    }

    fn list(&self, _: Id, folder: &str) -> Result<Vec<String>, RepositoryError> {
        let doing = || format!("listing {}", self.folder.join(folder).display());
        self.try_list(folder).map_err(|error| RepositoryError::new(doing(), error))
    }

    fn commit(&self, _: Id) -> Result<CommitInfo, RepositoryError> {
        Ok(CommitInfo { parents: Vec::new(), message: String::new(), time: Timestamp::UNIX_EPOCH })
    }

    fn write_commit(&self, _: Option<Id>, _: &Draft) -> Result<Id, RepositoryError> {
        Err(only_read())
    }

    fn advance(&self, _: Option<Id>, _: Id) -> Result<Advance, RepositoryError> {
        Err(only_read())
    }
}
