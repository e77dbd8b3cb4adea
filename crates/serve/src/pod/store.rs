//! Batches on disk, so that a service that was ended, or killed, goes on where it was.
//!
//! ```text
//! STATE/lock                    held while a service uses the folder
//! STATE/batch-7/order.json      what was asked for, and when
//! STATE/batch-7/a1b2.js         a module that is made
//! STATE/batch-7/a1b2.failed     why there is none
//! STATE/batch-7/results.zip     the end: written once, and sent as it is from then on
//! ```
//! The batch with the highest number counts. A file appears whole or not at all.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use fs_err as fs;
use pod::wire::batch::Caps;
use serde::{Deserialize, Serialize};

use super::archive;
use super::state::{Number, Order, Outcome};
use super::words;

/// A state folder that is ours until this is dropped.
#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
    /// Held, not used.
    _lock: fs::File,
}

/// `order.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) order: Order,
    /// Wall clock, as the time for a batch goes on while the service is down.
    pub(super) accepted_at_unix_ms: u64,
}

/// A batch as it was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) number: Number,
    pub(super) stored: Stored,
    pub(super) outcomes: BTreeMap<String, Outcome>,
    pub(super) is_complete: bool,
}

impl Store {
    /// Makes the folder if need be, and takes it.
    ///
    /// # Errors
    ///
    /// It cannot be had, or another service has it.
    pub(super) fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let lock = fs::File::create(folder.join("lock"))?;
        lock.file().try_lock().map_err(|_| {
            let text = format!("{}: another service uses this folder", folder.display());
            io::Error::new(io::ErrorKind::ResourceBusy, text)
        })?;
        Ok(Self { folder, _lock: lock })
    }

    /// The last batch, if there was one. Folders of other batches, and of one that never began, are removed.
    ///
    /// # Errors
    ///
    /// The folder cannot be read, or the order in it is none of ours.
    pub(super) fn load(&self) -> io::Result<Option<Found>> {
        let mut found: Option<(Number, Stored)> = None;
        for number in self.numbers()? {
            let path = self.batch(number).join("order.json");
            match fs::read(&path) {
                Ok(bytes) => {
                    let wrong = |error| io::Error::other(format!("{}: {error}", path.display()));
                    let stored = serde_json::from_slice(&bytes).map_err(wrong)?;
                    found = Some((number, stored));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        self.forget_all_but(found.as_ref().map(|(number, _)| *number));
        let Some((number, stored)) = found else { return Ok(None) };
        let mut outcomes = BTreeMap::new();
        for prompt in &stored.order.prompts {
            let stem = &prompt.stem;
            if self.module_path(number, stem).is_file() {
                outcomes.insert(stem.clone(), Outcome::Made);
            } else if let Ok(reason) = fs::read_to_string(self.failed_path(number, stem)) {
                outcomes.insert(stem.clone(), Outcome::Failed(words::short(&reason)));
            }
        }
        let is_complete = self.results(number).is_file();
        Ok(Some(Found { number, stored, outcomes, is_complete }))
    }

    /// Writes down a new batch; all others are forgotten.
    ///
    /// # Errors
    ///
    /// The disk.
    pub(super) fn begin(&self, number: Number, stored: &Stored) -> io::Result<()> {
        let folder = self.batch(number);
        fs::create_dir_all(&folder)?;
        let json = serde_json::to_vec_pretty(stored).map_err(io::Error::other)?;
        write_whole(&folder.join("order.json"), |file| file.write_all(&json))?;
        self.forget_all_but(Some(number));
        Ok(())
    }

    /// Writes down what became of a prompt.
    ///
    /// # Errors
    ///
    /// The disk.
    pub(super) fn keep(
        &self,
        number: Number,
        stem: &str,
        made: &Result<bytes::Bytes, String>,
    ) -> io::Result<()> {
        match made {
            Ok(module) => {
                write_whole(&self.module_path(number, stem), |file| file.write_all(module))
            }
            Err(reason) => write_whole(&self.failed_path(number, stem), |file| {
                file.write_all(reason.as_bytes())
            }),
        }
    }

    /// Writes the results.
    ///
    /// # Errors
    ///
    /// The disk.
    pub(super) fn pack(
        &self,
        number: Number,
        outcomes: &BTreeMap<String, Outcome>,
    ) -> io::Result<()> {
        write_whole(&self.results(number), |file| {
            let out = io::BufWriter::new(file);
            archive::write(out, outcomes, Caps::default(), |stem| self.module(number, stem))?
                .flush()
        })
    }

    /// The module of a stem.
    ///
    /// # Errors
    ///
    /// The disk.
    pub(super) fn module(&self, number: Number, stem: &str) -> io::Result<Vec<u8>> {
        fs::read(self.module_path(number, stem))
    }

    /// Where the results are, or will be.
    pub(super) fn results(&self, number: Number) -> PathBuf {
        self.batch(number).join("results.zip")
    }

    fn batch(&self, number: Number) -> PathBuf {
        self.folder.join(format!("batch-{number}"))
    }

    fn module_path(&self, number: Number, stem: &str) -> PathBuf {
        self.batch(number).join(format!("{stem}.js"))
    }

    fn failed_path(&self, number: Number, stem: &str) -> PathBuf {
        self.batch(number).join(format!("{stem}.failed"))
    }

    /// Batches that have a folder, in order.
    fn numbers(&self) -> io::Result<Vec<Number>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            let number =
                name.to_str().and_then(|name| name.strip_prefix("batch-")?.parse::<Number>().ok());
            numbers.extend(number);
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// What cannot be removed is left: the highest number counts.
    fn forget_all_but(&self, number: Option<Number>) {
        for other in self.numbers().unwrap_or_default() {
            if Some(other) != number {
                fs::remove_dir_all(self.batch(other)).ok();
            }
        }
    }
}

/// Writes a file under another name, down to the disk, then gives it its own.
fn write_whole(path: &Path, fill: impl FnOnce(&mut fs::File) -> io::Result<()>) -> io::Result<()> {
    let mut other = path.as_os_str().to_owned();
    other.push(".part");
    let mut file =
        fs::File::options().read(true).write(true).create(true).truncate(true).open(&other)?;
    fill(&mut file)?;
    file.sync_all()?;
    fs::rename(&other, path)
}
