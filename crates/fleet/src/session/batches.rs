//! Batches: which prompts come next, handing over, waiting, results.

use std::collections::BTreeSet;

use pod::client::MISSING;
use pod::wire::batch::{Batch, State};

use super::state::{Current, Stage, Step};
use super::{
    BatchRecord, Clock, Effect, FetchFault, Fetched, Millis, Outcome, PodEnd, Row, Session,
    SubmitFault, Taken,
};

/// Times a pod may refuse or fail to take one batch without saying a reason that time mends.
const REFUSALS_MAX: u32 = 3;

/// Times a pod may forget a batch it had taken, because its container was started anew.
const FORGOTTEN_MAX: u32 = 1;

/// Times a pod may answer with the results of another batch.
const STALE_MAX: u32 = 2;

impl Session {
    /// Index of the first repeat that is not whole.
    pub(super) fn current_repeat(&self) -> Option<usize> {
        let all = self.plan.prompts.len();
        self.repeats.iter().position(|repeat| repeat.rows.len() < all)
    }

    /// Hands the next batch over to the pod, which is ready; or ends the session.
    pub(super) fn next_batch(&mut self) {
        let Some(repeat) = self.current_repeat() else {
            return self.conclude(Outcome::Finished);
        };
        let index = self.pods.len() - 1;
        let rows = &self.repeats[repeat].rows;
        let pending = self.plan.prompts.iter().map(|prompt| &prompt.stem);
        let pending = pending.filter(|stem| !rows.contains_key(*stem));
        let mut stems: Vec<String> = pending.take(self.plan.limits.batch_size).cloned().collect();
        // A pod that does not know identities would take the same stems for the same batch and give its old results again.
        let pod = &self.pods[index];
        let asked: BTreeSet<&String> = stems.iter().collect();
        let is_same = pod.last_stems.as_ref().is_some_and(|last| last.iter().eq(asked));
        let mut notes = Vec::new();
        if is_same && pod.keeps_identity != Some(true) {
            if stems.len() > 1 {
                stems.truncate(stems.len() / 2);
            } else if self.plan.is_attached {
                notes.push("may be the results of the batch before once more".to_owned());
            } else {
                return self.give_up(PodEnd::Fresh);
            }
        }
        let id = format!("{}/r{}/b{}", self.plan.id, repeat + 1, self.batches);
        self.batches += 1;
        let began = self.work();
        let repeats = &mut self.repeats[repeat];
        repeats.running.get_or_insert(began);
        repeats.batches.push(BatchRecord {
            id,
            pod: index,
            prompts: stems.len(),
            submitted_at: self.now,
            accepted_at: None,
            complete_at: None,
            ended_at: None,
            took: None,
            archive_sha256: None,
            notes,
        });
        self.stage = Stage::Working(Current {
            repeat,
            stems,
            began,
            step: Step::Submit,
            refusals: 0,
            forgotten: 0,
            stale: 0,
            is_store_down: false,
        });
        self.submit();
    }

    /// Hands the current batch over.
    fn submit(&mut self) {
        let Stage::Working(current) = &mut self.stage else { return };
        current.step = Step::Submit;
        let (repeat, stems) = (current.repeat, &current.stems);
        let index = self.pods.len() - 1;
        let Some(url) = self.pods[index].url.clone() else { return };
        let wanted: BTreeSet<&String> = stems.iter().collect();
        let prompts = self.plan.prompts.iter().filter(|prompt| wanted.contains(&prompt.stem));
        let batch = Batch {
            prompts: prompts.cloned().collect(),
            seed: self.plan.seed,
            batch_id: self.repeats[repeat].batches.last().map(|record| record.id.clone()),
        };
        let provider = self.pods[index].provider.clone();
        self.call(Effect::Submit { provider, url, batch });
    }

    pub(super) fn submitted(&mut self, result: Result<Taken, SubmitFault>) {
        let Stage::Working(current) = &mut self.stage else { return };
        let index = self.pods.len() - 1;
        let pod = &mut self.pods[index];
        pod.watch.next_poll = self.now;
        match result {
            Ok(taken) => {
                current.step = Step::Poll;
                let repeat = current.repeat;
                let prompts = current.stems.len() as u64;
                pod.keeps_identity = Some(taken.keeps_identity);
                pod.last_stems = Some(current.stems.iter().cloned().collect());
                pod.watch.service_failed = false;
                let Some(record) = self.repeats[repeat].batches.last_mut() else { return };
                record.accepted_at = record.accepted_at.or(Some(self.now));
                if std::mem::take(&mut pod.watch.had_results) && !taken.keeps_identity {
                    let note = "if the pod made these prompts before, it gives its old results";
                    record.notes.push(note.to_owned());
                }
                if let Some(accepted) = taken.accepted.filter(|accepted| *accepted != prompts) {
                    record.notes.push(format!("the pod says it took {accepted} of {prompts}"));
                }
            }
            Err(fault) => {
                current.step = Step::Refused;
                let detail = match fault {
                    SubmitFault::Refused { state: Some(State::Replace) } => {
                        return self.give_up(PodEnd::Requested);
                    }
                    // It will be able to in a while.
                    SubmitFault::Refused { state: Some(State::WarmingUp | State::Generating) } => {
                        pod.watch.next_poll = self.now + self.plan.limits.poll;
                        return;
                    }
                    SubmitFault::Refused { state: Some(state) } => {
                        format!("refused although {state}")
                    }
                    SubmitFault::Refused { state: None } => "refused".to_owned(),
                    SubmitFault::Failed { detail } => detail,
                };
                current.refusals += 1;
                if current.refusals >= REFUSALS_MAX {
                    return self.give_up(PodEnd::SubmissionFailed { detail });
                }
                pod.watch.next_poll = self.now + self.plan.limits.poll;
            }
        }
    }

    /// The pod said where it is, during a batch.
    pub(super) fn progress(&mut self, state: State) {
        let Stage::Working(current) = &mut self.stage else { return };
        match (current.step, state) {
            (Step::Refused, State::Ready | State::Complete) => self.submit(),
            (Step::Poll, State::Ready) => {
                current.forgotten += 1;
                if current.forgotten > FORGOTTEN_MAX {
                    let detail = "the pod forgot the batch twice".to_owned();
                    return self.give_up(PodEnd::SubmissionFailed { detail });
                }
                let repeat = current.repeat;
                if let Some(record) = self.repeats[repeat].batches.last_mut() {
                    record.notes.push("handed over again: the pod had forgotten it".to_owned());
                }
                self.submit();
            }
            (Step::Poll, State::Complete) => {
                current.step = Step::Fetch;
                let repeat = current.repeat;
                if let Some(record) = self.repeats[repeat].batches.last_mut() {
                    record.complete_at = Some(self.now);
                }
                let index = self.pods.len() - 1;
                self.pods[index].watch.next_poll = self.now;
            }
            _ => {}
        }
    }

    pub(super) fn fetched(&mut self, result: Result<Fetched, FetchFault>) {
        let fetched = match result {
            Ok(fetched) => fetched,
            Err(fault) => {
                // What cannot be kept here is fetched again after a while, and is nobody's time.
                if !self.store_is_down(&fault) {
                    let FetchFault::Pod { detail } = fault else { return };
                    self.mind_outages();
                    self.give_up(PodEnd::DownloadFailed { detail });
                }
                return;
            }
        };
        let Stage::Working(current) = &mut self.stage else { return };
        current.is_store_down = false;
        let is_missing = |row: &Row| matches!(row, Row::Failed { reason } if reason == MISSING);
        let is_other = fetched.others > 0 && fetched.rows.values().all(is_missing);
        if is_other && current.stale < STALE_MAX {
            current.stale += 1;
            current.step = Step::Poll;
            let index = self.pods.len() - 1;
            self.pods[index].watch.next_poll = self.now + self.plan.limits.poll;
            return self.mind_outages();
        }
        let (repeat, stems, began) = (current.repeat, current.stems.clone(), current.began);
        self.mind_outages();
        let work = self.work();
        let earlier = self.same_archive(&fetched.archive_sha256);
        let clock = self.plan.limits.clock;
        let all = self.plan.prompts.len();
        let now = self.now;
        let repeat = &mut self.repeats[repeat];
        if let Some(record) = repeat.batches.last_mut() {
            record.ended_at = Some(now);
            record.took = Some(work.saturating_sub(began));
            record.archive_sha256 = Some(fetched.archive_sha256);
            record.notes.extend(fetched.notes);
            record.notes.extend(earlier.map(|id| format!("the same archive as of {id}")));
        }
        let mut rows = fetched.rows;
        for stem in stems {
            let missing = || Row::Failed { reason: MISSING.to_owned() };
            let row = rows.remove(&stem).unwrap_or_else(missing);
            repeat.rows.insert(stem, row);
        }
        let is_whole = repeat.rows.len() >= all;
        if clock != Clock::Wall || is_whole {
            repeat.stop(work);
        }
        if self.is_lost() {
            return self.conclude(Outcome::Lost);
        }
        self.next_batch();
    }

    /// An earlier batch with the same archive, byte for byte.
    fn same_archive(&self, sha256: &str) -> Option<String> {
        let batches = self.repeats.iter().flat_map(|repeat| &repeat.batches);
        let mut same = batches.filter(|batch| batch.archive_sha256.as_deref() == Some(sha256));
        same.next().map(|batch| batch.id.clone())
    }

    /// Whether a repeat has broken a limit for certain.
    fn is_lost(&self) -> bool {
        let limits = &self.plan.limits;
        self.repeats.iter().any(|repeat| {
            let failed = repeat.rows.values().filter(|row| row.is_failed()).count();
            limits.failures.is_some_and(|most| failed > most as usize)
                || limits.generation.is_some_and(|most| repeat.spent > most)
        })
    }

    /// The last moment of the current repeat's clock, in working time.
    pub(super) fn generation_until(&self) -> Option<Millis> {
        if self.outcome.is_some() {
            return None;
        }
        let limit = self.plan.limits.generation?;
        let repeat = &self.repeats[self.current_repeat()?];
        Some(repeat.running? + limit.saturating_sub(repeat.spent))
    }

    /// The session ends: what the clocks show is what they stopped at.
    pub(super) fn stop_clocks(&mut self) {
        let work = self.work();
        for repeat in &mut self.repeats {
            repeat.stop(work);
        }
        if let Stage::Working(current) = &self.stage {
            let took = work.saturating_sub(current.began);
            let record = self.repeats[current.repeat].batches.last_mut();
            if let Some(record) = record.filter(|record| record.ended_at.is_none()) {
                record.ended_at = Some(self.now);
                record.took = Some(took);
            }
        }
    }
}

impl super::Repeat {
    /// Stops the clock.
    fn stop(&mut self, work: Millis) {
        if let Some(running) = self.running.take() {
            self.spent += work.saturating_sub(running);
        }
    }
}
