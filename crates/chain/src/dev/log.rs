//! Where the log of a development chain is: a file that processes share, or memory.

use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fs_err as fs;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::call::LINE_MAX;

/// The longest log, in bytes: some two hundred thousand extrinsics.
const BYTES_MAX: u64 = 256 << 20;

/// Where it is.
#[derive(Debug)]
pub(super) enum Log {
    Memory(Mutex<Vec<u8>>),
    /// The folder.
    Folder(PathBuf),
}

/// As long as this is there, nobody adds to the log.
#[derive(Debug)]
pub(super) struct Guard<'a> {
    log: &'a Log,
    /// The kernel takes the lock back when this is closed.
    _lock: Option<fs::File>,
}

impl Log {
    /// Takes the lock; nothing if another has it now. Several may hold it to read.
    pub(super) fn lock(&self, to_write: bool) -> io::Result<Option<Guard<'_>>> {
        let Self::Folder(folder) = self else { return Ok(Some(Guard { log: self, _lock: None })) };
        let path = folder.join("lock");
        let file = fs::OpenOptions::new().create(true).write(true).truncate(false).open(&path)?;
        let how = if to_write {
            FlockOperation::NonBlockingLockExclusive
        } else {
            FlockOperation::NonBlockingLockShared
        };
        match flock(&file, how) {
            Ok(()) => Ok(Some(Guard { log: self, _lock: Some(file) })),
            Err(Errno::WOULDBLOCK | Errno::INTR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn memory(log: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    // Nothing panics while it holds the lock.
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Guard<'_> {
    /// The whole lines from byte `from` on. What a crash left of a line is not there.
    pub(super) fn lines(&self, from: u64) -> io::Result<Vec<u8>> {
        let mut bytes = match self.log {
            Log::Memory(log) => {
                let log = memory(log);
                let from = usize::try_from(from).unwrap_or(usize::MAX);
                log.get(from..).map(<[u8]>::to_vec).ok_or_else(shorter)?
            }
            Log::Folder(folder) => {
                let mut file = match fs::File::open(folder.join("log.jsonl")) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound && from == 0 => {
                        return Ok(Vec::new());
                    }
                    file => file?,
                };
                let length = file.metadata()?.len();
                if length < from {
                    return Err(shorter());
                }
                if length > BYTES_MAX {
                    let message = format!("log.jsonl has {length} bytes, not up to {BYTES_MAX}");
                    return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
                }
                let mut bytes = Vec::new();
                if length > from {
                    file.seek(SeekFrom::Start(from))?;
                    file.take(BYTES_MAX - from).read_to_end(&mut bytes)?;
                }
                bytes
            }
        };
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        bytes.truncate(whole);
        Ok(bytes)
    }

    /// Adds a line at byte `at`; what is behind it was left by a crash. When this returns, it is on disk.
    pub(super) fn append(&self, at: u64, line: &[u8]) -> io::Result<()> {
        if line.len() > LINE_MAX || at + line.len() as u64 > BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the log is full"));
        }
        match self.log {
            Log::Memory(log) => {
                memory(log).extend(line);
                Ok(())
            }
            Log::Folder(folder) => {
                let path = folder.join("log.jsonl");
                let is_new = !path.exists();
                let mut file =
                    fs::OpenOptions::new().create(true).write(true).truncate(false).open(path)?;
                if file.metadata()?.len() != at {
                    file.set_len(at)?;
                }
                file.seek(SeekFrom::Start(at))?;
                file.write_all(line)?;
                file.sync_data()?;
                if is_new {
                    fs::File::open(folder)?.sync_all()?;
                }
                Ok(())
            }
        }
    }
}

fn shorter() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the log became shorter: somebody cut it")
}
