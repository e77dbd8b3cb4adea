//! Who may run now: so many at once, so many waiting, the rest refused.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::CageError;

#[derive(Debug)]
pub(crate) struct Gate {
    running_max: usize,
    waiting_max: usize,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    running: usize,
    waiting: usize,
}

/// Leave to run; given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit<'g>(&'g Gate);

impl Gate {
    pub(crate) fn new(running_max: usize, waiting_max: usize) -> Self {
        Self { running_max, waiting_max, state: Mutex::default(), freed: Condvar::new() }
    }

    /// Waits for its turn, unless too many do already.
    pub(crate) fn enter(&self) -> Result<Permit<'_>, CageError> {
        let mut state = self.lock();
        if state.running >= self.running_max {
            if state.waiting >= self.waiting_max {
                return Err(CageError::Full { queue_max: self.waiting_max });
            }
            state.waiting += 1;
            state = self
                .freed
                .wait_while(state, |state| state.running >= self.running_max)
                .unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        state.running += 1;
        Ok(Permit(self))
    }

    /// Checks that run now.
    pub(crate) fn running(&self) -> usize {
        self.lock().running
    }

    /// Checks that wait now.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().waiting
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.lock().running -= 1;
        self.0.freed.notify_one();
    }
}
