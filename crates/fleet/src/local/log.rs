//! What a pod prints, up to a number of bytes: `log` grows to half of it and becomes `log.1`.

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::remote;

/// Smallest cap: two halves that hold a few lines.
pub(super) const BYTES_MIN: u64 = 16 << 10;

/// Writes it.
#[derive(Debug)]
pub(super) struct Log {
    dir: PathBuf,
    file: Option<fs_err::File>,
    written: u64,
    half: u64,
}

impl Log {
    pub(super) fn new(dir: &Path, bytes_max: u64) -> Self {
        Self { dir: dir.to_owned(), file: None, written: 0, half: bytes_max.max(BYTES_MIN) / 2 }
    }

    /// A full disk loses lines; it stops neither the pod nor its keeper.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        let length = bytes.len() as u64;
        if self.written + length > self.half {
            let current = self.dir.join("log");
            fs_err::rename(&current, self.dir.join("log.1")).ok();
            self.file = None;
        }
        if self.file.is_none() {
            self.file = fs_err::File::create(self.dir.join("log")).ok();
            self.written = 0;
        }
        if let Some(file) = &mut self.file {
            file.write_all(bytes).ok();
            self.written += length;
        }
    }
}

/// The last lines of both files, without control characters; reads at most `bytes_max` of each.
pub(super) fn tail(dir: &Path, lines_max: usize, bytes_max: u64) -> Vec<String> {
    let mut bytes = Vec::new();
    for name in ["log.1", "log"] {
        read_end(&dir.join(name), bytes_max, &mut bytes).ok();
    }
    remote::last_lines(&bytes, lines_max)
}

fn read_end(path: &Path, bytes_max: u64, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    let mut file = fs_err::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(bytes_max)))?;
    file.take(bytes_max).read_to_end(bytes)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_more_than_the_cap_and_the_last_lines_are_there() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = Log::new(dir.path(), 64 << 10);
        for n in 0..100_000 {
            log.write(format!("line {n}\n").as_bytes());
        }
        let size = |name| fs_err::metadata(dir.path().join(name)).unwrap().len();
        assert!(size("log") + size("log.1") <= 64 << 10);
        let tail = tail(dir.path(), 3, 1 << 20);
        assert_eq!(tail, ["line 99997", "line 99998", "line 99999"]);
    }

    #[test]
    fn what_is_not_text_does_no_harm() {
        let dir = tempfile::tempdir().unwrap();
        Log::new(dir.path(), 0).write(b"a\x1b[31mb\xff\n\0c\n");
        assert_eq!(tail(dir.path(), 9, 1 << 20), ["a[31mb\u{fffd}", "c"]);
    }
}
