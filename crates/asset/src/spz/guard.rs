//! Against bombs: counts what is read and what comes out of the decompressor.

use std::cell::Cell;
use std::io::{self, Read};

use super::error::Problem;

/// The most bytes that may come out of one byte of the file, beyond [`RATIO_FREE_BYTES`].
///
/// Real splats compress 1.3 to 4 times, a regular lattice of equal splats perhaps 30 times; zeros 1,000 times by gzip
/// and 30,000 times by zstd.
pub const RATIO_MAX: u64 = 64;

/// So much may be unpacked from a file of any length: 1.6 million splats of SH degree 0, or half a million of degree 3.
pub const RATIO_FREE_BYTES: u64 = 32 << 20;

/// What was read and unpacked so far.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    packed: Cell<u64>,
    unpacked: Cell<u64>,
    /// The reader itself failed; otherwise an error is the decompressor's.
    has_source_failed: Cell<bool>,
}

impl Guard {
    /// Counts what is read through it.
    pub(crate) fn watch<R: Read>(&self, reader: R) -> Watched<'_, R> {
        Watched { reader, guard: self }
    }

    /// Bytes read so far.
    pub(crate) fn packed(&self) -> u64 {
        self.packed.get()
    }

    /// Before anything is unpacked: `unpacked` bytes are announced by a file of `byte_len` bytes.
    pub(crate) fn refuse_announced(unpacked: u64, byte_len: Option<u64>) -> Result<(), Problem> {
        byte_len.map_or(Ok(()), |packed| refuse(unpacked, packed))
    }

    /// `n_bytes` more came out of the decompressor.
    pub(crate) fn add_unpacked(&self, n_bytes: usize) -> Result<(), Problem> {
        self.unpacked.set(self.unpacked.get() + n_bytes as u64);
        refuse(self.unpacked.get(), self.packed.get())
    }

    /// Names an error of a decompressor that reads through [`Self::watch`].
    pub(crate) fn blame(&self, error: io::Error, codec: &'static str) -> Problem {
        if self.has_source_failed.get() {
            return Problem::Io(error);
        }
        Problem::Stream { codec, message: error.to_string() }
    }
}

fn refuse(unpacked: u64, packed: u64) -> Result<(), Problem> {
    if unpacked.saturating_sub(RATIO_FREE_BYTES) > packed.saturating_mul(RATIO_MAX) {
        return Err(Problem::Ratio { unpacked, packed });
    }
    Ok(())
}

#[derive(Debug)]
pub(crate) struct Watched<'a, R> {
    reader: R,
    guard: &'a Guard,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.reader.read(buffer);
        match &result {
            Ok(n_bytes) => self.guard.packed.set(self.guard.packed.get() + *n_bytes as u64),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => self.guard.has_source_failed.set(true),
        }
        result
    }
}
