//! Counts and times since the start.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

/// Times that percentiles are taken of: the last ones.
const TIMES_MAX: usize = 512;
/// As many failures one after another, none of them the fault of a request, mean that something is wrong here.
const FAILURES_MAX: u32 = 3;

/// Counts and times since the start.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    made: u64,
    withheld: u64,
    failed: u64,
    failed_in_a_row: u32,
    waiting: Times,
    generating: Times,
    judging: Times,
}

/// The last times of a stage.
#[derive(Debug, Default)]
struct Times(VecDeque<Duration>);

impl Times {
    fn push(&mut self, took: Duration) {
        if self.0.len() == TIMES_MAX {
            self.0.pop_front();
        }
        self.0.push_back(took);
    }

    /// By nearest rank; nothing before the first.
    fn percentile(&self, percent: usize) -> Option<Duration> {
        let mut sorted: Vec<Duration> = self.0.iter().copied().collect();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied()
    }

    fn json(&self) -> Value {
        let of = |percent| self.percentile(percent).map(|took| took.as_secs_f64());
        json!({ "p50": of(50), "p90": of(90), "p99": of(99) })
    }
}

impl Tally {
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn waited(&self, took: Duration) {
        self.lock().waiting.push(took);
    }

    /// A model was made.
    pub(super) fn made(&self, took: Duration) {
        let mut counts = self.lock();
        counts.made += 1;
        counts.failed_in_a_row = 0;
        counts.generating.push(took);
    }

    /// A generation failed for a reason that is not the request's.
    pub(super) fn failed(&self) {
        let mut counts = self.lock();
        counts.failed += 1;
        counts.failed_in_a_row = counts.failed_in_a_row.saturating_add(1);
    }

    /// A model was looked at.
    pub(super) fn judged(&self, took: Duration, is_good: bool) {
        let mut counts = self.lock();
        counts.judging.push(took);
        counts.withheld += u64::from(!is_good);
    }

    /// Whether generations fail one after another.
    pub(super) fn is_degraded(&self) -> bool {
        self.lock().failed_in_a_row >= FAILURES_MAX
    }

    /// How long a generation takes, by the middle of the last ones.
    pub(super) fn usual(&self) -> Option<Duration> {
        self.lock().generating.percentile(50)
    }

    pub(super) fn json(&self) -> Value {
        let counts = self.lock();
        json!({
            "counters": {
                "generated": counts.made,
                "withheld": counts.withheld,
                "failed": counts.failed,
            },
            "latency_seconds": {
                "waiting": counts.waiting.json(),
                "generation": counts.generating.json(),
                "validation": counts.judging.json(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_last() {
        let mut times = Times::default();
        assert_eq!(times.percentile(50), None);
        (0..1000).for_each(|ms| times.push(Duration::from_millis(ms)));
        let ms = [1, 50, 99, 100].map(|percent| times.percentile(percent).map(|it| it.as_millis()));
        assert_eq!(ms, [Some(493), Some(743), Some(994), Some(999)]);
    }

    #[test]
    fn failures_in_a_row() {
        let tally = Tally::default();
        (0..3).for_each(|_| tally.failed());
        assert!(tally.is_degraded());
        tally.made(Duration::ZERO);
        assert!(!tally.is_degraded());
    }
}
