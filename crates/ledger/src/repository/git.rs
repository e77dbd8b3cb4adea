//! A bare git repository in a folder of this machine, as `git` itself reads and writes it.
//!
//! What is acknowledged is on disk: objects are synced before the branch moves, and the branch after. Processes of ours take
//! turns by a lock on `crucible.lock` in the repository; `git` itself is kept out by git's own lock on the branch.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gix::bstr::ByteSlice as _;
use gix::objs::tree::EntryMode;
use gix::refs::Target;
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit};
use jiff::Timestamp;
use rustix::fs::FlockOperation;

use super::{Advance, CommitInfo, Draft, Id, Repository, RepositoryError, check_draft};

/// A lock on the branch that is this old was left by a process that died: ours hold theirs for milliseconds.
const STALE_LOCK: Duration = Duration::from_secs(60);

/// Bytes of a file that is read, at most: a small pack may say that it unpacks to anything.
const READ_BYTES_MAX: usize = 64 << 20;

/// Folders inside each other, at most.
const FOLDERS_MAX: usize = 32;

/// Folders of one listing, at most: they may have each other many times over, without a file.
const TREES_MAX: usize = 1 << 16;

/// Paths of one listing, at most.
const PATHS_MAX: usize = 1 << 20;

/// Files that are synced at the same time.
const SYNC_THREADS: usize = 16;

/// One branch of a bare repository.
#[derive(Debug)]
pub struct GitRepository {
    repository: gix::ThreadSafeRepository,
    folder: PathBuf,
    branch: gix::refs::FullName,
}

impl GitRepository {
    /// Makes a bare repository in a new or empty folder, with `branch` (such as `main`) as its only one, without commits.
    ///
    /// # Errors
    ///
    /// [`RepositoryError`].
    pub fn create(folder: &Path, branch: &str) -> Result<Self, RepositoryError> {
        let doing = format!("creating the repository {}", folder.display());
        fs_err::create_dir_all(folder).map_err(|error| RepositoryError::new(&doing, error))?;
        let kind = gix::create::Kind::Bare;
        gix::ThreadSafeRepository::init_opts(
            folder,
            kind,
            gix::create::Options::default(),
            gix::open::Options::isolated(),
        )
        .map_err(|error| failed(&doing, &error))?;
        let name = branch_name(branch)?;
        fs_err::write(folder.join("HEAD"), format!("ref: {}\n", name.as_bstr()))
            .map_err(|error| RepositoryError::new(&doing, error))?;
        Self::open(folder, branch)
    }

    /// Opens a repository.
    ///
    /// # Errors
    ///
    /// [`RepositoryError`].
    pub fn open(folder: &Path, branch: &str) -> Result<Self, RepositoryError> {
        let doing = format!("opening the repository {}", folder.display());
        let options = gix::open::Options::isolated().open_path_as_is(true);
        let repository = gix::ThreadSafeRepository::open_opts(folder, options)
            .map_err(|error| failed(&doing, &error))?;
        let opened = Self { repository, folder: folder.to_owned(), branch: branch_name(branch)? };
        opened.remove_stale_lock().map_err(|error| RepositoryError::new(&doing, error))?;
        Ok(opened)
    }

    /// Opens somebody's repository, a bare one or a working copy, only to read it: nothing in its folder changes. Without a
    /// branch it is the one that is checked out.
    ///
    /// # Errors
    ///
    /// [`RepositoryError`].
    pub fn open_to_read(folder: &Path, branch: Option<&str>) -> Result<Self, RepositoryError> {
        let doing = format!("opening the repository {}", folder.display());
        let repository =
            gix::ThreadSafeRepository::open_opts(folder, gix::open::Options::isolated())
                .map_err(|error| failed(&doing, &error))?;
        let branch = match branch {
            Some(branch) => branch_name(branch)?,
            None => {
                let head = repository.to_thread_local().head_name();
                // A commit may be checked out instead of a branch.
                match head.map_err(|error| failed(&doing, &error))? {
                    Some(branch) => branch,
                    None => gix::refs::FullName::try_from("HEAD")
                        .map_err(|error| RepositoryError::new(&doing, error))?,
                }
            }
        };
        let folder = repository.to_thread_local().git_dir().to_owned();
        Ok(Self { repository, folder, branch })
    }

    /// Removes git's lock on the branch if a process died while it held it.
    fn remove_stale_lock(&self) -> std::io::Result<()> {
        let ours = self.take_turn()?;
        let lock = self.folder.join(format!("{}.lock", self.branch.as_bstr()));
        let Ok(found) = fs_err::metadata(&lock) else { return Ok(()) };
        // Our own file was written just now, so its time is the file system's clock.
        let age = ours.metadata()?.modified()?.duration_since(found.modified()?);
        if age.is_ok_and(|age| age >= STALE_LOCK) {
            fs_err::remove_file(&lock)?;
        }
        Ok(())
    }

    /// Waits for other processes and threads; the turn ends when the file is dropped.
    fn take_turn(&self) -> std::io::Result<File> {
        let path = self.folder.join("crucible.lock");
        let (mut file, _) = fs_err::File::create(path)?.into_parts();
        rustix::fs::flock(file.as_fd(), FlockOperation::LockExclusive)?;
        std::io::Write::write_all(&mut file, b"\n")?;
        Ok(file)
    }

    fn local(&self) -> gix::Repository {
        self.repository.to_thread_local()
    }

    fn entry<'r>(
        repository: &'r gix::Repository,
        at: Id,
        path: &str,
    ) -> gix::Result<Option<gix::object::tree::Entry<'r>>> {
        let tree = repository.find_commit(object_id(at))?.tree()?;
        let entry = tree.lookup_entry_by_path(path)?;
        Ok(entry.filter(|entry| entry.mode().is_blob()))
    }

    fn try_list(&self, at: Id, folder: &str) -> gix::Result<Vec<String>> {
        let repository = self.local();
        let root = repository.find_commit(object_id(at))?.tree()?;
        let mut open = if folder.is_empty() {
            vec![(String::new(), root)]
        } else {
            match root.lookup_entry_by_path(folder)? {
                Some(entry) if entry.mode().is_tree() => {
                    vec![(format!("{folder}/"), entry.object()?.into_tree())]
                }
                _ => Vec::new(),
            }
        };
        let mut paths = Vec::new();
        let mut trees = 0;
        while let Some((prefix, tree)) = open.pop() {
            trees += 1;
            not_too_many(trees, TREES_MAX, "folders")?;
            for entry in tree.iter() {
                let entry = entry?;
                let path = format!("{prefix}{}", entry.filename().to_str_lossy());
                if entry.mode().is_tree() {
                    not_too_many(prefix.matches('/').count(), FOLDERS_MAX, "folders in folders")?;
                    open.push((format!("{path}/"), entry.object()?.into_tree()));
                } else if entry.mode().is_blob() {
                    paths.push(path);
                }
            }
            not_too_many(paths.len() + open.len(), PATHS_MAX, "files")?;
        }
        paths.sort_unstable();
        Ok(paths)
    }

    /// Walks both trees where they differ.
    fn try_changes(&self, from: Option<Id>, to: Id) -> gix::Result<Vec<String>> {
        let repository = self.local();
        let root = |id: Id| {
            Ok::<_, gix::Error>(repository.find_commit(object_id(id))?.tree_id()?.detach())
        };
        let mut open = vec![(String::new(), from.map(root).transpose()?, Some(root(to)?))];
        let mut paths = Vec::new();
        let mut trees = 0;
        while let Some((prefix, old, new)) = open.pop() {
            trees += 1;
            not_too_many(trees, TREES_MAX, "folders")?;
            // By name: what it was, what it is.
            let mut entries = BTreeMap::<String, [Option<(EntryMode, gix::ObjectId)>; 2]>::new();
            for (side, tree) in [old, new].into_iter().enumerate() {
                let Some(tree) = tree else { continue };
                for entry in repository.find_tree(tree)?.iter() {
                    let entry = entry?;
                    let name = entry.filename().to_str_lossy().into_owned();
                    entries.entry(name).or_default()[side] =
                        Some((entry.mode(), entry.object_id()));
                }
            }
            for (name, [old, new]) in entries {
                if old == new {
                    continue;
                }
                let path = format!("{prefix}{name}");
                let tree = |side: Option<(EntryMode, _)>| {
                    side.filter(|(mode, _)| mode.is_tree()).map(|(_, id)| id)
                };
                let is_blob =
                    |side: Option<(EntryMode, _)>| side.is_some_and(|(mode, _)| mode.is_blob());
                if tree(old).is_some() || tree(new).is_some() {
                    not_too_many(prefix.matches('/').count(), FOLDERS_MAX, "folders in folders")?;
                    open.push((format!("{path}/"), tree(old), tree(new)));
                }
                let content = |side: Option<(EntryMode, _)>| side.map(|(_, id)| id);
                let same = is_blob(old) && is_blob(new) && content(old) == content(new);
                if (is_blob(old) || is_blob(new)) && !same {
                    paths.push(path);
                }
            }
            not_too_many(paths.len() + open.len(), PATHS_MAX, "files")?;
        }
        paths.sort_unstable();
        Ok(paths)
    }

    fn try_commit(&self, id: Id) -> gix::Result<CommitInfo> {
        let repository = self.local();
        let commit = repository.find_commit(object_id(id))?;
        Ok(CommitInfo {
            parents: commit.parent_ids().map(|parent| our_id(parent.detach())).collect(),
            message: commit.message_raw()?.to_str_lossy().into_owned(),
            time: Timestamp::from_second(commit.time()?.seconds).unwrap_or(Timestamp::UNIX_EPOCH),
        })
    }

    fn try_write(&self, parent: Option<Id>, draft: &Draft) -> gix::Result<Id> {
        let repository = self.local();
        let base = match parent {
            Some(parent) => repository.find_commit(object_id(parent))?.tree_id()?.detach(),
            None => gix::ObjectId::empty_tree(gix::hash::Kind::Sha1),
        };
        let mut tree = repository.edit_tree(base)?;
        for (path, text) in &draft.changes {
            match text {
                Some(text) => {
                    let blob = repository.write_blob(text)?;
                    tree.upsert(path.as_str(), gix::objs::tree::EntryKind::Blob, blob)?;
                }
                None => {
                    tree.remove(path.as_str())?;
                }
            }
        }
        let tree = tree.write()?.detach();
        let signature = gix::actor::Signature {
            name: draft.author.name.as_str().into(),
            email: draft.author.email.as_str().into(),
            time: gix::date::Time::new(draft.time.as_second(), 0),
        };
        let commit = repository.write_object(gix::objs::Commit {
            tree,
            parents: parent.into_iter().map(object_id).collect(),
            author: signature.clone(),
            committer: signature,
            encoding: None,
            message: draft.message.as_str().into(),
            extra_headers: Vec::new(),
        })?;
        Ok(our_id(commit.detach()))
    }

    /// The files of what a commit has that its parent may not have: itself, and files and folders on the changed paths.
    fn new_objects(&self, commit: Id, draft: &Draft) -> gix::Result<Vec<PathBuf>> {
        let repository = self.local();
        let root = repository.find_commit(object_id(commit))?.tree()?;
        let mut ids = vec![object_id(commit), root.id];
        for path in draft.changes.keys() {
            let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
            for end in ends {
                if let Some(entry) = root.lookup_entry_by_path(&path[..end])? {
                    ids.push(entry.object_id());
                }
            }
        }
        ids.sort_unstable();
        ids.dedup();
        let objects = self.folder.join("objects");
        Ok(ids
            .into_iter()
            .map(|id| {
                let hex = id.to_string();
                objects.join(&hex[..2]).join(&hex[2..])
            })
            .collect())
    }

    fn try_advance(&self, from: Option<Id>, to: Id) -> gix::Result<()> {
        let repository = self.local();
        let expected = match from {
            Some(from) => PreviousValue::MustExistAndMatch(Target::Object(object_id(from))),
            None => PreviousValue::MustNotExist,
        };
        let new = Target::Object(object_id(to));
        let change = Change::Update { log: LogChange::default(), expected, new };
        let edit = RefEdit { change, name: self.branch.clone(), deref: false };
        let commit = repository.find_commit(object_id(to))?;
        repository.edit_references_as([edit], Some(commit.committer()?))?;
        Ok(())
    }
}

impl Repository for GitRepository {
    fn head(&self) -> Result<Option<Id>, RepositoryError> {
        let repository = self.local();
        let found = repository.try_find_reference(self.branch.as_ref()).map_err(|error| {
            failed(&format!("reading the branch {}", self.branch.as_bstr()), &error)
        })?;
        Ok(found.and_then(|found| Some(our_id(found.target().try_id()?.to_owned()))))
    }

    fn file_id(&self, at: Id, path: &str) -> Result<Option<Id>, RepositoryError> {
        let repository = self.local();
        let entry = Self::entry(&repository, at, path);
        let entry = entry.map_err(|error| failed(&format!("reading {path} at {at}"), &error))?;
        Ok(entry.map(|entry| our_id(entry.object_id())))
    }

    fn content_id(&self, content: &[u8]) -> Id {
        let id = gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Blob, content);
        // Only text made to collide has no name; then every comparison fails, and nothing is taken for it.
        id.map_or(Id([0; 20]), our_id)
    }

    fn read(&self, at: Id, path: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        let repository = self.local();
        let content = Self::entry(&repository, at, path).and_then(|entry| {
            let Some(entry) = entry else { return Ok(None) };
            let size = repository.find_header(entry.object_id())?.size();
            not_too_many(usize::try_from(size).unwrap_or(usize::MAX), READ_BYTES_MAX, "bytes")?;
            Ok(Some(entry.object()?.data.clone()))
        });
        content.map_err(|error| failed(&format!("reading {path} at {at}"), &error))
    }

    fn list(&self, at: Id, folder: &str) -> Result<Vec<String>, RepositoryError> {
        self.try_list(at, folder)
            .map_err(|error| failed(&format!("listing \"{folder}\" at {at}"), &error))
    }

    fn changes(&self, from: Option<Id>, to: Id) -> Result<Vec<String>, RepositoryError> {
        self.try_changes(from, to)
            .map_err(|error| failed(&format!("comparing commits up to {to}"), &error))
    }

    fn commit(&self, id: Id) -> Result<CommitInfo, RepositoryError> {
        self.try_commit(id).map_err(|error| failed(&format!("reading commit {id}"), &error))
    }

    fn write_commit(&self, parent: Option<Id>, draft: &Draft) -> Result<Id, RepositoryError> {
        check_draft(draft)?;
        let doing = "writing a commit";
        let id = self.try_write(parent, draft).map_err(|error| failed(doing, &error))?;
        let files = self.new_objects(id, draft).map_err(|error| failed(doing, &error))?;
        let folders = files.iter().filter_map(|file| Some(file.parent()?.to_owned()));
        let mut all: Vec<PathBuf> = folders.chain([self.folder.join("objects")]).collect();
        all.sort_unstable();
        all.dedup();
        all.extend(files);
        sync_all(&all).map_err(|error| RepositoryError::new(doing, error))?;
        Ok(id)
    }

    fn advance(&self, from: Option<Id>, to: Id) -> Result<Advance, RepositoryError> {
        let name = self.branch.as_bstr();
        let doing = format!("moving the branch {name} to {to}");
        let io = |error: std::io::Error| RepositoryError::new(&doing, error);
        let _turn = self.take_turn().map_err(io)?;
        if self.head()? != from {
            return Ok(Advance::Moved);
        }
        if let Err(error) = self.try_advance(from, to) {
            // `git` itself may have moved it.
            return match self.head()? {
                head if head == Some(to) => Ok(Advance::Done),
                head if head != from => Ok(Advance::Moved),
                _ => Err(RepositoryError::new(
                    &doing,
                    format_args!(
                        "{}; if no git is running, delete {name}.lock in {}",
                        why(&error),
                        self.folder.display()
                    ),
                )),
            };
        }
        let file = self.folder.join(name.to_str_lossy().as_ref());
        sync_path(&file).map_err(io)?;
        if let Some(folder) = file.parent() {
            sync_path(folder).map_err(io)?;
        }
        Ok(Advance::Done)
    }
}

/// Syncs files and folders, many at a time: disks do that at little more than the price of one.
fn sync_all(paths: &[PathBuf]) -> std::io::Result<()> {
    let each = paths.len().div_ceil(SYNC_THREADS).max(1);
    std::thread::scope(|scope| {
        let sync = |part: &[PathBuf]| part.iter().try_for_each(|path| sync_path(path));
        let parts: Vec<_> =
            paths.chunks(each).map(|part| scope.spawn(move || sync(part))).collect();
        let died = || std::io::Error::other("a thread that synced files died");
        parts.into_iter().try_for_each(|part| part.join().unwrap_or_else(|_| Err(died())))
    })
}

/// Syncs a file or a folder; fine if it is not there: `git` may have packed it.
fn sync_path(path: &Path) -> std::io::Result<()> {
    match fs_err::File::open(path) {
        Ok(file) => file.sync_all(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn branch_name(branch: &str) -> Result<gix::refs::FullName, RepositoryError> {
    let name = gix::refs::FullName::try_from(format!("refs/heads/{branch}"));
    name.map_err(|error| {
        let shown = crate::error::shorten(branch);
        RepositoryError::new(format!("naming a branch \"{shown}\""), error)
    })
}

fn failed(doing: &str, error: &gix::Error) -> RepositoryError {
    RepositoryError::new(doing, why(error))
}

/// An error and what caused it, on one line.
fn why(error: &gix::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        text.push_str(&format!(": {deeper}"));
        cause = deeper.source();
    }
    text.replace('\n', " ")
}

fn object_id(id: Id) -> gix::ObjectId {
    gix::ObjectId::Sha1(id.0)
}

fn our_id(id: gix::ObjectId) -> Id {
    let mut bytes = [0; 20];
    bytes.copy_from_slice(&id.as_bytes()[..20]);
    Id(bytes)
}

/// An error for more than a limit.
fn not_too_many(found: usize, limit: usize, what: &str) -> gix::Result<()> {
    if found <= limit {
        return Ok(());
    }
    let text = format!("{found} {what}, the limit is {limit}");
    Err(gix::Exn::from(std::io::Error::other(text)).into())
}
