//! Where files are read and written: the branch's commit with the batcher's pending files on top.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ledger::batcher::{BatchError, Batcher, Now, Row, Settings as BatchSettings, Version};

use ledger::files::outputs::{Output, Outputs};
use ledger::json::Json;
use ledger::repository::{Id, PublishError, RepositoryError};
use ledger::{Field as _, FileError, JsonFile, MinerFile, Place, Round, RoundFile, hotkey10};

use super::merge::merge;
use crate::owner::TurnError;
use crate::ports::Ports;

/// How often a commit is tried when others keep changing the same files.
const MERGES_MAX: usize = 4;

/// Why a file was not read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum DeskError {
    /// A person has to mend it.
    #[error("{0}")]
    Operator(String),
    /// It may work later.
    #[error("{0}")]
    Later(String),
}

impl DeskError {
    fn later(error: impl fmt::Display) -> Self {
        Self::Later(error.to_string())
    }

    pub(super) fn while_doing(self, doing: &str) -> TurnError {
        match self {
            Self::Operator(reason) => TurnError::operator(doing, reason),
            Self::Later(reason) => TurnError::later(doing, reason),
        }
    }
}

impl From<FileError> for DeskError {
    fn from(error: FileError) -> Self {
        Self::Operator(error.to_string())
    }
}

impl From<RepositoryError> for DeskError {
    fn from(error: RepositoryError) -> Self {
        Self::later(error)
    }
}

impl From<BatchError> for DeskError {
    fn from(error: BatchError) -> Self {
        match error {
            BatchError::Damaged { .. } => Self::Operator(error.to_string()),
            error => Self::later(error),
        }
    }
}

/// A file that can be kept as it was read.
pub(super) trait Kept: JsonFile + Clone + Send + Sync + 'static {}

impl<T: JsonFile + Clone + Send + Sync + 'static> Kept for T {}

/// Reads and writes.
pub(super) struct Desk<'a> {
    ports: &'a Ports,
    batcher: Mutex<Batcher>,
    memory: Mutex<Memory>,
}

/// Files as they were read last, by path: the same version is not read twice.
type Memory = BTreeMap<String, (Version, Arc<dyn Any + Send + Sync>)>;

impl<'a> Desk<'a> {
    /// Takes up what the journal has.
    pub(super) fn open(ports: &'a Ports, interval: Duration) -> Result<Self, DeskError> {
        let settings = BatchSettings { interval, ..BatchSettings::new(ports.author.clone()) };
        let opened = ports.blocking.run(|| {
            let journal = ports.journals.open("orchestrator").map_err(DeskError::later)?;
            Ok::<_, DeskError>(Batcher::open(Arc::clone(&ports.books), journal, settings)?)
        });
        Ok(Self { ports, batcher: Mutex::new(opened?), memory: Mutex::default() })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Batcher) -> T) -> T {
        self.ports.blocking.run(|| {
            // Nothing panics while it holds the lock.
            let mut batcher = self.batcher.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut batcher)
        })
    }

    fn now(&self) -> Now {
        Now { elapsed: self.ports.clock.elapsed(), time: self.ports.clock.now() }
    }

    /// Reads the branch's commit from now on.
    pub(super) fn refresh(&self) -> Result<Option<Id>, DeskError> {
        self.with(|batcher| {
            batcher.refresh()?;
            Ok(batcher.base())
        })
    }

    pub(super) fn has_pending(&self) -> bool {
        self.with(|batcher| batcher.pending().next().is_some())
    }

    /// When files are to be committed, in the time of `elapsed`.
    pub(super) fn next_commit_at(&self) -> Option<Duration> {
        self.with(|batcher| batcher.next_commit_at())
    }

    pub(super) fn text(&self, place: &Place) -> Result<Option<String>, DeskError> {
        self.with(|batcher| text(batcher, &place.to_string()))
    }

    /// A file, if it is there and not empty.
    pub(super) fn find<T: Kept>(&self, place: &Place) -> Result<Option<T>, DeskError> {
        Ok(self.look(place)?.map(Arc::unwrap_or_clone))
    }

    /// As [`Self::find`], without a copy.
    pub(super) fn look<T: Kept>(&self, place: &Place) -> Result<Option<Arc<T>>, DeskError> {
        self.with(|batcher| self.look_with(batcher, &place.to_string()))
    }

    fn look_with<T: Kept>(
        &self,
        batcher: &Batcher,
        path: &str,
    ) -> Result<Option<Arc<T>>, DeskError> {
        let version = batcher.version(path)?;
        if version == Version::Missing {
            return Ok(None);
        }
        // Nothing panics while it holds the lock.
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((then, file)) = memory.get(path)
            && *then == version
            && let Ok(file) = Arc::clone(file).downcast::<T>()
        {
            return Ok(Some(file));
        }
        let Some(file) = T::from_optional(path, text(batcher, path)?.as_deref())? else {
            return Ok(None);
        };
        let file = Arc::new(file);
        memory.insert(path.to_owned(), (version, Arc::clone(&file) as _));
        Ok(Some(file))
    }

    /// A file that must be there.
    pub(super) fn require<T: Kept>(&self, place: &Place) -> Result<T, DeskError> {
        self.look_for(place).map(Arc::unwrap_or_clone)
    }

    /// As [`Self::require`], without a copy.
    pub(super) fn look_for<T: Kept>(&self, place: &Place) -> Result<Arc<T>, DeskError> {
        if let Some(file) = self.look(place)? {
            return Ok(file);
        }
        let repair = "restore it, or set the stage in state.json back to where it is made";
        let missing = || FileError::whole(&place.to_string(), "the file is missing", repair);
        let text = self.text(place)?.ok_or_else(missing)?;
        Ok(Arc::new(T::from_text(&place.to_string(), &text)?))
    }

    /// Rows of a repeat, by either name of the file.
    pub(super) fn rows(
        &self,
        round: Round,
        who: &str,
        repeat: u32,
    ) -> Result<Arc<Outputs>, DeskError> {
        self.with(|batcher| self.rows_of(batcher, round, who, repeat))
    }

    fn rows_of(
        &self,
        batcher: &Batcher,
        round: Round,
        who: &str,
        repeat: u32,
    ) -> Result<Arc<Outputs>, DeskError> {
        for file in MinerFile::generated(repeat) {
            let place = Place::Miner(round, who.to_owned(), file);
            if let Some(rows) = self.look_with(batcher, &place.to_string())? {
                return Ok(rows);
            }
        }
        Ok(Arc::default())
    }

    /// Adds rows that are not there yet. When this returns, they will be committed.
    pub(super) fn add_rows(
        &self,
        round: Round,
        who: &str,
        repeat: u32,
        new: Vec<(String, Output)>,
    ) -> Result<Arc<Outputs>, DeskError> {
        self.with(|batcher| {
            let mut all = self.rows_of(batcher, round, who, repeat)?;
            let new: Vec<_> = new.into_iter().filter(|(stem, _)| !all.contains_key(stem)).collect();
            if new.is_empty() {
                return Ok(all);
            }
            let place = Place::Miner(round, who.to_owned(), MinerFile::GeneratedRepeat(repeat));
            let path = place.to_string();
            if self.look_with::<Outputs>(batcher, &path)?.is_none() && !all.is_empty() {
                // They are in the file of the other name.
                batcher.put(&path, &all.to_text(), &message(&place))?;
            }
            let row = |(stem, row): &'_ (String, Output)| (stem.clone(), row.plain());
            let rows: Vec<(String, Json)> = new.iter().map(row).collect();
            let rows =
                rows.iter().map(|(key, value)| Row { path: &path, key, value: value.clone() });
            batcher.put_rows(rows.collect(), &message(&place))?;
            let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
            // Held by nobody else it grows in place.
            memory.remove(&path);
            Arc::make_mut(&mut all).extend(new);
            memory.insert(path.clone(), (batcher.version(&path)?, Arc::clone(&all) as _));
            Ok(all)
        })
    }

    /// Changes a file; `change` says whether it did. When this returns, it will be committed.
    pub(super) fn edit<T: JsonFile + Default>(
        &self,
        place: &Place,
        change: impl FnOnce(&mut T) -> bool,
    ) -> Result<(), DeskError> {
        self.with(|batcher| {
            let path = place.to_string();
            let text = text(batcher, &path)?;
            let mut file = T::from_optional(&path, text.as_deref())?.unwrap_or_default();
            if change(&mut file) {
                batcher.put(&path, &file.to_text(), &message(place))?;
            }
            Ok(())
        })
    }

    /// Commits if it is time.
    pub(super) fn tick(&self) -> Result<(), DeskError> {
        let at = self.next_commit_at();
        if at.is_some_and(|at| at <= self.ports.clock.elapsed()) { self.flush() } else { Ok(()) }
    }

    /// Commits now. Where others changed a file meanwhile, both changes count.
    pub(super) fn flush(&self) -> Result<(), DeskError> {
        let now = self.now();
        self.with(|batcher| {
            let mut flushed = batcher.flush(now);
            for _ in 0..MERGES_MAX {
                let Err(BatchError::Publish(PublishError::Conflict { paths, head })) = &flushed
                else {
                    break;
                };
                for path in paths {
                    self.merge_into(batcher, path, *head)?;
                }
                flushed = batcher.flush(now);
            }
            flushed?;
            Ok(())
        })
    }

    fn merge_into(
        &self,
        batcher: &mut Batcher,
        path: &str,
        head: Option<Id>,
    ) -> Result<(), DeskError> {
        let Some(place) = Place::parse(path) else {
            return Err(DeskError::Later(format!("{path}: others changed it")));
        };
        let theirs = match head {
            Some(head) => self.ports.books.read(head, path)?,
            None => None,
        };
        let theirs = theirs.map(|bytes| utf8(path, bytes)).transpose()?;
        let ours = text(batcher, path)?.unwrap_or_default();
        let merged = merge(&place, theirs.as_deref(), &ours)?;
        // In this order: after a crash between the two the conflict is found once more.
        batcher.put(path, &merged, &message(&place))?;
        batcher.overwrite(path)?;
        Ok(())
    }
}

fn text(batcher: &Batcher, path: &str) -> Result<Option<String>, DeskError> {
    let bytes = batcher.read(path)?;
    bytes.map(|bytes| utf8(path, bytes)).transpose()
}

fn utf8(path: &str, bytes: Vec<u8>) -> Result<String, DeskError> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        FileError::whole(path, format!("byte {at} is not UTF-8"), "save it as UTF-8").into()
    })
}

/// The line that a file adds to the message of its commit.
fn message(place: &Place) -> String {
    match place {
        Place::Round(round, RoundFile::Builds) => {
            format!("Update build statuses for round {round}")
        }
        Place::Round(round, RoundFile::GenerationReports) => {
            format!("Update generation reports for round {round}")
        }
        Place::Miner(round, who, MinerFile::PodStats) => {
            format!("Update pod stats for round {round}, miner {}", hotkey10(who))
        }
        Place::Miner(round, who, file) => {
            format!("Update {file} for round {round}, miner {}", hotkey10(who))
        }
        other => format!("Update {other}"),
    }
}
