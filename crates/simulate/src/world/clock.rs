//! Clocks of processes, which may be wrong; and numbers that nobody can foresee, but the simulation.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use arena::ports::Entropy;
use jiff::{SignedDuration, Timestamp};

use super::{Process, mix};
use crate::fault::Op;

/// A process' clock.
#[derive(Debug)]
pub(crate) struct Clock(pub(crate) Arc<Process>);

impl ::chain::Clock for Clock {
    fn now(&self) -> Timestamp {
        let skew = SignedDuration::from_micros(self.0.skew_micros());
        self.0.world.time().checked_add(skew).unwrap_or(Timestamp::MAX)
    }

    fn elapsed(&self) -> Duration {
        self.0.world.executor.now().saturating_sub(self.0.began)
    }

    fn sleep(&self, time: Duration) -> ::chain::Pending<'_, ()> {
        Box::pin(async move {
            self.0.world.executor.sleep(time).await;
            // Faults of a wait come at its end: before that nothing is different.
            self.0.effect(Op::Sleep, "", |_| ()).await.ok();
        })
    }
}

/// Randomness of a process.
#[derive(Debug)]
pub(crate) struct Numbers(pub(crate) Arc<Process>);

impl Entropy for Numbers {
    fn u32(&self) -> io::Result<u32> {
        let micros = u64::try_from(self.0.world.executor.now().as_micros()).unwrap_or(u64::MAX);
        let number = mix(&[self.0.world.scenario.seed, micros, self.0.role as u64, 0x0065_6e74]);
        Ok(u32::try_from(number >> 32).unwrap_or(0))
    }
}
