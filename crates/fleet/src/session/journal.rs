//! The journal: one line of JSON for the plan, then one for each observation with its time, each on disk before anything is done
//! because of it. A last line that is not whole is what a crash left, and is cut off.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::{Millis, Observation, Plan, PlanError, Session};

/// Longest journal that is read, in bytes. A session of a day has some 5 MB.
const BYTES_MAX: u64 = 256 << 20;

/// First line of a journal.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    /// Of the format.
    version: u32,
    plan: Plan,
}

const VERSION: u32 = 1;

/// Another line.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    at: Millis,
    observed: Observation,
}

/// A session as its journal has it.
#[derive(Debug)]
pub struct Replayed {
    /// The session after the last whole line.
    pub session: Session,
    /// Bytes of the whole lines.
    pub bytes: u64,
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system.
    #[error("journal: {0}")]
    Io(#[from] io::Error),
    /// Another session's.
    #[error("{path}: the journal of another session; give another folder, or delete it")]
    Other {
        /// Where.
        path: String,
    },
    /// Another process runs the session.
    #[error("{path}: another process has it open")]
    Busy {
        /// Where.
        path: String,
    },
    /// Longer than we read.
    #[error("{path}: longer than {BYTES_MAX} bytes")]
    TooLong {
        /// Where.
        path: String,
    },
    /// A whole line that is none.
    #[error("journal, line {line}: {detail}")]
    Line {
        /// From 1.
        line: usize,
        /// What.
        detail: String,
    },
    /// Its plan.
    #[error("journal: {0}")]
    Plan(#[from] PlanError),
}

/// Replays the bytes of a journal; nothing when not even its first line is whole.
///
/// # Errors
///
/// [`JournalError::Line`], [`JournalError::Plan`].
pub fn replay(bytes: &[u8]) -> Result<Option<Replayed>, JournalError> {
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let wrong = |line: usize| {
        move |error: serde_json::Error| JournalError::Line {
            line: line + 1,
            detail: error.to_string(),
        }
    };
    let mut lines = bytes[..whole].split_inclusive(|byte| *byte == b'\n').enumerate();
    let Some((_, head)) = lines.next() else { return Ok(None) };
    let head: Head = serde_json::from_slice(head).map_err(wrong(0))?;
    if head.version != VERSION {
        let detail = format!("version {}, not {VERSION}", head.version);
        return Err(JournalError::Line { line: 1, detail });
    }
    let mut session = Session::new(head.plan)?;
    for (number, line) in lines {
        let Line { at, observed } = serde_json::from_slice(line).map_err(wrong(number))?;
        session.step(at, observed);
    }
    Ok(Some(Replayed { session, bytes: whole as u64 }))
}

/// The first line of a journal.
///
/// # Errors
///
/// None in practice: plans can be written as JSON.
pub fn head_line(plan: &Plan) -> Result<Vec<u8>, JournalError> {
    line(&Head { version: VERSION, plan: plan.clone() })
}

/// Another line of a journal.
///
/// # Errors
///
/// None in practice: observations can be written as JSON.
pub fn entry_line(at: Millis, observed: &Observation) -> Result<Vec<u8>, JournalError> {
    line(&Line { at, observed: observed.clone() })
}

fn line(content: &impl Serialize) -> Result<Vec<u8>, JournalError> {
    let mut text = serde_json::to_vec(content).map_err(io::Error::from)?;
    text.push(b'\n');
    Ok(text)
}

/// A journal on disk, open for writing.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
}

impl Journal {
    /// Opens the journal at `path`, or begins one for `plan`. The session is as the journal has it, or new.
    ///
    /// # Errors
    ///
    /// [`JournalError`]; [`JournalError::Other`] when there is one of another plan.
    pub fn open(path: &Path, plan: &Plan) -> Result<(Self, Session), JournalError> {
        let shown = || path.display().to_string();
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        if file.try_lock().is_err() {
            return Err(JournalError::Busy { path: shown() });
        }
        let found = match fs::metadata(path) {
            Ok(found) if found.len() > BYTES_MAX => {
                return Err(JournalError::TooLong { path: shown() });
            }
            Ok(_) => fs::read(path)?,
            Err(error) => return Err(error.into()),
        };
        let replayed = replay(&found)?;
        if replayed.as_ref().is_some_and(|replayed| replayed.session.plan() != plan) {
            return Err(JournalError::Other { path: shown() });
        }
        let mut journal = Self { file, path: path.to_owned() };
        let session = match replayed {
            Some(Replayed { session, bytes }) => {
                journal.file.set_len(bytes)?;
                session
            }
            None => {
                journal.file.set_len(0)?;
                let session = Session::new(plan.clone())?;
                journal.write(&head_line(plan)?)?;
                // The name of the file must survive too.
                if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
                {
                    fs::File::open(folder)?.sync_all()?;
                }
                session
            }
        };
        Ok((journal, session))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds an observation, and returns when it is on disk.
    ///
    /// # Errors
    ///
    /// [`JournalError::Io`]: then nothing may be done because of it.
    pub fn append(&mut self, at: Millis, observed: &Observation) -> Result<(), JournalError> {
        self.write(&entry_line(at, observed)?)
    }

    fn write(&mut self, line: &[u8]) -> Result<(), JournalError> {
        self.file.write_all(line)?;
        self.file.sync_data()?;
        Ok(())
    }
}
