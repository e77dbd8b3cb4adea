//! Where a batcher writes down what it acknowledged, so that a crash does not lose it.
//!
//! A journal is a sequence of lines, `{16 hex digits of the SHA-256 of the rest} {JSON}`. A torn last line was never acknowledged
//! and is cut off; a damaged line with others behind it is an error.

use std::fmt;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::fd::AsFd as _;
use std::path::Path;

use rustix::fs::FlockOperation;
use sha2::{Digest as _, Sha256};

/// Bytes that outlive the process.
pub trait Journal: Send + fmt::Debug {
    /// All of them.
    ///
    /// # Errors
    ///
    /// Of the disk.
    fn read(&mut self) -> io::Result<Vec<u8>>;

    /// Adds bytes at the end; when this returns they are on disk. After an error any part of them may be.
    ///
    /// # Errors
    ///
    /// Of the disk.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Cuts to a length.
    ///
    /// # Errors
    ///
    /// Of the disk.
    fn truncate(&mut self, len: u64) -> io::Result<()>;
}

/// A journal in a file, which one process at a time may have.
#[derive(Debug)]
pub struct FileJournal {
    file: std::fs::File,
}

impl FileJournal {
    /// Opens a file, or makes it.
    ///
    /// # Errors
    ///
    /// Of the disk, and [`io::ErrorKind::WouldBlock`] while another process has it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = fs_err::OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path)?;
        let (file, path) = file.into_parts();
        rustix::fs::flock(file.as_fd(), FlockOperation::NonBlockingLockExclusive).map_err(
            |error| {
                let text = format!("{} is in use by another process: {error}", path.display());
                io::Error::new(io::ErrorKind::WouldBlock, text)
            },
        )?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs_err::File::open(folder)?.sync_all()?;
        }
        Ok(Self { file })
    }
}

impl Journal for FileJournal {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(0))?;
        let mut bytes = Vec::new();
        self.file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::End(0))?;
        self.file.write_all(bytes)?;
        self.file.sync_data()
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file.set_len(len)?;
        self.file.sync_data()
    }
}

/// One line for `text`, which has no line break.
pub(super) fn line(text: &str) -> String {
    format!("{} {text}\n", checksum(text))
}

/// The texts of all good lines, and how many bytes they take. What follows was torn off.
pub(super) fn lines(bytes: &[u8]) -> Result<(Vec<&str>, u64), DamagedLine> {
    let mut texts = Vec::new();
    let mut good = 0;
    for (n, part) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let Some(text) = text_of(part) else {
            let torn = good + part.len() == bytes.len();
            return if torn { Ok((texts, good as u64)) } else { Err(DamagedLine { line: n + 1 }) };
        };
        texts.push(text);
        good += part.len();
    }
    Ok((texts, good as u64))
}

/// A line in the middle that does not say what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DamagedLine {
    /// From 1.
    pub(super) line: usize,
}

fn text_of(part: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(part).ok()?.strip_suffix('\n')?;
    let (sum, text) = text.split_once(' ')?;
    (sum == checksum(text)).then_some(text)
}

fn checksum(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    faster_hex::hex_string(&digest[..8])
}
