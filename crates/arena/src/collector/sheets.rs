//! The rows of a round's miners: read with what is not committed yet, written down as they come, committed now and then.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ledger::batcher::{BatchError, Batcher, Now, Settings as BatchSettings};
use ledger::files::outputs::{Output, Outputs};
use ledger::files::submissions::{Submissions, hotkey10};
use ledger::repository::{Id, PublishError};
use ledger::{FileError, JsonFile, MinerFile, Place, Round};

use super::manifest::{self, Fetched, Manifest};
use super::settings::Settings;
use crate::owner::TurnError;
use crate::ports::Ports;

/// What became of a miner's outputs so far.
#[derive(Debug, Clone)]
pub(super) struct Miner {
    pub(super) hotkey: String,
    pub(super) cdn_url: String,
    pub(super) rows: Outputs,
    pub(super) manifest: Manifest,
}

/// Files of a round's miners.
#[derive(Debug)]
pub(super) struct Sheets {
    batcher: Batcher,
    round: Round,
    pub(super) miners: Vec<Miner>,
    /// Miners with rows that are not written down.
    dirty: BTreeSet<usize>,
}

/// What keeps files from being committed.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Others changed the stage or a file of a miner: read again, decide again.
    Changed,
    /// Ours, and it may work later.
    Failed(BatchError),
}

impl From<BatchError> for Trouble {
    fn from(error: BatchError) -> Self {
        Self::Failed(error)
    }
}

impl From<Trouble> for TurnError {
    fn from(trouble: Trouble) -> Self {
        let doing = "committing submitted.json";
        match trouble {
            Trouble::Changed => Self::later(doing, "others changed files meanwhile"),
            Trouble::Failed(error @ BatchError::Damaged { .. }) => Self::operator(doing, error),
            Trouble::Failed(error) => Self::later(doing, error),
        }
    }
}

fn state_path() -> String {
    Place::State.to_string()
}

impl Sheets {
    /// Takes up what was written down before, on top of the branch as it is now. Without miners yet.
    pub(super) fn open(ports: &Ports, settings: &Settings, round: Round) -> Result<Self, Trouble> {
        ports.blocking.run(|| {
            let journal = ports.journals.open("collector").map_err(BatchError::Journal)?;
            let interval = Duration::from_secs(settings.commit_s);
            let batch = BatchSettings { interval, ..BatchSettings::new(ports.author.clone()) };
            let mut batcher = Batcher::open(Arc::clone(&ports.books), journal, batch)?;
            batcher.refresh()?;
            let folder = format!("rounds/{round}/");
            let others: Vec<String> = batcher
                .pending()
                .filter(|path| !path.starts_with(&folder))
                .map(str::to_owned)
                .collect();
            for path in others {
                batcher.drop_pending(&path)?;
            }
            batcher.guard(&state_path())?;
            Ok(Self { batcher, round, miners: Vec::new(), dirty: BTreeSet::new() })
        })
    }

    /// The commit that everything is read at.
    pub(super) fn base(&self) -> Option<Id> {
        self.batcher.base()
    }

    /// Reads the miners' files.
    pub(super) fn load(&mut self, ports: &Ports, who: &Submissions) -> Result<(), TurnError> {
        ports.blocking.run(|| {
            for (hotkey, submission) in who {
                let cdn_url = submission.cdn_url.clone().unwrap_or_default();
                let (rows, manifest) = self.files_of(hotkey)?;
                self.miners.push(Miner { hotkey: hotkey.clone(), cdn_url, rows, manifest });
            }
            Ok(())
        })
    }

    fn paths_of(&self, hotkey: &str) -> (String, String) {
        let rows = Place::Miner(self.round, hotkey.to_owned(), MinerFile::Submitted);
        (rows.to_string(), manifest::path(self.round, hotkey))
    }

    fn files_of(&self, hotkey: &str) -> Result<(Outputs, Manifest), TurnError> {
        let (rows, manifest) = self.paths_of(hotkey);
        let rows = self.file(&rows)?;
        let manifest: Option<Manifest> = self.file(&manifest)?;
        Ok((rows.unwrap_or_default(), manifest.unwrap_or_default()))
    }

    fn file<T: JsonFile>(&self, path: &str) -> Result<Option<T>, TurnError> {
        let doing = format!("reading {path}");
        let bytes = self.batcher.read(path).map_err(|error| TurnError::later(&doing, error))?;
        let text = bytes.map(String::from_utf8).transpose().map_err(|_| {
            TurnError::operator(&doing, FileError::whole(path, "no UTF-8", "save it as UTF-8"))
        })?;
        T::from_optional(path, text.as_deref()).map_err(|error| TurnError::operator(&doing, error))
    }

    /// A file of a miner is in the store.
    pub(super) fn fetched(&mut self, miner: usize, stem: &str, fetched: Fetched) {
        self.miners[miner].manifest.0.insert(stem.to_owned(), fetched);
        self.dirty.insert(miner);
    }

    /// The stored file is gone: it must be fetched again.
    pub(super) fn lost(&mut self, miner: usize, stem: &str) {
        self.miners[miner].manifest.0.shift_remove(stem);
        self.dirty.insert(miner);
    }

    /// A prompt of a miner is done.
    pub(super) fn row(&mut self, miner: usize, stem: &str, row: Output) {
        self.miners[miner].rows.insert(stem.to_owned(), row);
        self.dirty.insert(miner);
    }

    /// Writes down what came since the last time. When this returns it is not lost any more.
    pub(super) fn record(&mut self, ports: &Ports) -> Result<(), Trouble> {
        if self.dirty.is_empty() {
            return Ok(());
        }
        let round = self.round;
        let message = match self.dirty.iter().next() {
            Some(&one) if self.dirty.len() == 1 => {
                let hotkey = hotkey10(&self.miners[one].hotkey);
                format!("Update submitted.json for round {round}, miner {hotkey}")
            }
            _ => format!("Update submitted.json for round {round}"),
        };
        let mut files = Vec::new();
        for &at in &self.dirty {
            let miner = &self.miners[at];
            let (rows, manifest) = self.paths_of(&miner.hotkey);
            if !miner.rows.is_empty() {
                files.push((rows, miner.rows.to_text()));
            }
            files.push((manifest, miner.manifest.to_text()));
        }
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        ports.blocking.run(|| self.batcher.put_all(&files, &message))?;
        self.dirty.clear();
        Ok(())
    }

    /// Commits if it is time to.
    pub(super) fn tick(&mut self, ports: &Ports) -> Result<(), Trouble> {
        let now = now(ports);
        let result = ports.blocking.run(|| self.batcher.tick(now));
        match self.mend(ports, result) {
            // It is tried again; nothing is lost.
            Err(Trouble::Failed(BatchError::Publish(_) | BatchError::Repository(_))) => Ok(()),
            other => other,
        }
    }

    /// Commits everything now.
    pub(super) fn flush(&mut self, ports: &Ports) -> Result<(), Trouble> {
        self.record(ports)?;
        let now = now(ports);
        let result = ports.blocking.run(|| self.batcher.flush(now));
        self.mend(ports, result)
    }

    /// Whether `state.json` on the branch still is what it was.
    pub(super) fn stage_stands(&self, ports: &Ports) -> bool {
        ports.blocking.run(|| {
            let books = &*ports.books;
            let (Ok(Some(head)), Some(base)) = (books.head(), self.batcher.base()) else {
                return true;
            };
            match (books.file_id(head, &state_path()), books.file_id(base, &state_path())) {
                (Ok(now), Ok(then)) => now == then,
                _ => true,
            }
        })
    }

    /// An operator who changed a miner's file meanwhile is right: what was to be committed there is forgotten and made again.
    fn mend(
        &mut self,
        ports: &Ports,
        result: Result<Option<Id>, BatchError>,
    ) -> Result<(), Trouble> {
        let paths = match result {
            Ok(_) => return Ok(()),
            Err(BatchError::Publish(PublishError::Conflict { paths, .. })) => paths,
            Err(error) => return Err(error.into()),
        };
        if paths.contains(&state_path()) {
            return Err(Trouble::Changed);
        }
        ports.blocking.run(|| {
            for path in &paths {
                self.batcher.drop_pending(path)?;
            }
            self.batcher.refresh()
        })?;
        Err(Trouble::Changed)
    }

    /// Paths of all rows: what the end of the stage rests on.
    pub(super) fn row_paths(&self) -> Vec<String> {
        self.miners.iter().map(|miner| self.paths_of(&miner.hotkey).0).collect()
    }
}

fn now(ports: &Ports) -> Now {
    Now { elapsed: ports.clock.elapsed(), time: ports.clock.now() }
}
