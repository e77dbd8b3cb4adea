//! Bounds of drawing. Steps are counted where the renderers ask whether to stop, which they do after portions of work that depend on
//! nothing but scene and view; so an asset that takes too many does so on every machine. Time is a net below that, for machines that
//! are too slow or too busy, and for assets whose steps are long.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::ViewsError;

/// Counts the steps of one bundle.
#[derive(Debug)]
pub(crate) struct Work {
    steps: AtomicU64,
    steps_max: u64,
    start: Instant,
    time_max: Duration,
}

impl Work {
    #[expect(
        clippy::disallowed_methods,
        reason = "only bounds how long drawing may take: no picture depends on it"
    )]
    pub(crate) fn start(steps_max: u64, time_max: Duration) -> Self {
        Self { steps: AtomicU64::new(0), steps_max, start: Instant::now(), time_max }
    }

    /// One step more. True: stop.
    pub(crate) fn step(&self) -> bool {
        let before = self.steps.fetch_add(1, Ordering::Relaxed);
        before >= self.steps_max || self.is_late()
    }

    #[cfg(test)]
    pub(crate) fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    fn is_late(&self) -> bool {
        self.start.elapsed() > self.time_max
    }

    /// Why drawing was stopped.
    pub(crate) fn why(&self) -> ViewsError {
        let Self { steps_max, time_max, .. } = self;
        if self.steps.load(Ordering::Relaxed) > *steps_max {
            ViewsError::Invalid(format!("drawing it takes more than {steps_max} steps"))
        } else {
            ViewsError::Slow(format!("drawing was not done within {} s", time_max.as_secs()))
        }
    }
}
