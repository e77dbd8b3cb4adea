//! One step: an observation in, commands out. Answers go to their owners, then everything that is due is done.

use super::state::{Stage, Step};
use super::{Answer, Command, Effect, FetchFault, Millis, Observation, Outcome, PodEnd, Session};

impl Session {
    /// Takes an observation made at `now` (milliseconds since 1970; a clock that goes back stands still), and gives what to do.
    ///
    /// The same session, observations and times give the same commands. Commands are in the order to be done.
    pub fn step(&mut self, now: Millis, observation: Observation) -> Vec<Command> {
        let before = self.now;
        self.now = self.now.max(now);
        match observation {
            Observation::Began if self.stage == Stage::New => {
                self.stage = Stage::Waiting { until: self.now };
                if self.current_repeat().is_none() {
                    self.conclude(Outcome::Finished);
                }
            }
            Observation::Restarted => self.restart(before),
            Observation::Stop { reason } => self.conclude(Outcome::Stopped { reason }),
            Observation::Answer { call, answer } => {
                // Unknown: cancelled, or its answer came before.
                if let Some(effect) = self.calls.remove(&call) {
                    self.answered(call, effect, answer);
                }
            }
            Observation::Began | Observation::Tick => {}
        }
        self.do_what_is_due();
        std::mem::take(&mut self.commands)
    }

    /// When the session wants a [`Observation::Tick`] if nothing else is observed before; wall clock.
    #[must_use]
    pub fn wake_at(&self) -> Option<Millis> {
        let mut times = Vec::new();
        let mut deadlines = Vec::new();
        let limits = &self.plan.limits;
        match &self.stage {
            Stage::New | Stage::Over | Stage::WindingDown => {}
            Stage::Waiting { until } => times.push(*until),
            Stage::Deploying { find_at, .. } => times.extend(*find_at),
            Stage::Starting => deadlines.extend(self.visible_until()),
            Stage::Warming { since, .. } => deadlines.push(since + limits.warm_up),
            Stage::Working(current) => {
                deadlines.extend(limits.batch.map(|limit| current.began + limit));
            }
        }
        deadlines.extend(self.generation_until());
        if let Some(pod) =
            self.active().map(|index| &self.pods[index]).filter(|pod| pod.id.is_some())
        {
            if !self.is_calling(|effect| matches!(effect, Effect::Look { .. })) {
                times.push(pod.watch.next_look);
            }
            if self.wants_poll() && !self.is_polling() {
                times.push(pod.watch.next_poll);
            }
        }
        match self.outage {
            Some(since) if self.outcome.is_none() => times.push(since + limits.outage),
            Some(_) => {}
            None => times.extend(deadlines.iter().map(|deadline| deadline + self.lost + 1)),
        }
        times.extend(self.burials_due());
        times.into_iter().min()
    }

    /// The process that ran the session is gone; so is what it was doing.
    fn restart(&mut self, before: Millis) {
        let counts = !matches!(self.stage, Stage::New | Stage::WindingDown | Stage::Over);
        if counts && self.outage.is_none() {
            self.lost += self.now - before;
        }
        for effect in std::mem::take(&mut self.calls).into_values() {
            match effect {
                Effect::Deploy { provider, name, .. } => {
                    if let Stage::Deploying { asks_anew, .. } = &mut self.stage {
                        *asks_anew = true;
                    }
                    self.call(Effect::Find { provider, name: Some(name) });
                }
                other => {
                    self.call(other);
                }
            }
        }
    }

    fn answered(&mut self, call: u64, effect: Effect, answer: Answer) {
        match (effect, answer) {
            (Effect::Deploy { provider, name, .. }, Answer::Deploy(result)) => {
                self.deployed(&provider, name, result);
            }
            (Effect::Find { provider, name: Some(name) }, Answer::Find(result)) => {
                self.found(&provider, name, result);
            }
            (Effect::Find { provider, name: None }, Answer::Find(result)) => {
                self.swept(&provider, result);
            }
            (Effect::Look { provider, id }, Answer::Look(result)) => {
                if self.is_active(&provider, &id) {
                    self.looked(result);
                } else {
                    self.verified(&provider, &id, &result);
                }
            }
            (Effect::Health { .. }, Answer::Health(result)) => self.is_healthy(&result),
            (Effect::Status { .. }, Answer::Status(result)) => self.told(result),
            (Effect::Submit { .. }, Answer::Submit(result)) => self.submitted(result),
            (Effect::Fetch { .. }, Answer::Fetch(result)) => self.fetched(result),
            (Effect::Logs { provider, id }, Answer::Logs(lines)) => {
                self.logged(&provider, &id, lines);
            }
            (Effect::Delete { provider, id }, Answer::Delete(result)) => {
                self.deleted(&provider, &id, result.is_ok());
            }
            // An answer to another question is none.
            (effect, _) => {
                self.calls.insert(call, effect);
            }
        }
    }

    fn do_what_is_due(&mut self) {
        self.mind_outages();
        self.mind_limits();
        if let Stage::Waiting { until } = self.stage
            && until <= self.now
        {
            self.deploy();
        }
        if let Stage::Deploying { find_at: Some(at), asks_anew, after } = self.stage
            && at <= self.now
        {
            self.stage = Stage::Deploying { find_at: None, asks_anew, after };
            let pod = &self.pods[self.pods.len() - 1];
            let (provider, name) = (pod.provider.clone(), pod.name.clone());
            self.call(Effect::Find { provider, name: Some(name) });
        }
        self.watch();
        self.bury();
    }

    /// Limits of time and money.
    fn mind_limits(&mut self) {
        if self.outcome.is_some() || self.outage.is_some() {
            return;
        }
        let work = self.work();
        let limits = self.plan.limits.clone();
        if limits.cost.is_some_and(|most| self.cost() > most) {
            return self.conclude(Outcome::Stopped { reason: "the pods cost too much".to_owned() });
        }
        if self.generation_until().is_some_and(|until| work > until) {
            return self.conclude(Outcome::Lost);
        }
        match &self.stage {
            Stage::Starting if self.visible_until().is_some_and(|until| work > until) => {
                let pod = &self.pods[self.pods.len() - 1];
                if pod.url.is_some() {
                    self.warm();
                } else {
                    self.give_up(PodEnd::NotVisible);
                }
            }
            Stage::Warming { since, .. } if work > since + limits.warm_up => {
                self.give_up(PodEnd::WarmUpTime);
            }
            Stage::Working(current)
                if limits.batch.is_some_and(|most| work > current.began + most) =>
            {
                self.give_up(PodEnd::BatchTimeLimit);
            }
            _ => {}
        }
    }

    /// An outage is on while neither the provider nor the pod answers, or results cannot be kept.
    pub(super) fn mind_outages(&mut self) {
        let is_on = self.active().is_some_and(|index| {
            let watch = &self.pods[index].watch;
            let is_store_down =
                matches!(&self.stage, Stage::Working(current) if current.is_store_down);
            is_store_down || watch.look_failed && watch.service_failed
        });
        match (is_on, self.outage) {
            (true, None) => self.outage = Some(self.now),
            (true, Some(since)) if self.now >= since + self.plan.limits.outage => {
                let reason = "neither provider nor pod answered, or results could not be kept";
                self.conclude(Outcome::Unavailable { reason: reason.to_owned() });
            }
            (false, Some(since)) => {
                self.lost += self.now - since;
                self.outage = None;
                if let Some(index) = self.active() {
                    self.pods[index].watch.missed = 0;
                }
            }
            _ => {}
        }
    }

    /// Looks at provider and pod when it is time.
    fn watch(&mut self) {
        let Some(index) = self.active() else { return };
        let limits = self.plan.limits.clone();
        let pod = &self.pods[index];
        let Some(id) = pod.id.clone() else { return };
        let (provider, watch) = (pod.provider.clone(), pod.watch.clone());
        let is_looking = self.is_calling(|effect| matches!(effect, Effect::Look { .. }));
        if watch.next_look <= self.now && !is_looking {
            self.pods[index].watch.next_look = self.now + limits.look;
            self.call(Effect::Look { provider: provider.clone(), id });
        }
        let Some(url) = self.pods[index].url.clone() else { return };
        if !self.wants_poll() || self.is_polling() || watch.next_poll > self.now {
            return;
        }
        let (pause, effect) = match &self.stage {
            Stage::Warming { is_up: false, .. } => (limits.look, Effect::Health { provider, url }),
            Stage::Working(current) if current.step == Step::Fetch => {
                let (repeat, stems) = (current.repeat, current.stems.clone());
                let repeat = u32::try_from(repeat).unwrap_or(u32::MAX).saturating_add(1);
                (limits.look, Effect::Fetch { provider, url, repeat, stems })
            }
            stage => {
                let pause =
                    if matches!(stage, Stage::Warming { .. }) { limits.look } else { limits.poll };
                let replacements_remaining = self.replacements_remaining();
                (pause, Effect::Status { provider, url, replacements_remaining })
            }
        };
        self.pods[index].watch.next_poll = self.now + pause;
        self.call(effect);
    }

    fn wants_poll(&self) -> bool {
        match &self.stage {
            Stage::Warming { .. } => true,
            Stage::Working(current) => current.step != Step::Submit,
            _ => false,
        }
    }

    fn is_polling(&self) -> bool {
        self.is_calling(|effect| {
            matches!(effect, Effect::Health { .. } | Effect::Status { .. } | Effect::Fetch { .. })
        })
    }

    /// Whether a call to the active pod is under way. Graves have calls of their own.
    fn is_calling(&self, is_it: impl Fn(&Effect) -> bool) -> bool {
        self.calls.values().any(|effect| {
            let is_grave = match effect {
                Effect::Look { provider, id } => !self.is_active(provider, id),
                _ => false,
            };
            !is_grave && is_it(effect)
        })
    }

    fn is_active(&self, provider: &str, id: &str) -> bool {
        self.active().is_some_and(|index| {
            let pod = &self.pods[index];
            pod.provider == provider && pod.id.as_deref() == Some(id)
        })
    }

    /// Begins a call.
    pub(super) fn call(&mut self, effect: Effect) {
        let call = self.next_call;
        self.next_call += 1;
        self.calls.insert(call, effect.clone());
        self.commands.push(Command::Do { call, effect });
    }

    /// Drops the calls to the active pod. Deployments go on: their pods must be found and deleted.
    pub(super) fn cancel_calls(&mut self) {
        let of_pod = |effect: &Effect| match effect {
            Effect::Health { .. }
            | Effect::Status { .. }
            | Effect::Submit { .. }
            | Effect::Fetch { .. } => true,
            Effect::Look { provider, id } => self.is_active(provider, id),
            Effect::Deploy { .. }
            | Effect::Find { .. }
            | Effect::Logs { .. }
            | Effect::Delete { .. } => false,
        };
        let calls: Vec<u64> =
            self.calls.iter().filter(|(_, effect)| of_pod(effect)).map(|(call, _)| *call).collect();
        for call in calls {
            self.calls.remove(&call);
            self.commands.push(Command::Cancel { call });
        }
    }

    /// The outcome is clear: no more work, every pod is deleted.
    pub(super) fn conclude(&mut self, outcome: Outcome) {
        if self.outcome.is_some() {
            return;
        }
        let end = match &outcome {
            Outcome::Finished => PodEnd::Completed,
            Outcome::Lost | Outcome::BudgetSpent | Outcome::NeverReady => PodEnd::Decided,
            Outcome::Stopped { .. } | Outcome::Unavailable { .. } => PodEnd::Stopped,
        };
        self.outcome = Some(outcome);
        self.end_pod(end);
        self.stop_clocks();
        self.stage = Stage::WindingDown;
        self.outage = None;
        self.begin_sweeps();
    }

    /// Results could not be kept here.
    pub(super) fn store_is_down(&mut self, fault: &FetchFault) -> bool {
        let is_down = matches!(fault, FetchFault::Ours { .. });
        if let Stage::Working(current) = &mut self.stage {
            current.is_store_down = is_down;
        }
        is_down
    }
}
