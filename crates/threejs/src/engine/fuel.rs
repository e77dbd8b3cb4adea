//! Fuel: the measure of work that ends a run, the same on every machine however busy it is.

use std::cell::Cell;

use super::Limits;

/// Counts up; the interpreter stops for good, uncatchably, when it passes the limit.
#[derive(Debug)]
pub(super) struct Fuel {
    steps_used: Cell<u64>,
    steps_max: Cell<u64>,
}

impl Fuel {
    /// Without a limit, for setting up.
    pub(super) fn unlimited() -> Self {
        Self { steps_used: Cell::new(0), steps_max: Cell::new(u64::MAX) }
    }

    /// From zero again.
    pub(super) fn start(&self, steps_max: u64) {
        self.steps_used.set(0);
        self.steps_max.set(steps_max);
    }

    /// The interpreter used up one lot; whether it has to stop.
    pub(super) fn draw(&self) -> bool {
        self.charge(Limits::FUEL_LOT);
        self.is_empty()
    }

    /// Work that the interpreter does not count.
    pub(super) fn charge(&self, steps: u64) {
        self.steps_used.set(self.steps_used.get().saturating_add(steps));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.steps_used.get() > self.steps_max.get()
    }

    pub(super) fn used(&self) -> u64 {
        self.steps_used.get()
    }
}
