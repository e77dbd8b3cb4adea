//! Collects files and commits them together, at most once in an interval, and loses nothing it acknowledged.
//!
//! What [`Batcher::put`] acknowledges is in a [`Journal`]; from there it comes back after a crash. Before the branch is moved
//! the journal is told to which commit, so that after a crash between the two it is known whether that happened.
//!
//! Each file must still be what it was when it was first put: if others changed it, the whole batch stays where it is, and
//! the caller is told. Other files may change in any way.
//!
//! The clock comes in as an argument: time since any fixed moment, which never goes back, for intervals; and the time of day,
//! for commits.

mod entry;
mod journal;

pub use journal::{FileJournal, Journal};

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use entry::{Entry, PutFile, PutRow};
use indexmap::IndexMap;
use indexmap::map::Entry as Slot;
use jiff::Timestamp;

use crate::json::{self, Json, Object, Style};
use crate::repository::{
    Author, Draft, Expected, Id, PublishError, Repository, RepositoryError, path_problem,
    publish_watched,
};

/// When to commit, and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// After a commit, the next one is due so much later.
    pub interval: Duration,
    /// After the first failure; it doubles with each further one, up to the interval.
    pub retry: Duration,
    /// Who commits.
    pub author: Author,
}

impl Settings {
    /// Ten minutes, and one after a failure: what the original's services do.
    #[must_use]
    pub fn new(author: Author) -> Self {
        Self { interval: Duration::from_secs(600), retry: Duration::from_secs(60), author }
    }
}

/// The time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Since any fixed moment; never goes back.
    pub elapsed: Duration,
    /// Of day.
    pub time: Timestamp,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The journal cannot be used. What it acknowledged is still in it.
    #[error("the journal of pending files: {0}")]
    Journal(#[from] std::io::Error),
    /// The journal was damaged from outside.
    #[error(
        "the journal of pending files, line {line}: damaged; files below that line are not committed yet: \
         look at them, then delete the line"
    )]
    Damaged {
        /// From 1.
        line: usize,
    },
    /// Members can be put into objects only.
    #[error("{path} is no JSON object, so nothing can be added to it: mend it or delete it")]
    NoObject {
        /// Of the file.
        path: String,
    },
    /// A path no repository has.
    #[error("\"{path}\" is no path for a file: it {problem}")]
    Path {
        /// As given.
        path: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// The batch did not land; it will be tried again.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The repository failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Commits in doubt that are remembered, at most.
const IN_DOUBT_MAX: usize = 64;

/// A member of a file that is an object.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// Of the file.
    pub path: &'a str,
    /// The member's name.
    pub key: &'a str,
    /// What it says.
    pub value: Json,
}

/// Which content [`Batcher::read`] gives: the same version of a file reads the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// There is no such file.
    Missing,
    /// As the base has it.
    Committed(Id),
    /// As it was put, by the number of the put.
    Pending(u64),
}

/// What is to be in a file.
#[derive(Debug, Clone)]
enum Content {
    Text(String),
    /// An object that grows member by member; [`Style::Indented`].
    Object(Object),
}

impl Content {
    fn to_text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Object(members) => json::write(&Json::Object(members.clone()), Style::Indented),
        }
    }

    fn is_object(&self) -> bool {
        match self {
            Self::Object(_) => true,
            Self::Text(text) => members_of(text).is_some(),
        }
    }
}

/// None of a text that is empty; nothing of what is no object.
fn members_of(text: &str) -> Option<Object> {
    if text.trim().is_empty() {
        return Some(Object::new());
    }
    match json::read(text) {
        Ok(Json::Object(members)) => Some(members),
        _ => None,
    }
}

/// A file that is not committed yet.
#[derive(Debug, Clone)]
struct Pending {
    content: Content,
    /// What the file must still be.
    expected: Option<Id>,
    /// Number of the first put that rests on the same content.
    first: u64,
    /// Number of the last put.
    number: u64,
}

/// A commit the branch was told to move to.
#[derive(Debug, Clone, Copy)]
struct Intent {
    commit: Id,
    /// Puts up to this one are in it.
    number: u64,
}

/// Collects files and commits them together.
#[derive(Debug)]
pub struct Batcher {
    repository: Arc<dyn Repository>,
    journal: Box<dyn Journal>,
    /// Good bytes of the journal.
    journal_len: u64,
    /// The journal may end with a torn line.
    torn: bool,
    settings: Settings,
    /// What the caller's decisions rest on.
    base: Option<Id>,
    pending: IndexMap<String, Pending>,
    messages: BTreeMap<String, u64>,
    guards: Expected,
    /// Commits of which it is not known whether the branch moved to them, oldest first.
    in_doubt: Vec<Intent>,
    last_number: u64,
    next_at: Duration,
    failures: u32,
}

impl Batcher {
    /// Takes up the work where the journal says it is. The first commit is due at once.
    ///
    /// # Errors
    ///
    /// [`BatchError`].
    pub fn open(
        repository: Arc<dyn Repository>,
        mut journal: Box<dyn Journal>,
        settings: Settings,
    ) -> Result<Self, BatchError> {
        let bytes = journal.read()?;
        let (texts, journal_len) =
            journal::lines(&bytes).map_err(|damage| BatchError::Damaged { line: damage.line })?;
        let mut batcher = Self {
            base: repository.head()?,
            repository,
            journal_len,
            torn: journal_len < bytes.len() as u64,
            settings,
            pending: IndexMap::new(),
            messages: BTreeMap::new(),
            guards: Expected::new(),
            in_doubt: Vec::new(),
            last_number: 0,
            next_at: Duration::ZERO,
            failures: 0,
            journal,
        };
        for (n, text) in texts.into_iter().enumerate() {
            let entry = Entry::parse(text).ok_or(BatchError::Damaged { line: n + 1 })?;
            batcher.apply(entry);
        }
        batcher.settle()?;
        Ok(batcher)
    }

    /// Takes a file. When this returns, the file will be committed, whatever happens to this process.
    ///
    /// It replaces what was put at the same path before. Each line of `message` becomes a line of the commit's message, once.
    ///
    /// # Errors
    ///
    /// [`BatchError`]; the file was not taken.
    pub fn put(&mut self, path: &str, text: &str, message: &str) -> Result<(), BatchError> {
        self.put_all(&[(path, text)], message)
    }

    /// Takes several files that belong together, by path: all of them or none, and they land in one commit.
    ///
    /// # Errors
    ///
    /// [`BatchError`]; none of the files was taken.
    pub fn put_all(&mut self, files: &[(&str, &str)], message: &str) -> Result<(), BatchError> {
        self.put_parts(files, Vec::new(), message)
    }

    /// Takes members of files that are objects, each in place of the member of the same name, or at the end: all of them or none,
    /// as [`Self::put_all`]. The files are written in [`Style::Indented`]. What this costs does not grow with what the files have
    /// already, but for the first row of a file after a commit.
    ///
    /// # Errors
    ///
    /// [`BatchError`]; none of the rows was taken.
    pub fn put_rows(&mut self, rows: Vec<Row<'_>>, message: &str) -> Result<(), BatchError> {
        self.put_parts(&[], rows, message)
    }

    /// Takes files as [`Self::put_all`] and rows of other files as [`Self::put_rows`]: all of them or none.
    ///
    /// # Errors
    ///
    /// [`BatchError`]; nothing was taken.
    pub fn put_parts(
        &mut self,
        files: &[(&str, &str)],
        rows: Vec<Row<'_>>,
        message: &str,
    ) -> Result<(), BatchError> {
        let mut whole = Vec::new();
        for &(path, text) in files {
            whole.push(self.put_file(path, text.to_owned())?);
        }
        let mut fresh: IndexMap<&str, Object> = IndexMap::new();
        let mut more = Vec::new();
        for Row { path, key, value } in rows {
            let not_there = || BatchError::NoObject { path: crate::error::shorten(path) };
            if let Some(pending) = self.pending.get(path) {
                if !pending.content.is_object() {
                    return Err(not_there());
                }
                more.push(PutRow { path: path.to_owned(), key: key.to_owned(), value });
                continue;
            }
            let members = match fresh.entry(path) {
                Slot::Occupied(members) => members.into_mut(),
                Slot::Vacant(place) => {
                    let text = self.base_text(path)?;
                    let members = text.and_then(|text| members_of(&text));
                    place.insert(members.ok_or_else(not_there)?)
                }
            };
            members.insert(key.to_owned(), value);
        }
        for (path, members) in fresh {
            whole.push(self.put_file(path, Content::Object(members).to_text())?);
        }
        self.write_put(whole, more, message)
    }

    fn put_file(&self, path: &str, text: String) -> Result<PutFile, BatchError> {
        if let Some(problem) = path_problem(path) {
            return Err(BatchError::Path { path: crate::error::shorten(path), problem });
        }
        let expected = match self.pending.get(path) {
            Some(pending) => pending.expected,
            None => self.file_id(self.base, path)?,
        };
        Ok(PutFile { path: path.to_owned(), text, expected })
    }

    /// The text of a file at the base, empty if there is none; nothing if it is no text.
    fn base_text(&self, path: &str) -> Result<Option<String>, BatchError> {
        let Some(base) = self.base else { return Ok(Some(String::new())) };
        let bytes = self.repository.read(base, path)?.unwrap_or_default();
        Ok(String::from_utf8(bytes).ok())
    }

    fn write_put(
        &mut self,
        files: Vec<PutFile>,
        rows: Vec<PutRow>,
        message: &str,
    ) -> Result<(), BatchError> {
        if files.is_empty() && rows.is_empty() {
            return Ok(());
        }
        if self.pending.is_empty() {
            // The journal may have been emptied since they were set.
            for (path, expected) in self.guards.clone() {
                self.write(Entry::Guard { path, expected })?;
            }
        }
        self.write(Entry::Put { files, rows, message: message.to_owned() })
    }

    /// Does not commit a file that was put: what others made of it stays.
    ///
    /// # Errors
    ///
    /// [`BatchError`]; nothing changed.
    pub fn drop_pending(&mut self, path: &str) -> Result<(), BatchError> {
        self.write(Entry::Drop { path: path.to_owned() })?;
        if self.pending.is_empty() {
            self.messages.clear();
            self.clear();
        }
        Ok(())
    }

    /// Commits a file that was put although others changed it meanwhile, in the place of what it is now.
    ///
    /// # Errors
    ///
    /// [`BatchError`]; nothing changed.
    pub fn overwrite(&mut self, path: &str) -> Result<(), BatchError> {
        let expected = self.file_id(self.repository.head()?, path)?;
        self.write(Entry::Expect { path: path.to_owned(), expected })
    }

    /// Commits nothing any more if this file, which others write, is not what it is at the base. For `state.json`: work for a
    /// stage that an operator ended must not land.
    ///
    /// # Errors
    ///
    /// [`BatchError`]; nothing changed.
    pub fn guard(&mut self, path: &str) -> Result<(), BatchError> {
        let expected = self.file_id(self.base, path)?;
        self.note(Entry::Guard { path: path.to_owned(), expected })
    }

    /// Ends a guard.
    ///
    /// # Errors
    ///
    /// [`BatchError`]; nothing changed.
    pub fn unguard(&mut self, path: &str) -> Result<(), BatchError> {
        self.note(Entry::Unguard { path: path.to_owned() })
    }

    /// A file as it will be: as it was put, or as it is at the base.
    ///
    /// # Errors
    ///
    /// [`BatchError`].
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, BatchError> {
        if let Some(pending) = self.pending.get(path) {
            return Ok(Some(pending.content.to_text().into_bytes()));
        }
        Ok(match self.base {
            Some(base) => self.repository.read(base, path)?,
            None => None,
        })
    }

    /// Which content [`Self::read`] gives. It costs less than reading.
    ///
    /// # Errors
    ///
    /// [`BatchError`].
    pub fn version(&self, path: &str) -> Result<Version, BatchError> {
        if let Some(pending) = self.pending.get(path) {
            return Ok(Version::Pending(pending.number));
        }
        Ok(self.file_id(self.base, path)?.map_or(Version::Missing, Version::Committed))
    }

    /// The commit that reads and decisions rest on.
    #[must_use]
    pub fn base(&self) -> Option<Id> {
        self.base
    }

    /// Makes the branch's commit the base. Files that were put must still be what they were then; guards what they were.
    ///
    /// # Errors
    ///
    /// [`BatchError`].
    pub fn refresh(&mut self) -> Result<(), BatchError> {
        self.settle()?;
        self.base = self.repository.head()?;
        Ok(())
    }

    /// Paths that are not committed yet, in the order of their first put.
    pub fn pending(&self) -> impl Iterator<Item = &str> {
        self.pending.keys().map(String::as_str)
    }

    /// When [`Batcher::tick`] will have something to do, in the time of [`Now::elapsed`].
    #[must_use]
    pub fn next_commit_at(&self) -> Option<Duration> {
        (!self.pending.is_empty()).then_some(self.next_at)
    }

    /// Commits if it is time. Returns the commit that has the files, if it was.
    ///
    /// # Errors
    ///
    /// [`BatchError`]; everything stays pending and is tried again later.
    pub fn tick(&mut self, now: Now) -> Result<Option<Id>, BatchError> {
        match self.next_commit_at() {
            Some(at) if at <= now.elapsed => self.flush(now),
            _ => Ok(None),
        }
    }

    /// Commits now. When this returns, nothing is pending; the commit that has it all is returned, if anything was.
    ///
    /// # Errors
    ///
    /// [`BatchError`]; everything stays pending and is tried again later.
    pub fn flush(&mut self, now: Now) -> Result<Option<Id>, BatchError> {
        let mut result = self.commit(now);
        if let Err(BatchError::Publish(PublishError::Conflict { .. })) = &result
            && !self.in_doubt.is_empty()
        {
            // A commit of ours that seemed lost may have come in late and be all that changed.
            result = self.commit(now);
        }
        match &result {
            Ok(None) => {}
            Ok(Some(_)) => {
                self.failures = 0;
                self.next_at = now.elapsed.saturating_add(self.settings.interval);
            }
            Err(_) => {
                let doubled = self.settings.retry.saturating_mul(1 << self.failures.min(16));
                self.next_at = now.elapsed.saturating_add(doubled.min(self.settings.interval));
                self.failures = self.failures.saturating_add(1);
            }
        }
        result
    }

    fn commit(&mut self, now: Now) -> Result<Option<Id>, BatchError> {
        let settled = self.settle()?;
        if self.pending.is_empty() {
            if self.journal_len > 0 || self.torn {
                self.clear();
            }
            return Ok(settled);
        }
        let expected = self.pending.iter().map(|(path, file)| (path.clone(), file.expected));
        let expected: Expected = self.guards.clone().into_iter().chain(expected).collect();
        let changes =
            self.pending.iter().map(|(path, file)| (path.clone(), Some(file.content.to_text())));
        let lines: Vec<&str> = self.messages.keys().map(String::as_str).collect();
        let draft = Draft {
            message: lines.join("\n"),
            changes: changes.collect(),
            author: self.settings.author.clone(),
            time: now.time,
        };
        let repository = Arc::clone(&self.repository);
        let mut watch = |commit| {
            let written = self.write(Entry::Intent { commit });
            written.map_err(|error| RepositoryError::new("noting down a commit", error))
        };
        let landed = publish_watched(&*repository, &draft, &expected, &mut watch)?;
        self.landed(Intent { commit: landed, number: self.last_number })?;
        Ok(Some(landed))
    }

    /// Finds out whether one of the commits in doubt landed, and forgets what it has. Those that did not stay in doubt: a request
    /// to move the branch may be late.
    fn settle(&mut self) -> Result<Option<Id>, BatchError> {
        let Some(head) = self.repository.head()? else { return Ok(None) };
        for intent in self.in_doubt.clone().into_iter().rev() {
            if self.repository.contains(head, intent.commit)? {
                self.landed(intent)?;
                return Ok(Some(intent.commit));
            }
        }
        Ok(None)
    }

    /// Everything up to a put is in a commit of the branch.
    fn landed(&mut self, intent: Intent) -> Result<(), BatchError> {
        let ours = |path: &&String| self.pending.contains_key(*path);
        let landed_guards: Vec<String> = self.guards.keys().filter(ours).cloned().collect();
        let mut superseded = Vec::new();
        for (path, file) in &self.pending {
            if file.first <= intent.number && intent.number < file.number {
                superseded.push((path.clone(), self.file_id(Some(intent.commit), path)?));
            }
        }
        for path in landed_guards {
            let id = self.file_id(Some(intent.commit), &path)?;
            self.guards.insert(path, id);
        }
        // Put again after the commit was made: what must still be there is what the commit has.
        for (path, id) in superseded {
            if let Some(file) = self.pending.get_mut(&path) {
                file.expected = id;
                file.first = file.number;
            }
        }
        self.pending.retain(|_, file| file.number > intent.number);
        self.messages.retain(|_, number| *number > intent.number);
        self.base = Some(intent.commit);
        self.in_doubt.clear();
        if self.pending.is_empty() {
            self.clear();
        }
        Ok(())
    }

    /// Empties the journal. If that fails, its lines are understood all the same: the last intent says that they landed.
    fn clear(&mut self) {
        if self.journal.truncate(0).is_ok() {
            self.journal_len = 0;
            self.torn = false;
        }
    }

    /// As [`Self::write`], but while nothing is pending the journal need not know: [`Self::put_all`] tells it.
    fn note(&mut self, entry: Entry) -> Result<(), BatchError> {
        if !self.pending.is_empty() {
            return self.write(entry);
        }
        self.apply(entry);
        Ok(())
    }

    /// Writes a line to the journal, and does what it says.
    fn write(&mut self, entry: Entry) -> Result<(), BatchError> {
        if self.torn {
            self.journal.truncate(self.journal_len)?;
            self.torn = false;
        }
        let line = journal::line(&entry.to_text());
        self.torn = true;
        self.journal.append(line.as_bytes())?;
        self.torn = false;
        self.journal_len += line.len() as u64;
        self.apply(entry);
        Ok(())
    }

    fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Put { files, rows, message } => {
                self.last_number += 1;
                let number = self.last_number;
                for line in message.lines() {
                    self.messages.insert(line.to_owned(), number);
                }
                for PutFile { path, text, expected } in files {
                    let before = self.pending.get(&path).filter(|file| file.expected == expected);
                    let first = before.map_or(number, |file| file.first);
                    let content = Content::Text(text);
                    self.pending.insert(path, Pending { content, expected, first, number });
                }
                for PutRow { path, key, value } in rows {
                    // Rows were taken for files that were pending then.
                    let Some(file) = self.pending.get_mut(&path) else { continue };
                    file.number = number;
                    if let Content::Text(text) = &file.content {
                        file.content = Content::Object(members_of(text).unwrap_or_default());
                    }
                    if let Content::Object(members) = &mut file.content {
                        members.insert(key, value);
                    }
                }
            }
            Entry::Drop { path } => {
                self.pending.shift_remove(&path);
            }
            Entry::Expect { path, expected } => {
                if let Some(file) = self.pending.get_mut(&path) {
                    file.expected = expected;
                }
            }
            Entry::Guard { path, expected } => {
                self.guards.insert(path, expected);
            }
            Entry::Unguard { path } => {
                self.guards.remove(&path);
            }
            Entry::Intent { commit } => {
                if self.in_doubt.len() == IN_DOUBT_MAX {
                    self.in_doubt.remove(0);
                }
                self.in_doubt.push(Intent { commit, number: self.last_number });
            }
        }
    }

    fn file_id(&self, at: Option<Id>, path: &str) -> Result<Option<Id>, RepositoryError> {
        at.map_or(Ok(None), |at| self.repository.file_id(at, path))
    }
}
