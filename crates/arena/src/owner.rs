//! What works on a competition: each owner does one turn after another, and between two turns it knows nothing.

use std::fmt;
use std::time::Duration;

use chain::Pending;
use jiff::Timestamp;

use crate::ports::Ports;

/// What an owner's turn came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Something was done, and more may be due at once.
    Again,
    /// Nothing is due before then.
    Until(Timestamp),
    /// Nothing is due; the stage is another's.
    Idle,
}

/// A turn that failed. Whatever it had begun can be begun again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{doing}: {reason}")]
pub struct TurnError {
    /// What was to be done.
    pub doing: String,
    /// What went wrong, and what to do where that is known.
    pub reason: String,
    /// Whether only a person can mend it: a state file with an error, a wrong key.
    pub needs_operator: bool,
}

impl TurnError {
    /// Something that may work later.
    #[must_use]
    pub fn later(doing: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self { doing: doing.into(), reason: reason.to_string(), needs_operator: false }
    }

    /// Something that a person has to mend.
    #[must_use]
    pub fn operator(doing: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self { doing: doing.into(), reason: reason.to_string(), needs_operator: true }
    }
}

/// One who works on a competition. It may be dropped at any await and made anew.
pub trait Owner: Send + fmt::Debug {
    /// `collector`, `orchestrator`, `judge`, `rounds`, `weights`, `auditor`: also the name of its journal.
    fn name(&self) -> &'static str;

    /// Reads where things stand, does what is due, and says when to come back. Ends soon after `ports.stop` is set.
    ///
    /// # Errors
    ///
    /// [`TurnError`]; the caller waits a little longer each time and tries again.
    fn turn<'a>(&'a mut self, ports: &'a Ports) -> Pending<'a, Result<Turn, TurnError>>;
}

/// Waits between turns.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// At least so long.
    pub least: Duration,
    /// At most so long, also when nothing is due.
    pub most: Duration,
    /// After the first failure; doubled with each further one, up to `most`.
    pub failure: Duration,
}

impl Default for Pace {
    /// The original's 120 and 1800 s; 5 s after a failure, where the original waits for 1800.
    fn default() -> Self {
        Self {
            least: Duration::from_secs(120),
            most: Duration::from_secs(1800),
            failure: Duration::from_secs(5),
        }
    }
}

impl Pace {
    /// A pause after a failure, shorter by up to a quarter: those who failed together do not all come back together.
    #[must_use]
    pub fn spread(pause: Duration, random: u32) -> Duration {
        let share = f64::from(random) / f64::from(u32::MAX);
        pause.saturating_sub((pause / 4).mul_f64(share))
    }

    /// How long to wait after a turn; `failures` in a row, this one included.
    #[must_use]
    pub fn wait(&self, now: Timestamp, turn: &Result<Turn, TurnError>, failures: u32) -> Duration {
        match turn {
            Ok(Turn::Again) => Duration::ZERO,
            Ok(Turn::Idle) => self.most,
            Ok(Turn::Until(then)) => {
                let left = then.duration_since(now);
                Duration::try_from(left).unwrap_or_default().clamp(self.least, self.most)
            }
            Err(_) => {
                let doubled = self.failure.saturating_mul(1 << failures.saturating_sub(1).min(16));
                doubled.min(self.most)
            }
        }
    }
}
