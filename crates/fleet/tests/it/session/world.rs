//! A world in one value: a clock, a provider, pods, calls on their way, and the journal. Everything follows from the seed.

use std::collections::{BTreeMap, BTreeSet};

use fleet::provider::{Phase, Seen};
use fleet::session::{
    Answer, Before, Command, Container, DeployFault, Effect, FetchFault, Fetched, Limits, Millis,
    Observation, Plan, Row, Session, SubmitFault, Taken, entry_line, head_line, replay,
};
use pod::wire::batch::{Prompt, State, Status};
use pod::wire::{Seed, Usd};

/// A second.
pub(crate) const S: Millis = 1000;

/// What a pod does.
#[derive(Debug, Clone)]
pub(crate) struct Conduct {
    pub(crate) deploys: Deploys,
    /// Until it has an address.
    pub(crate) visible: Millis,
    /// Until it is ready, from then on.
    pub(crate) warm: Millis,
    /// Each prompt.
    pub(crate) prompt: Millis,
    /// Whether it knows identities of batches.
    pub(crate) knows_identity: bool,
    /// From its n-th batch on, from 0, it does this.
    pub(crate) trouble: Option<(usize, Trouble)>,
    /// Stems that fail.
    pub(crate) fails: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Deploys {
    Fine,
    /// No machine is free.
    Capacity,
    /// The request works, its answer is lost.
    Unclear,
    /// The key is wrong.
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Trouble {
    /// The process ends.
    Exits,
    /// The provider no longer has it.
    Vanishes,
    /// Nothing answers, and the provider says that it runs.
    Silent,
    /// It asks to be replaced.
    Replace,
    /// The archive is broken.
    BadZip,
    /// It never ends.
    Hangs,
    /// It says 409 and nothing more.
    Refuses,
    /// It says 409 `warming_up` twice.
    WarmsUp,
    /// The container is started anew, once.
    Forgets,
    /// The results are those of the batch before, once.
    Stale,
    /// It does not become ready.
    NeverReady,
    /// It ends before it is ready.
    ExitsEarly,
}

impl Default for Conduct {
    fn default() -> Self {
        Self {
            deploys: Deploys::Fine,
            visible: 60 * S,
            warm: 300 * S,
            prompt: 2 * S,
            knows_identity: true,
            trouble: None,
            fails: BTreeSet::new(),
        }
    }
}

impl Conduct {
    pub(crate) fn with(trouble: Trouble, batch: usize) -> Self {
        Self { trouble: Some((batch, trouble)), ..Self::default() }
    }
}

/// A pod as it is.
#[derive(Debug, Clone)]
struct Machine {
    name: String,
    number: usize,
    born: Millis,
    /// Batches it took.
    batches: usize,
    /// Stems, identity, when done, and which generation this is in the whole world.
    batch: Option<(BTreeSet<String>, Option<String>, Millis, u64)>,
    before: BTreeSet<String>,
    is_stale: bool,
    has_forgotten: bool,
    refusals: u32,
    exited: bool,
    leaving: Option<Millis>,
}

/// How the world itself fails; out of 1000 calls.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    /// The call does not happen.
    pub(crate) lost: u64,
    /// The call happens, its answer is lost.
    pub(crate) unanswered: u64,
    /// The answer comes twice.
    pub(crate) doubled: u64,
    /// The process dies after a journal line.
    pub(crate) crash: u64,
    /// The disk is full when results are kept.
    pub(crate) disk: u64,
}

pub(crate) struct World {
    pub(crate) now: Millis,
    pub(crate) session: Session,
    pub(crate) journal: Vec<u8>,
    pub(crate) lines: usize,
    machines: BTreeMap<String, Machine>,
    conduct: Box<dyn Fn(usize) -> Conduct>,
    queue: Vec<(Millis, u64, Step)>,
    order: u64,
    dice: u64,
    pub(crate) faults: Faults,
    /// Neither provider nor pods answer in this span.
    pub(crate) dark: std::ops::Range<Millis>,
    generations: u64,
    /// Pods ever made.
    pub(crate) made: usize,
    pub(crate) crashes: usize,
}

enum Step {
    Act(u64, Effect),
    Tell(u64, Answer),
}

/// A plan of `prompts` prompts, small batches, `repeats` times.
pub(crate) fn plan(prompts: usize, repeats: u32) -> Plan {
    let prompt = |number: usize| Prompt {
        stem: format!("p{number:03}"),
        image_url: format!("https://example.org/{number}.png"),
    };
    Plan {
        id: "round1-miner".to_owned(),
        first_pod: "miner-01-5abc123def-0-test1".to_owned(),
        container: Container::new("image"),
        providers: vec!["sim".to_owned()],
        prompts: (0..prompts).map(prompt).collect(),
        seed: Seed::from(7_u32),
        repeats,
        limits: Limits { batch_size: 4, ..Limits::default() },
        is_attached: false,
        before: Before::default(),
    }
}

impl World {
    pub(crate) fn new(plan: Plan, conduct: impl Fn(usize) -> Conduct + 'static) -> Self {
        let journal = head_line(&plan).expect("JSON");
        Self {
            now: 1_700_000_000_000,
            session: Session::new(plan).expect("a plan"),
            journal,
            lines: 0,
            machines: BTreeMap::new(),
            conduct: Box::new(conduct),
            queue: Vec::new(),
            order: 0,
            dice: 1,
            faults: Faults::default(),
            dark: 0..0,
            generations: 0,
            made: 0,
            crashes: 0,
        }
    }

    pub(crate) fn seeded(mut self, seed: u64, faults: Faults) -> Self {
        self.dice = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        self.faults = faults;
        self
    }

    /// xorshift64.
    fn draw(&mut self) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice >> 8
    }

    fn happens(&mut self, of_1000: u64) -> bool {
        of_1000 > 0 && self.draw() % 1000 < of_1000
    }

    /// Writes the observation down, then takes the step.
    pub(crate) fn observe(&mut self, observed: Observation) {
        self.journal.extend(entry_line(self.now, &observed).expect("JSON"));
        self.lines += 1;
        let commands = self.session.step(self.now, observed);
        for command in commands {
            match command {
                Command::Do { call, effect } => {
                    let at = self.now + 50;
                    self.push(at, Step::Act(call, effect));
                }
                Command::Cancel { call } => self.queue.retain(|(_, _, step)| match step {
                    Step::Act(other, _) | Step::Tell(other, _) => *other != call,
                }),
            }
        }
    }

    fn push(&mut self, at: Millis, step: Step) {
        self.order += 1;
        self.queue.push((at, self.order, step));
    }

    /// The process dies: calls that had not happened do not, unless `all_happen`; nothing is told. A new one takes the journal.
    pub(crate) fn crash(&mut self, all_happen: bool, pause: Millis) {
        self.crashes += 1;
        for (_, _, step) in std::mem::take(&mut self.queue) {
            if let (Step::Act(_, effect), true) = (step, all_happen) {
                self.act(&effect);
            }
        }
        let replayed = replay(&self.journal).expect("a journal").expect("a head");
        assert_eq!(replayed.session, self.session, "the journal does not give the state");
        let json = serde_json::to_vec(&self.session).expect("JSON");
        let read: Session = serde_json::from_slice(&json).expect("a session");
        assert_eq!(read, self.session, "the state does not survive being written");
        self.session = replayed.session;
        self.now += pause;
        let is_begun = self.session.has_begun();
        self.observe(if is_begun { Observation::Restarted } else { Observation::Began });
    }

    /// Until the session is over. Panics when it never ends.
    pub(crate) fn run(&mut self) {
        if !self.session.has_begun() {
            self.observe(Observation::Began);
        }
        self.run_until(|_| false);
        assert!(self.session.is_over(), "not over after {} lines: {:#?}", self.lines, self.session);
    }

    pub(crate) fn run_until(&mut self, is_enough: impl Fn(&Self) -> bool) {
        for _ in 0..200_000 {
            if self.session.is_over() || is_enough(self) {
                return;
            }
            if self.happens(self.faults.crash) {
                let (all, pause) = (self.draw().is_multiple_of(2), self.draw() % (90 * S));
                self.crash(all, pause);
                continue;
            }
            let next = self.queue.iter().map(|(at, order, _)| (*at, *order)).min();
            let wake = self.session.wake_at().map(|at| at.max(self.now));
            match (next, wake) {
                (Some((at, order)), wake) if wake.is_none_or(|wake| at <= wake) => {
                    self.now = self.now.max(at);
                    let index = self.queue.iter().position(|entry| entry.1 == order);
                    let (_, _, step) = self.queue.remove(index.expect("it is there"));
                    self.take(step);
                }
                (_, Some(wake)) => {
                    self.now = wake;
                    self.observe(Observation::Tick);
                }
                (_, None) => panic!("nothing will ever happen: {:#?}", self.session),
            }
        }
        panic!("no end: {:#?}", self.session.outcome());
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Act(call, effect) => {
                let is_dark = self.dark.contains(&self.now);
                let answer = if is_dark || self.happens(self.faults.lost) {
                    broken(&effect)
                } else if self.happens(self.faults.unanswered) {
                    self.act(&effect);
                    broken(&effect)
                } else if matches!(effect, Effect::Fetch { .. }) && self.happens(self.faults.disk) {
                    Answer::Fetch(Err(FetchFault::Ours { detail: "disk full".to_owned() }))
                } else {
                    self.act(&effect)
                };
                let at = self.now + 50;
                if self.happens(self.faults.doubled) {
                    self.push(at + 3 * S, Step::Tell(call, answer.clone()));
                }
                self.push(at, Step::Tell(call, answer));
            }
            Step::Tell(call, answer) => self.observe(Observation::Answer { call, answer }),
        }
    }

    /// Pods that cost money.
    pub(crate) fn alive(&mut self) -> usize {
        let now = self.now;
        self.machines.retain(|_, machine| machine.leaving.is_none_or(|at| now < at));
        self.machines.len()
    }

    fn conduct_of(&self, id: &str) -> Option<(Conduct, Trouble, bool)> {
        let machine = self.machines.get(id)?;
        let conduct = (self.conduct)(machine.number);
        let (from, trouble) = conduct.trouble.unwrap_or((usize::MAX, Trouble::Hangs));
        let is_before = matches!(trouble, Trouble::Refuses | Trouble::WarmsUp);
        let is_on = machine.batches > from || is_before && machine.batches == from;
        Some((conduct, trouble, is_on))
    }

    fn seen(&self, id: &str) -> Option<Seen> {
        let machine = self.machines.get(id)?;
        let (conduct, trouble, is_on) = self.conduct_of(id)?;
        let age = self.now - machine.born;
        let mut phase = if age < conduct.visible { Phase::Starting } else { Phase::Running };
        if machine.exited || is_on && trouble == Trouble::Exits {
            phase = Phase::Exited { code: Some(1) };
        }
        if conduct.trouble.is_some_and(|(_, trouble)| trouble == Trouble::ExitsEarly)
            && age >= conduct.visible
        {
            phase = Phase::Exited { code: Some(2) };
        }
        if machine.leaving.is_some() {
            phase = Phase::Deleting;
        }
        Some(Seen {
            id: id.to_owned(),
            name: machine.name.clone(),
            url: (age >= conduct.visible).then(|| id.to_owned()),
            phase,
            detail: None,
            price_per_hour: Some(Usd::from_dollars(10.0)),
            created_at: None,
            labels: BTreeMap::new(),
        })
    }

    fn act(&mut self, effect: &Effect) -> Answer {
        self.alive();
        match effect {
            Effect::Deploy { pod, name, .. } => {
                let conduct = (self.conduct)(*pod);
                let fault = |is_unclear| DeployFault::Later {
                    detail: "no".to_owned(),
                    after: None,
                    is_unclear,
                };
                match conduct.deploys {
                    Deploys::Capacity => return Answer::Deploy(Err(fault(false))),
                    Deploys::Never => {
                        let detail = "key".to_owned();
                        return Answer::Deploy(Err(DeployFault::Never { detail }));
                    }
                    Deploys::Fine | Deploys::Unclear => {}
                }
                self.made += 1;
                let id = format!("id{}", self.made);
                let machine = Machine {
                    name: name.clone(),
                    number: *pod,
                    born: self.now,
                    batches: 0,
                    batch: None,
                    before: BTreeSet::new(),
                    is_stale: false,
                    has_forgotten: false,
                    refusals: 0,
                    exited: false,
                    leaving: None,
                };
                self.machines.insert(id.clone(), machine);
                match (conduct.deploys, self.seen(&id)) {
                    (Deploys::Fine, Some(seen)) => Answer::Deploy(Ok(seen)),
                    _ => Answer::Deploy(Err(fault(true))),
                }
            }
            Effect::Find { name, .. } => {
                let ids: Vec<String> = self.machines.keys().cloned().collect();
                let found = ids.iter().filter_map(|id| self.seen(id));
                let found =
                    found.filter(|seen| name.as_ref().is_none_or(|name| *name == seen.name));
                Answer::Find(Ok(found.collect()))
            }
            Effect::Look { id, .. } => Answer::Look(Ok(self.seen(id))),
            Effect::Delete { id, .. } => {
                let at = self.now + 5 * S;
                if let Some(machine) = self.machines.get_mut(id) {
                    machine.leaving.get_or_insert(at);
                }
                Answer::Delete(Ok(()))
            }
            Effect::Logs { .. } => Answer::Logs(vec!["Traceback".to_owned()]),
            Effect::Health { url, .. } => Answer::Health(self.answers(url).map(|_| ())),
            Effect::Status { url, replacements_remaining, .. } => {
                Answer::Status(self.status(url, *replacements_remaining))
            }
            Effect::Submit { url, batch, .. } => {
                let stems = batch.prompts.iter().map(|prompt| prompt.stem.clone()).collect();
                Answer::Submit(self.submit(url, stems, batch.batch_id.clone()))
            }
            Effect::Fetch { url, stems, .. } => Answer::Fetch(self.fetch(url, stems)),
        }
    }

    /// Whether the service answers at all.
    fn answers(&self, url: &str) -> Result<(Conduct, Trouble, bool), String> {
        let refused = || "connection refused".to_owned();
        let machine = self.machines.get(url).filter(|machine| machine.leaving.is_none());
        let machine = machine.ok_or_else(refused)?;
        let (conduct, trouble, is_on) = self.conduct_of(url).ok_or_else(refused)?;
        let is_early = self.now < machine.born + conduct.visible;
        let is_silent =
            is_on && matches!(trouble, Trouble::Exits | Trouble::Vanishes | Trouble::Silent);
        if is_early || is_silent { Err(refused()) } else { Ok((conduct, trouble, is_on)) }
    }

    fn status(&mut self, url: &str, remaining: u32) -> Result<Status, String> {
        let answered = self.answers(url);
        if let Some((_, Trouble::Vanishes, true)) = self.conduct_of(url) {
            self.machines.remove(url);
        }
        let (conduct, trouble, is_on) = answered?;
        let now = self.now;
        let machine = self.machines.get_mut(url).ok_or("gone")?;
        let is_cold = now < machine.born + conduct.visible + conduct.warm
            || conduct.trouble.is_some_and(|(_, trouble)| trouble == Trouble::NeverReady);
        let mut state = match &machine.batch {
            None if is_cold => State::WarmingUp,
            None => State::Ready,
            Some((_, _, done, _)) if now < *done => State::Generating,
            Some(_) => State::Complete,
        };
        match (is_on, trouble) {
            (true, Trouble::Replace) if remaining > 0 => state = State::Replace,
            (true, Trouble::Hangs) => state = State::Generating,
            (true, Trouble::Forgets) if !machine.has_forgotten => {
                machine.has_forgotten = true;
                machine.batch = None;
                state = State::Ready;
            }
            _ => {}
        }
        Ok(Status { status: state, progress: None, total: None, payload: None })
    }

    fn submit(
        &mut self,
        url: &str,
        stems: BTreeSet<String>,
        identity: Option<String>,
    ) -> Result<Taken, SubmitFault> {
        let failed = |detail: String| SubmitFault::Failed { detail };
        let (conduct, trouble, is_on) = self.answers(url).map_err(failed)?;
        let now = self.now;
        let machine = self.machines.get_mut(url).ok_or_else(|| failed("gone".to_owned()))?;
        if is_on && trouble == Trouble::Refuses {
            return Err(SubmitFault::Refused { state: None });
        }
        if is_on && trouble == Trouble::WarmsUp && machine.refusals < 2 {
            machine.refusals += 1;
            return Err(SubmitFault::Refused { state: Some(State::WarmingUp) });
        }
        let taken =
            Taken { accepted: Some(stems.len() as u64), keeps_identity: conduct.knows_identity };
        if let Some((had, known, done, _)) = &machine.batch {
            let is_same = if conduct.knows_identity { *known == identity } else { *had == stems };
            if is_same {
                return Ok(taken);
            }
            if now < *done {
                return Err(SubmitFault::Refused { state: Some(State::Generating) });
            }
            machine.before = had.clone();
            machine.is_stale = is_on && trouble == Trouble::Stale;
        }
        self.generations += 1;
        machine.batches += 1;
        let done = now + conduct.prompt * stems.len() as u64;
        machine.batch = Some((stems, identity, done, self.generations));
        Ok(taken)
    }

    fn fetch(&mut self, url: &str, asked: &[String]) -> Result<Fetched, FetchFault> {
        let failed = |detail: &str| FetchFault::Pod { detail: detail.to_owned() };
        let (conduct, trouble, is_on) = self.answers(url).map_err(|detail| failed(&detail))?;
        let machine = self.machines.get_mut(url).ok_or_else(|| failed("gone"))?;
        if is_on && trouble == Trouble::BadZip {
            return Err(failed("not a ZIP"));
        }
        let (stems, _, done, generation) = machine.batch.clone().ok_or_else(|| failed("409"))?;
        if self.now < done {
            return Err(failed("409"));
        }
        let has = if machine.is_stale { machine.before.clone() } else { stems };
        machine.is_stale = false;
        let row = |stem: &String| match (has.contains(stem), conduct.fails.contains(stem)) {
            (false, _) => Row::Failed { reason: pod::client::MISSING.to_owned() },
            (true, true) => Row::Failed { reason: "no".to_owned() },
            (true, false) => Row::Made { sha256: format!("{stem}@{generation}"), bytes: 1 },
        };
        let others = has.iter().filter(|stem| !asked.contains(stem)).count() as u64;
        Ok(Fetched {
            rows: asked.iter().map(|stem| (stem.clone(), row(stem))).collect(),
            others,
            archive_sha256: format!("zip{generation}"),
            archive_bytes: 1,
            notes: Vec::new(),
        })
    }
}

/// The answer when nothing comes back.
fn broken(effect: &Effect) -> Answer {
    let detail = || "timed out".to_owned();
    match effect {
        Effect::Deploy { .. } => {
            let fault = DeployFault::Later { detail: detail(), after: None, is_unclear: true };
            Answer::Deploy(Err(fault))
        }
        Effect::Find { .. } => Answer::Find(Err(detail())),
        Effect::Look { .. } => Answer::Look(Err(detail())),
        Effect::Health { .. } => Answer::Health(Err(detail())),
        Effect::Status { .. } => Answer::Status(Err(detail())),
        Effect::Submit { .. } => Answer::Submit(Err(SubmitFault::Failed { detail: detail() })),
        Effect::Fetch { .. } => Answer::Fetch(Err(FetchFault::Pod { detail: detail() })),
        Effect::Logs { .. } => Answer::Logs(Vec::new()),
        Effect::Delete { .. } => Answer::Delete(Err(detail())),
    }
}
