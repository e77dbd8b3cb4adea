//! The clock of a development chain: this machine's, and what an operator skipped.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fs_err as fs;
use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};

use crate::{Clock, Pending, SystemClock};

/// How soon a sleeper notices that time was skipped.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// This machine's time and what was skipped, which a file of the chain's folder has, so that all processes skip together.
///
/// The longest that can be skipped in all is 300 years.
#[derive(Debug)]
pub struct DevClock {
    machine: SystemClock,
    folder: PathBuf,
    /// When this clock was opened.
    skipped_before: Duration,
    /// The last that could be read.
    known: Mutex<Duration>,
}

const SKIPPED_MAX: Duration = Duration::from_secs(300 * 365 * 86_400);

impl DevClock {
    /// The clock of a chain's folder.
    ///
    /// # Errors
    ///
    /// Of the disk, and when the file `skipped` is no number of milliseconds.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let skipped_before = read(folder)?;
        Ok(Self {
            machine: SystemClock::start(),
            folder: folder.to_owned(),
            skipped_before,
            known: Mutex::new(skipped_before),
        })
    }

    /// Skips time, for all processes that have this folder's clock. When it returns, that is on disk.
    ///
    /// # Errors
    ///
    /// Of the disk, and when more than 300 years would be skipped.
    pub fn advance(&self, time: Duration) -> io::Result<()> {
        let lock = fs::OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .open(self.folder.join("lock"))?;
        flock(&lock, FlockOperation::LockExclusive)?;
        // Whole milliseconds, upwards: who skips to a moment is there then.
        let millis = u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        let skipped = read(&self.folder)?.saturating_add(Duration::from_millis(millis));
        if skipped > SKIPPED_MAX {
            return Err(io::Error::other("more than 300 years would be skipped"));
        }
        let (path, new) = (self.folder.join("skipped"), self.folder.join("skipped.new"));
        let mut file = fs::File::create(&new)?;
        file.write_all(format!("{}\n", skipped.as_millis()).as_bytes())?;
        file.sync_data()?;
        fs::rename(&new, &path)
    }

    /// Skips to a moment, if that is not past.
    ///
    /// # Errors
    ///
    /// As [`DevClock::advance`].
    pub fn advance_to(&self, then: Timestamp) -> io::Result<()> {
        match Duration::try_from(self.now().duration_until(then)) {
            Ok(left) => self.advance(left),
            Err(_) => Ok(()),
        }
    }

    fn skipped(&self) -> Duration {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // A file that cannot be read for a moment does not turn time back.
        *known = read(&self.folder).unwrap_or(*known).max(*known);
        *known
    }
}

fn read(folder: &Path) -> io::Result<Duration> {
    let path = folder.join("skipped");
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Duration::ZERO),
        text => text?,
    };
    let millis = text.trim().parse().map(Duration::from_millis);
    millis.ok().filter(|skipped| *skipped <= SKIPPED_MAX).ok_or_else(|| {
        let message = format!("{}: not a number of milliseconds", path.display());
        io::Error::new(io::ErrorKind::InvalidData, message)
    })
}

impl Clock for DevClock {
    fn now(&self) -> Timestamp {
        self.machine.now().saturating_add(self.skipped()).unwrap_or(Timestamp::MAX)
    }

    fn elapsed(&self) -> Duration {
        self.machine.elapsed() + self.skipped().saturating_sub(self.skipped_before)
    }

    fn sleep(&self, time: Duration) -> Pending<'_, ()> {
        Box::pin(async move {
            let end = self.elapsed().saturating_add(time);
            loop {
                let left = end.saturating_sub(self.elapsed());
                if left.is_zero() {
                    return;
                }
                self.machine.sleep(left.min(LOOK_EVERY)).await;
            }
        })
    }
}
