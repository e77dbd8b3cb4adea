//! Getting pods, watching them, and giving them up.

use pod::wire::batch::{State, Status};

use super::state::{Burial, Grave, Stage, Watch};
use super::{Clock, DeployFault, Effect, Found, Millis, Outcome, Pod, PodEnd, Session, Whose};
use crate::provider::{Phase, Seen};

/// Looks in a row that do not find a pod until it is gone: lists lag behind.
const UNSEEN_MAX: u32 = 3;

impl Session {
    /// Asks the next provider for the next pod.
    pub(super) fn deploy(&mut self) {
        if self.acquisitions >= self.plan.limits.acquisitions {
            let reason = format!("{} deployments in vain", self.acquisitions);
            return self.conclude(Outcome::Unavailable { reason });
        }
        let number = self.pods.len();
        let providers: Vec<&String> = self
            .plan
            .providers
            .iter()
            .filter(|provider| !self.ruled_out.contains(*provider))
            .collect();
        let Some(provider) = (!providers.is_empty()).then(|| providers[number % providers.len()])
        else {
            let reason = "no provider is left".to_owned();
            return self.conclude(Outcome::Unavailable { reason });
        };
        let provider = provider.clone();
        let name = self.plan.pod_name(number);
        self.pods.push(Pod {
            name: name.clone(),
            provider: provider.clone(),
            id: None,
            url: None,
            price_per_hour: None,
            requested_at: self.now,
            deployed_at: None,
            visible_at: None,
            ready_at: None,
            ended_at: None,
            gone_at: None,
            end: None,
            payload: None,
            logs: Vec::new(),
            keeps_identity: None,
            last_stems: None,
            watch: Watch { since: self.work(), ..Watch::default() },
        });
        self.stage = Stage::Deploying { find_at: None, asks_anew: false, after: None };
        self.acquisitions += 1;
        self.call(Effect::Deploy { provider, pod: number, name });
    }

    pub(super) fn deployed(
        &mut self,
        provider: &str,
        name: String,
        result: Result<Seen, DeployFault>,
    ) {
        let is_wanted = matches!(self.stage, Stage::Deploying { .. });
        match result {
            Ok(seen) if is_wanted => self.adopt(seen),
            Ok(seen) => self.dig(provider, seen.id, &name),
            Err(DeployFault::Later { after, is_unclear: true, .. }) => {
                // The request may have got through: look before asking anew.
                if is_wanted {
                    self.stage = Stage::Deploying { find_at: None, asks_anew: false, after };
                }
                self.call(Effect::Find { provider: provider.to_owned(), name: Some(name) });
            }
            Err(fault) => {
                let (detail, after) = match fault {
                    DeployFault::Later { detail, after, .. } => (detail, after),
                    DeployFault::Never { detail } => {
                        self.ruled_out.insert(provider.to_owned());
                        // Another one may be asked at once.
                        (detail, Some(0))
                    }
                    DeployFault::Orphan { id, detail } => {
                        self.dig(provider, id, &name);
                        (detail, None)
                    }
                };
                if is_wanted {
                    self.not_deployed(detail, after);
                }
            }
        }
    }

    /// The pods of one name were looked for, because a deployment may have happened.
    pub(super) fn found(&mut self, provider: &str, name: String, result: Result<Found, String>) {
        let pause = self.plan.limits.look;
        let Stage::Deploying { find_at, asks_anew, after } = &mut self.stage else {
            for seen in result.unwrap_or_default().into_iter().filter(|seen| seen.name == name) {
                self.dig(provider, seen.id, &name);
            }
            return;
        };
        let (asks_anew, after) = (*asks_anew, *after);
        let found = match result {
            Ok(found) => found,
            Err(_) => {
                *find_at = Some(self.now + pause);
                return;
            }
        };
        let mut found: Vec<Seen> = found.into_iter().filter(|seen| seen.name == name).collect();
        found.sort_by(|one, other| one.id.cmp(&other.id));
        let usable = found.iter().position(|seen| {
            !matches!(seen.phase, Phase::Deleting | Phase::Failed | Phase::Exited { .. })
        });
        let usable = usable.map(|index| found.remove(index));
        for seen in found {
            self.dig(provider, seen.id, &name);
        }
        match usable {
            Some(seen) => self.adopt(seen),
            None if asks_anew => {
                self.stage = Stage::Deploying { find_at: None, asks_anew: false, after: None };
                let pod = self.pods.len() - 1;
                self.call(Effect::Deploy { provider: provider.to_owned(), pod, name });
            }
            None => self.not_deployed("no answer, and no pod".to_owned(), after),
        }
    }

    fn not_deployed(&mut self, detail: String, after: Option<Millis>) {
        let index = self.pods.len() - 1;
        self.pods[index].ended_at = Some(self.now);
        self.pods[index].end = Some(PodEnd::NotDeployed { detail });
        let pause = after.unwrap_or_else(|| self.acquisition_pause());
        self.stage = Stage::Waiting { until: self.now + pause };
    }

    /// The pause after a deployment in vain: up to a quarter longer, so that sessions do not ask in step. The draw is made from
    /// the names, so a replay draws the same.
    fn acquisition_pause(&self) -> Millis {
        let pause = self.plan.limits.acquisition_pause;
        // FNV-1a, 64 bits.
        let start = 0xcbf2_9ce4_8422_2325_u64;
        let drawn = self.plan.id.bytes().chain(self.acquisitions.to_le_bytes());
        let drawn =
            drawn.fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        pause + (drawn >> 32) % (pause / 4 + 1)
    }

    fn adopt(&mut self, seen: Seen) {
        let index = self.pods.len() - 1;
        let (now, look) = (self.now, self.plan.limits.look);
        let pod = &mut self.pods[index];
        pod.id = Some(seen.id.clone());
        pod.deployed_at = Some(now);
        pod.watch.next_look = now + look;
        self.stage = Stage::Starting;
        self.looked(Ok(Some(seen)));
    }

    /// A look at the provider for the active pod.
    pub(super) fn looked(&mut self, result: Result<Option<Seen>, String>) {
        let Some(index) = self.active() else { return };
        let now = self.now;
        let pod = &mut self.pods[index];
        let seen = match result {
            Err(_) => {
                pod.watch.look_failed = true;
                return;
            }
            Ok(seen) => seen,
        };
        pod.watch.look_failed = false;
        let Some(seen) = seen else {
            pod.watch.unseen += 1;
            if pod.watch.unseen >= UNSEEN_MAX {
                self.give_up(PodEnd::Gone);
            }
            return;
        };
        pod.watch.unseen = 0;
        pod.price_per_hour = seen.price_per_hour.or(pod.price_per_hour);
        if let Some(url) = seen.url {
            pod.url = Some(url);
            pod.visible_at = pod.visible_at.or(Some(now));
        }
        match seen.phase {
            Phase::Exited { code } => return self.give_up(PodEnd::Exited { code }),
            Phase::Failed => {
                let detail = seen.detail.unwrap_or_default();
                return self.give_up(PodEnd::ProviderFailed { detail });
            }
            Phase::Deleting => return self.give_up(PodEnd::Gone),
            Phase::Starting => {}
            Phase::Running | Phase::Unknown(_) => {
                let pod = &mut self.pods[index];
                pod.watch.runs = true;
                let has_url = pod.url.is_some();
                if matches!(self.stage, Stage::Starting) && has_url {
                    self.warm();
                }
            }
        }
        self.mind_outages();
        self.mind_silence();
    }

    /// The pod has an address; from here on its own clock runs.
    pub(super) fn warm(&mut self) {
        let since = self.work();
        self.stage = Stage::Warming { since, is_up: false };
        let index = self.pods.len() - 1;
        self.pods[index].watch.next_poll = self.now;
    }

    /// An answer of the pod to a look at its health.
    pub(super) fn is_healthy(&mut self, result: &Result<(), String>) {
        let Some(index) = self.active() else { return };
        self.pods[index].watch.service_failed = result.is_err();
        if let (Stage::Warming { is_up, .. }, Ok(())) = (&mut self.stage, result) {
            *is_up = true;
            self.pods[index].watch.next_poll = self.now;
        }
    }

    /// An answer of the pod to a look at its status.
    pub(super) fn told(&mut self, result: Result<Status, String>) {
        let Some(index) = self.active() else { return };
        let is_outage = self.outage.is_some();
        let watch = &mut self.pods[index].watch;
        let status = match result {
            Err(_) => {
                watch.service_failed = true;
                if matches!(self.stage, Stage::Working(_)) && !is_outage {
                    watch.missed += 1;
                }
                return self.mind_silence();
            }
            Ok(status) => status,
        };
        watch.service_failed = false;
        watch.missed = 0;
        watch.runs = false;
        self.mind_outages();
        if status.status == State::Replace {
            self.pods[index].payload = status.payload;
            return self.give_up(PodEnd::Requested);
        }
        match &self.stage {
            Stage::Warming { .. } => {
                let is_ready = status.status == State::Ready
                    || self.plan.is_attached && status.status == State::Complete;
                if is_ready {
                    self.pods[index].watch.had_results = status.status == State::Complete;
                    self.pods[index].ready_at = Some(self.now);
                    self.next_batch();
                }
            }
            Stage::Working(_) => self.progress(status.status),
            _ => {}
        }
    }

    /// A pod that does not answer is given up when its provider says that it runs; otherwise the provider is asked.
    fn mind_silence(&mut self) {
        let Some(index) = self.active() else { return };
        let watch = &mut self.pods[index].watch;
        if watch.missed < self.plan.limits.unreachable.max(1) || watch.look_failed {
            return;
        }
        if watch.runs {
            self.give_up(PodEnd::Unreachable);
        } else {
            watch.next_look = watch.next_look.min(self.now);
        }
    }

    /// The last time at which a pod must have an address, in working time.
    pub(super) fn visible_until(&self) -> Option<Millis> {
        let pod = self.active().map(|index| &self.pods[index])?;
        Some(pod.watch.since + self.plan.limits.visible)
    }

    /// Gives the active pod up and decides what comes then.
    pub(super) fn give_up(&mut self, end: PodEnd) {
        let whose = end.whose();
        self.batch_failed(&end);
        self.end_pod(end);
        self.stage = Stage::Waiting { until: self.now };
        match whose {
            Whose::Miner if self.pods.iter().all(|pod| pod.ready_at.is_none()) => {
                self.first_failures += 1;
                if self.first_failures >= self.plan.limits.first_attempts {
                    return self.conclude(Outcome::NeverReady);
                }
            }
            Whose::Miner => {
                if self.replacements_used >= self.plan.limits.replacements {
                    return self.conclude(Outcome::BudgetSpent);
                }
                self.replacements_used += 1;
            }
            Whose::Infrastructure => {
                self.infrastructure_faults += 1;
                if self.infrastructure_faults > self.plan.limits.infrastructure {
                    let reason = format!(
                        "{} pods failed by fault of their providers",
                        self.infrastructure_faults
                    );
                    return self.conclude(Outcome::Unavailable { reason });
                }
            }
            Whose::Nobody => {}
        }
        // The next provider may be asked at once; a lone one gets a pause when the fault was its own.
        let pause = match whose {
            Whose::Infrastructure if self.plan.providers.len() == 1 => self.acquisition_pause(),
            _ => 0,
        };
        self.stage = Stage::Waiting { until: self.now + pause };
    }

    /// The active pod is no longer used: its calls are dropped, and it is deleted.
    pub(super) fn end_pod(&mut self, end: PodEnd) {
        let Some(index) = self.active() else { return };
        self.cancel_calls();
        let is_own_fault = end.whose() == Whose::Miner;
        let pod = &mut self.pods[index];
        pod.ended_at = Some(self.now);
        pod.end = Some(end);
        if let Some(id) = pod.id.clone() {
            let step = if is_own_fault { Burial::Logs } else { Burial::Delete };
            let provider = pod.provider.clone();
            let next = self.now;
            self.graves.push(Grave { pod: Some(index), provider, id, step, attempts: 0, next });
        }
    }

    /// The clock of the current repeat when a pod is given up.
    fn batch_failed(&mut self, end: &PodEnd) {
        let work = self.work();
        let is_counted = end.whose() == Whose::Miner;
        let began = match &self.stage {
            Stage::Working(current) => Some(current.began),
            _ => None,
        };
        let since = self.active().map_or(work, |index| self.pods[index].watch.since);
        if let Stage::Working(current) = &self.stage {
            let (repeat, took) = (current.repeat, work.saturating_sub(current.began));
            let record = self.repeats[repeat].batches.last_mut();
            if let Some(record) = record.filter(|record| record.ended_at.is_none()) {
                record.ended_at = Some(self.now);
                record.took = Some(took);
                record.notes.push(end.word().to_owned());
            }
        }
        let Some(index) = self.current_repeat() else { return };
        let clock = self.plan.limits.clock;
        let repeat = &mut self.repeats[index];
        let Some(running) = repeat.running else { return };
        match (clock, is_counted) {
            // Goes on until there are results.
            (Clock::Wall, true) => {}
            // What was done before this batch, or this pod, counts.
            (Clock::Wall, false) => {
                repeat.spent += began.unwrap_or(since).saturating_sub(running);
                repeat.running = None;
            }
            (Clock::Batches, true) => {
                repeat.spent += work.saturating_sub(running);
                repeat.running = None;
            }
            (Clock::Batches, false) | (Clock::FinishedBatches, _) => repeat.running = None,
        }
    }
}
