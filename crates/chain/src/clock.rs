//! Time as an argument: of this machine, or of a simulation.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
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

/// A clock that stands until it is moved; who sleeps moves it. For tests and for what is played through at once.
#[derive(Debug)]
pub struct ManualClock {
    start: Timestamp,
    passed: Mutex<Duration>,
}

impl ManualClock {
    /// A clock that stands at `start`.
    #[must_use]
    pub fn at(start: Timestamp) -> Self {
        Self { start, passed: Mutex::new(Duration::ZERO) }
    }

    /// Moves it.
    pub fn advance(&self, time: Duration) {
        let mut passed = self.passed();
        *passed = passed.saturating_add(time);
    }

    fn passed(&self) -> MutexGuard<'_, Duration> {
        // Nothing panics while it holds the lock.
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.start.saturating_add(*self.passed()).unwrap_or(Timestamp::MAX)
    }

    fn elapsed(&self) -> Duration {
        *self.passed()
    }

    fn sleep(&self, time: Duration) -> Pending<'_, ()> {
        Box::pin(async move { self.advance(time) })
    }
}
