//! Lines in a journal: what an owner must remember for the time between two effects.
//!
//! Unlike a batcher's journal, what is lost here costs only calls, time or a second notice; so nothing fails because of it.

use std::io;

use ledger::batcher::Journal;
use sha2::{Digest as _, Sha256};

use crate::ports::Ports;

/// Bytes of a journal, at most: what comes then is not written down.
const BYTES_MAX: u64 = 64 << 20;

/// A journal of lines, each with a checksum.
#[derive(Debug)]
pub(crate) struct Lines {
    journal: Box<dyn Journal>,
    /// Bytes of whole lines.
    good: u64,
    /// An append failed, and what it left is still there.
    torn: bool,
}

impl Lines {
    /// Opens the journal of a name; what it has, up to the first line that is not whole.
    pub(crate) fn open(ports: &Ports, name: &str) -> io::Result<(Self, Vec<String>)> {
        ports.blocking.run(|| {
            let mut journal = ports.journals.open(name)?;
            let bytes = journal.read()?;
            let (mut texts, mut good) = (Vec::new(), 0);
            for line in bytes.split_inclusive(|&byte| byte == b'\n') {
                let Some(text) = text_of(line) else { break };
                texts.push(text.to_owned());
                good += line.len() as u64;
            }
            let torn = good < bytes.len() as u64;
            Ok((Self { journal, good, torn }, texts))
        })
    }

    /// Whether there is no line.
    pub(crate) fn is_empty(&self) -> bool {
        self.good == 0 && !self.torn
    }

    /// Adds a line; `text` has no line break. When this returns it is on disk.
    pub(crate) fn add(&mut self, text: &str) -> io::Result<()> {
        let line = format!("{} {text}\n", checksum(text));
        let after = self.good.saturating_add(line.len() as u64);
        if after > BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the journal is full"));
        }
        if self.torn {
            self.journal.truncate(self.good)?;
        }
        self.torn = true;
        self.journal.append(line.as_bytes())?;
        self.torn = false;
        self.good = after;
        Ok(())
    }

    /// Forgets all lines.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        if !self.is_empty() {
            self.torn = true;
            self.journal.truncate(0)?;
            self.good = 0;
            self.torn = false;
        }
        Ok(())
    }
}

fn text_of(line: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (sum, text) = line.split_once(' ')?;
    (sum == checksum(text)).then_some(text)
}

fn checksum(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    faster_hex::hex_string(&digest[..8])
}
