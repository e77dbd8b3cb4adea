//! Time as an argument: of this machine, or of a simulation.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use crate::Pending;

/// Tells the time, and waits.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time of the world. It may jump.
    fn now(&self) -> Timestamp;

    /// Since some moment of the past; it never goes back.
    fn elapsed(&self) -> Duration;

    /// Waits.
    fn sleep(&self, time: Duration) -> Pending<'_, ()>;
}

/// This machine's clock, on tokio.
#[derive(Debug, Clone)]
pub struct SystemClock {
    since: tokio::time::Instant,
}

impl SystemClock {
    /// A clock whose `elapsed` counts from here.
    #[must_use]
    pub fn start() -> Self {
        Self { since: tokio::time::Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }

    fn sleep(&self, time: Duration) -> Pending<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}
