//! Whose turn it is: so that nobody slow makes others wait.
//!
//! Every miner has a lane. The next slot goes to the lane that has used the least slot time so far, what runs now included, and no
//! lane has more than a few slots. A server that drips holds its few slots once; after that it comes last.

use std::collections::VecDeque;
use std::time::Duration;

/// Lanes with work.
#[derive(Debug, Clone)]
pub struct Queue {
    lanes: Vec<Lane>,
    per_lane: usize,
}

#[derive(Debug, Clone, Default)]
struct Lane {
    waiting: VecDeque<usize>,
    /// When each of what runs began.
    running: Vec<(usize, Duration)>,
    spent: Duration,
    /// Of that, what is not its own fault.
    excused: Duration,
}

impl Lane {
    fn used(&self, now: Duration) -> Duration {
        self.running.iter().fold(self.spent, |sum, (_, since)| sum + now.saturating_sub(*since))
    }
}

impl Queue {
    /// So many lanes, none with more than `per_lane` slots.
    #[must_use]
    pub fn new(lanes: usize, per_lane: usize) -> Self {
        Self { lanes: vec![Lane::default(); lanes], per_lane: per_lane.max(1) }
    }

    /// Adds work at the end of a lane.
    pub fn push(&mut self, lane: usize, item: usize) {
        self.lanes[lane].waiting.push_back(item);
    }

    /// Takes what is next, if any lane may have another slot.
    pub fn start(&mut self, now: Duration) -> Option<(usize, usize)> {
        let may = |lane: &Lane| !lane.waiting.is_empty() && lane.running.len() < self.per_lane;
        let lanes = self.lanes.iter().enumerate().filter(|(_, lane)| may(lane));
        let (at, _) = lanes.min_by_key(|(at, lane)| (lane.used(now), lane.running.len(), *at))?;
        let lane = &mut self.lanes[at];
        let item = lane.waiting.pop_front()?;
        lane.running.push((item, now));
        Some((at, item))
    }

    /// What was taken is done; the slot time it took.
    pub fn end(&mut self, lane: usize, item: usize, now: Duration) -> Duration {
        let lane = &mut self.lanes[lane];
        let Some(at) = lane.running.iter().position(|(running, _)| *running == item) else {
            return Duration::ZERO;
        };
        let (_, since) = lane.running.remove(at);
        let took = now.saturating_sub(since);
        lane.spent += took;
        took
    }

    /// So much of what a lane used was not its own fault. Its turn comes no earlier for that.
    pub fn excuse(&mut self, lane: usize, time: Duration) {
        self.lanes[lane].excused += time;
    }

    /// So much of what was excused was its own fault after all.
    pub fn charge(&mut self, lane: usize, time: Duration) {
        let excused = &mut self.lanes[lane].excused;
        *excused = excused.saturating_sub(time);
    }

    /// A lane used so much before.
    pub fn used_before(&mut self, lane: usize, time: Duration) {
        self.lanes[lane].spent += time;
    }

    /// Takes everything that waits in a lane.
    pub fn drain(&mut self, lane: usize) -> impl Iterator<Item = usize> {
        std::mem::take(&mut self.lanes[lane].waiting).into_iter()
    }

    /// Slot time that a lane has used, without what was excused.
    #[must_use]
    pub fn used(&self, lane: usize, now: Duration) -> Duration {
        let lane = &self.lanes[lane];
        lane.used(now).saturating_sub(lane.excused)
    }

    /// Whether nothing of a lane runs or waits.
    #[must_use]
    pub fn is_empty(&self, lane: usize) -> bool {
        self.lanes[lane].running.is_empty() && self.lanes[lane].waiting.is_empty()
    }

    /// How much runs.
    #[must_use]
    pub fn running(&self) -> usize {
        self.lanes.iter().map(|lane| lane.running.len()).sum()
    }

    /// Whether anything waits.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.lanes.iter().any(|lane| !lane.waiting.is_empty())
    }
}
