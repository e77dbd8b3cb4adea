//! The rows of a round's miners: read with what is not committed yet, written down as they come, committed now and then.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ledger::batcher::{BatchError, Batcher, Now, Row, Settings as BatchSettings};

use ledger::files::outputs::{Output, Outputs};
use ledger::files::submissions::{Submissions, hotkey10};
use ledger::repository::{Id, PublishError};
use ledger::{Field as _, FileError, JsonFile, MinerFile, Place, Round};

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
    /// What is not written down, by miner.
    dirty: BTreeMap<usize, Dirty>,
}

/// What of a miner's files is not written down.
#[derive(Debug, Default)]
struct Dirty {
    /// Stems of new rows.
    rows: Vec<String>,
    /// Stems of new entries of the manifest.
    fetched: Vec<String>,
    /// An entry of the manifest was taken out: all of it.
    manifest: bool,
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
            Ok(Self { batcher, round, miners: Vec::new(), dirty: BTreeMap::new() })
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
        self.dirty.entry(miner).or_default().fetched.push(stem.to_owned());
    }

    /// The stored file is gone: it must be fetched again.
    pub(super) fn lost(&mut self, miner: usize, stem: &str) {
        self.miners[miner].manifest.0.shift_remove(stem);
        self.dirty.entry(miner).or_default().manifest = true;
    }

    /// A prompt of a miner is done.
    pub(super) fn row(&mut self, miner: usize, stem: &str, row: Output) {
        self.miners[miner].rows.insert(stem.to_owned(), row);
        self.dirty.entry(miner).or_default().rows.push(stem.to_owned());
    }

    /// Writes down what came since the last time. When this returns it is not lost any more.
    pub(super) fn record(&mut self, ports: &Ports) -> Result<(), Trouble> {
        if self.dirty.is_empty() {
            return Ok(());
        }
        let round = self.round;
        let line = |&at: &usize| {
            let hotkey = hotkey10(&self.miners[at].hotkey);
            format!("Update submitted.json for round {round}, miner {hotkey}")
        };
        let message = self.dirty.keys().map(line).collect::<Vec<_>>().join("\n");
        let (mut whole, mut rows) = (Vec::new(), Vec::new());
        let paths: Vec<(String, String)> =
            self.dirty.keys().map(|&at| self.paths_of(&self.miners[at].hotkey)).collect();
        for ((&at, dirty), (path, manifest)) in self.dirty.iter().zip(&paths) {
            let miner = &self.miners[at];
            rows.extend(dirty.rows.iter().filter_map(|stem| {
                let value = miner.rows.get(stem)?.plain();
                Some(Row { path, key: stem, value })
            }));
            if dirty.manifest {
                whole.push((manifest.as_str(), miner.manifest.to_text()));
                continue;
            }
            rows.extend(dirty.fetched.iter().filter_map(|stem| {
                let value = miner.manifest.0.get(stem)?.plain();
                Some(Row { path: manifest, key: stem, value })
            }));
        }
        let whole: Vec<(&str, &str)> = whole.iter().map(|(path, text)| (*path, &**text)).collect();
        ports.blocking.run(|| self.batcher.put_parts(&whole, rows, &message))?;
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
