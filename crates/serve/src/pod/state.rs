//! Where the pod is, and what follows from that. Decisions only: no clock, no disk, no network, no threads.
//!
//! Facts: the batch contract of competition 2. A pod is warming up, then ready, then generating and complete in turns;
//! `replace` lies over all of these while the machine is known to be unfit and a replacement is left.

use std::collections::{BTreeMap, BTreeSet};

use pod::wire::Seed;
use pod::wire::batch::{Prompt, State};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A batch that was asked for, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    /// Every stem once, in the order asked for.
    pub(super) prompts: Vec<Prompt>,
    /// Entries of the list as it came; a prompt may stand there twice.
    pub(super) accepted: u64,
    pub(super) seed: Seed,
    pub(super) batch_id: Option<String>,
}

impl Order {
    fn stems(&self) -> BTreeSet<&str> {
        self.prompts.iter().map(|prompt| prompt.stem.as_str()).collect()
    }
}

/// What became of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Its module is on disk.
    Made,
    /// Why there is none.
    Failed(String),
}

/// Which batch of this state folder: 1, 2, 3, …
pub(super) type Number = u64;

/// What to do with an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// Begin.
    Start,
    /// It is the batch we have: nothing to do. With the count that was told the first time.
    Same { accepted: u64 },
    /// Not now.
    Refused(State),
    /// The identity was given to a batch of other stems.
    IdentityTaken,
}

/// The batch in work, or the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Batch {
    number: Number,
    order: Order,
    outcomes: BTreeMap<String, Outcome>,
    is_complete: bool,
}

/// How a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) total: u64,
    pub(super) made: u64,
    pub(super) failed: u64,
}

/// The state of the service.
#[derive(Debug, Default)]
pub(super) struct Machine {
    is_warm: bool,
    batch: Option<Batch>,
    /// Why another machine is needed, as a payload.
    unfit: Option<Map<String, Value>>,
    /// What an orchestrator last said it has left.
    replacements: i64,
}

impl Machine {
    /// Models are loaded.
    pub(super) fn warm(&mut self) {
        self.is_warm = true;
    }

    /// The last check found the machine unfit, or fit again.
    pub(super) fn judge(&mut self, unfit: Option<Map<String, Value>>) {
        self.unfit = unfit;
    }

    /// Why another machine is needed.
    pub(super) fn unfit(&self) -> Option<&Map<String, Value>> {
        self.unfit.as_ref()
    }

    /// Where the work is, whatever the machine.
    pub(super) fn work(&self) -> State {
        match &self.batch {
            Some(batch) if batch.is_complete => State::Complete,
            Some(_) => State::Generating,
            None if self.is_warm => State::Ready,
            None => State::WarmingUp,
        }
    }

    /// The state that is told: asks to be replaced while that is possible.
    pub(super) fn state(&self) -> State {
        let asks = self.unfit.is_some() && self.replacements > 0;
        if asks { State::Replace } else { self.work() }
    }

    /// A poll, and the replacements it says are left. A poll that does not say is answered as if none were, and does not
    /// count as word of the orchestrator.
    pub(super) fn polled(&mut self, replacements: Option<i64>) -> State {
        let Some(replacements) = replacements else { return self.work() };
        self.replacements = replacements;
        self.state()
    }

    /// What to do with an order. An identity decides where there is one; otherwise the set of stems, as in the original.
    pub(super) fn answer(&self, order: &Order) -> Answer {
        if self.state() == State::Replace {
            return Answer::Refused(State::Replace);
        }
        let Some(batch) = &self.batch else {
            return if self.is_warm { Answer::Start } else { Answer::Refused(State::WarmingUp) };
        };
        let has_same_stems = batch.order.stems() == order.stems();
        let is_same = match &order.batch_id {
            Some(_) => order.batch_id == batch.order.batch_id,
            None => has_same_stems,
        };
        match (is_same, has_same_stems, batch.is_complete) {
            (true, true, _) => Answer::Same { accepted: batch.order.accepted },
            (true, false, _) => Answer::IdentityTaken,
            (false, _, true) => Answer::Start,
            (false, _, false) => Answer::Refused(State::Generating),
        }
    }

    /// Begins with a batch, or goes on with one of which some prompts have their outcome.
    pub(super) fn start(
        &mut self,
        number: Number,
        order: Order,
        outcomes: BTreeMap<String, Outcome>,
    ) {
        self.batch = Some(Batch { number, order, outcomes, is_complete: false });
    }

    /// A prompt has its outcome. False, and nothing changes, if the batch is over, is another one, never had that stem, or
    /// if the prompt has its outcome already.
    pub(super) fn finish(&mut self, number: Number, stem: &str, outcome: Outcome) -> bool {
        let Some(batch) = self.open_batch(number) else { return false };
        let is_asked = batch.order.prompts.iter().any(|prompt| prompt.stem == stem);
        if !is_asked || batch.outcomes.contains_key(stem) {
            return false;
        }
        batch.outcomes.insert(stem.to_owned(), outcome);
        true
    }

    /// Gives up every prompt that has no outcome.
    pub(super) fn give_up(&mut self, number: Number, reason: &str) {
        for stem in self.open_stems(number) {
            self.finish(number, &stem, Outcome::Failed(reason.to_owned()));
        }
    }

    /// Stems of a batch in work without outcome, in the order asked for.
    pub(super) fn open_stems(&self, number: Number) -> Vec<String> {
        let batch = self.batch.as_ref().filter(|batch| batch.number == number);
        let Some(batch) = batch else { return Vec::new() };
        let stems = batch.order.prompts.iter().map(|prompt| &prompt.stem);
        stems.filter(|stem| !batch.outcomes.contains_key(*stem)).cloned().collect()
    }

    /// Outcomes of a batch, by stem.
    pub(super) fn outcomes(&self, number: Number) -> BTreeMap<String, Outcome> {
        let batch = self.batch.as_ref().filter(|batch| batch.number == number);
        batch.map(|batch| batch.outcomes.clone()).unwrap_or_default()
    }

    /// The results of a batch lie ready.
    pub(super) fn complete(&mut self, number: Number) {
        if let Some(batch) = self.open_batch(number) {
            batch.is_complete = true;
        }
    }

    /// How the batch stands, if there is one.
    pub(super) fn count(&self) -> Option<Count> {
        let batch = self.batch.as_ref()?;
        let made =
            batch.outcomes.values().filter(|outcome| **outcome == Outcome::Made).count() as u64;
        let failed = batch.outcomes.len() as u64 - made;
        Some(Count { total: batch.order.prompts.len() as u64, made, failed })
    }

    fn open_batch(&mut self, number: Number) -> Option<&mut Batch> {
        self.batch.as_mut().filter(|batch| batch.number == number && !batch.is_complete)
    }
}

#[cfg(test)]
mod tests;
