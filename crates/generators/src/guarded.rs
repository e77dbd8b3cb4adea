//! What every generator of a catalogue is wrapped in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pod::wire::Usd;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::check::Checks;
use crate::retry::{Pauses, mix};
use crate::{Card, Failure, Generator, Made, Pending, Request};

/// How long and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// For one call, from its turn in the queue to the checked model, every try and every pause included.
    pub time: Duration,
    /// Tries in all, 1 for no second one. Only [transient](Failure::is_transient) failures are tried again.
    pub tries: u32,
    /// Between tries.
    pub pauses: Pauses,
    /// Calls that may wait for their turn; one more is refused as transient.
    pub waiting_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(600),
            tries: 3,
            pauses: Pauses::default(),
            waiting_max: 256,
        }
    }
}

/// A generator that takes at most [`Card::parallel`] calls at a time, the others in order of arrival; ends in time; tries
/// again what may pass; and gives only models that are upright and keep to the rules.
///
/// Each try is counted at the full price of a call.
#[derive(Debug)]
pub struct Guarded {
    inner: Arc<dyn Generator>,
    checks: Checks,
    bounds: Bounds,
    /// Turns.
    turns: Semaphore,
    /// Places, for those that work and those that wait.
    places: Semaphore,
    /// Calls so far: with the seed it decides the length of pauses.
    calls: AtomicU64,
}

impl Guarded {
    /// Around a generator.
    #[must_use]
    pub fn new(inner: Arc<dyn Generator>, checks: Checks, bounds: Bounds) -> Self {
        let parallel = inner.card().parallel.clamp(1, Semaphore::MAX_PERMITS / 2);
        let places = parallel + bounds.waiting_max.min(Semaphore::MAX_PERMITS / 2);
        Self {
            turns: Semaphore::new(parallel),
            places: Semaphore::new(places),
            calls: AtomicU64::new(0),
            inner,
            checks,
            bounds,
        }
    }

    fn place(&self) -> Result<SemaphorePermit<'_>, Failure> {
        self.places.try_acquire().map_err(|_| {
            let (name, max) = (&self.card().name, self.bounds.waiting_max);
            Failure::Transient(format!("{name}: {max} calls wait already"))
        })
    }

    /// Gives the turn back before the model is looked at.
    async fn tries(
        &self,
        request: &Request,
        turn: SemaphorePermit<'_>,
        call: u64,
    ) -> Result<Made, Failure> {
        let mut notes = Vec::new();
        let mut spent = None;
        let mut number = 1;
        loop {
            let failure = match self.inner.generate(request.clone()).await {
                Ok(made) => {
                    drop(turn);
                    let cost = sum(spent, made.cost);
                    notes.extend(made.notes.iter().cloned());
                    return self.look(Made { cost, notes, ..made }).await;
                }
                Err(failure) => failure,
            };
            if !failure.is_transient() || number >= self.bounds.tries {
                return Err(failure);
            }
            spent = sum(spent, self.card().cost);
            let next = number + 1;
            let pause = self.bounds.pauses.before(next, mix(request.seed.bits()) ^ call);
            (request.progress)(None, &format!("try {next} of {}", self.bounds.tries));
            notes.push(format!("try {number}: {failure}"));
            tokio::time::sleep(pause).await;
            number = next;
        }
    }

    async fn look(&self, made: Made) -> Result<Made, Failure> {
        let checks = self.checks.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let Made { bytes, kind, mut notes, .. } = made;
            let (bytes, found) = checks.look(bytes, kind)?;
            notes.extend(found);
            Ok(Made { bytes, notes, ..made })
        });
        looked.await.map_err(|_| Failure::Failed("the check of the model broke".to_owned()))?
    }
}

fn sum(a: Option<Usd>, b: Option<Usd>) -> Option<Usd> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a + b),
        (one, other) => one.or(other),
    }
}

impl Generator for Guarded {
    fn card(&self) -> &Card {
        self.inner.card()
    }

    fn ready(&self) -> Pending<'_, Result<(), Failure>> {
        self.inner.ready()
    }

    fn generate(&self, request: Request) -> Pending<'_, Result<Made, Failure>> {
        Box::pin(async move {
            let card = self.card();
            if !card.kinds.contains(&request.kind) {
                let generator = card.name.clone();
                return Err(Failure::Unsupported { generator, kind: request.kind });
            }
            let start = Instant::now();
            let _place = self.place()?;
            let turn = self.turns.acquire().await;
            let turn = turn.map_err(|_| Failure::Failed("the queue is closed".to_owned()))?;
            let call = self.calls.fetch_add(1, Ordering::Relaxed);
            let time = self.bounds.time;
            let made = tokio::time::timeout(time, self.tries(&request, turn, call)).await;
            let made = made.unwrap_or(Err(Failure::Time(time)))?;
            Ok(Made { took: start.elapsed(), ..made })
        })
    }
}
