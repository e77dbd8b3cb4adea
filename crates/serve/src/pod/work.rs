//! What the service does: warms up, keeps batches going until they are complete, and remembers. Decisions are those of
//! [`super::state`]; this carries them out.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use generators::{Failure, Generator};
use pod::client::python_json_length;
use pod::wire::batch::{Caps, Prompt, State, Status};
use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinError};
use tokio::time::{Instant, timeout, timeout_at};

use super::archive;
use super::health::{Report, report};
use super::payload::Facts;
use super::pictures::Pictures;
use super::results::Results;
use super::state::{Answer, Machine, Number, Order, Outcome};
use super::store::{Store, Stored};
use super::{Config, Level, Log, words};
use crate::metrics::Metrics;
use crate::slots::Slots;

/// After so many prompts in a row that the generator failed, it and the machine are looked at.
const FAILURES_IN_A_ROW: u64 = 4;
/// For the generator to say whether it can still generate.
const READY_AGAIN_MAX: Duration = Duration::from_secs(60);

/// What requests and the work share.
pub(super) struct App {
    pub(super) metrics: Metrics,
    pub(super) slots: Arc<Slots>,
    pub(super) log: Log,
    pub(super) config: Config,
    pub(super) generator: Arc<dyn Generator>,
    pub(super) pictures: Pictures,
    store: Arc<Store>,
    shared: Mutex<Shared>,
    is_warm: watch::Sender<bool>,
    /// One order is answered at a time.
    ordering: tokio::sync::Mutex<()>,
    failures_in_a_row: AtomicU64,
}

/// What changes.
struct Shared {
    machine: Machine,
    number: Number,
    results: Option<Results>,
    supervisor: Option<AbortHandle>,
    report: Option<Report>,
    fault: Option<Map<String, Value>>,
    stage: (&'static str, Instant),
    running: BTreeMap<String, (Option<f32>, String)>,
    last_failure: Option<String>,
}

/// Ends a task when nobody waits for it any more.
pub(super) struct AbortOnDrop(pub(super) AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl App {
    pub(super) fn new(
        config: Config,
        generator: Arc<dyn Generator>,
        log: Log,
        store: Store,
    ) -> io::Result<Self> {
        let shared = Shared {
            machine: Machine::default(),
            number: 0,
            results: None,
            supervisor: None,
            report: None,
            fault: None,
            stage: ("loading", Instant::now()),
            running: BTreeMap::new(),
            last_failure: None,
        };
        Ok(Self {
            metrics: Metrics::default(),
            // Downloads and uploads are bounded by the connections.
            slots: Arc::new(Slots::new(super::limits::CONNECTIONS_MAX, 0)),
            log,
            pictures: Pictures::new(config.picture_time, config.allow_private_urls)?,
            config,
            generator,
            store: Arc::new(store),
            shared: Mutex::new(shared),
            is_warm: watch::Sender::new(false),
            ordering: tokio::sync::Mutex::new(()),
            failures_in_a_row: AtomicU64::new(0),
        })
    }

    /// Takes up the batch that was in work or complete when the service ended.
    pub(super) fn resume(self: &Arc<Self>) -> io::Result<()> {
        let Some(found) = self.store.load()? else { return Ok(()) };
        let number = found.number;
        let (total, known) = (found.stored.order.prompts.len(), found.outcomes.len());
        let mut shared = self.shared();
        shared.number = number;
        shared.machine.start(number, found.stored.order.clone(), found.outcomes);
        if found.is_complete {
            shared.machine.complete(number);
            shared.results = Some(Results::File(self.store.results(number)));
            drop(shared);
            self.say(Level::Info, &format!("batch {number}: complete, found on disk"));
        } else {
            drop(shared);
            self.say(Level::Info, &format!("batch {number}: goes on, {known} of {total} are done"));
            self.supervise(number, found.stored);
        }
        Ok(())
    }

    /// Loads models and checks the machine. Ends with an error when the generator never will generate.
    pub(super) async fn warm_up(self: Arc<Self>) -> io::Result<()> {
        self.check_machine().await;
        self.stage("loading");
        let generator = self.generator.clone();
        let loading = tokio::spawn(async move { generator.ready().await });
        let _guard = AbortOnDrop(loading.abort_handle());
        let name = &self.generator.card().name;
        match loading.await {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => return Err(io::Error::other(format!("{name}: {failure}"))),
            Err(error) => return Err(io::Error::other(format!("{name}: {}", join_text(error)))),
        }
        self.shared().machine.warm();
        self.stage("waiting");
        self.say(Level::Info, &format!("{name} is ready"));
        self.is_warm.send_replace(true);
        Ok(())
    }

    /// Answers an order; if it is to begin, it has begun when this returns, and is on disk.
    pub(super) async fn order(self: &Arc<Self>, order: Order) -> io::Result<Answer> {
        let _one = self.ordering.lock().await;
        let (answer, number) = {
            let shared = self.shared();
            (shared.machine.answer(&order), shared.number.saturating_add(1))
        };
        if answer != Answer::Start {
            return Ok(answer);
        }
        let stored = Stored { order, accepted_at_unix_ms: unix_ms() };
        let begun = {
            let (store, stored) = (self.store.clone(), stored.clone());
            tokio::task::spawn_blocking(move || store.begin(number, &stored)).await
        };
        begun.map_err(io::Error::other)??;
        {
            let mut shared = self.shared();
            shared.number = number;
            shared.results = None;
            shared.last_failure = None;
            shared.machine.start(number, stored.order.clone(), BTreeMap::new());
        }
        let (count, seed) = (stored.order.prompts.len(), stored.order.seed);
        self.say(Level::Info, &format!("batch {number}: {count} prompts, seed {seed}"));
        self.supervise(number, stored);
        Ok(answer)
    }

    /// Answers a poll.
    pub(super) fn status(&self, replacements: Option<i64>) -> Status {
        let mut shared = self.shared();
        let status = shared.machine.polled(replacements);
        let is_generating = status == State::Generating;
        let count = shared.machine.count();
        let facts = Facts {
            report: shared.report.as_ref().map(|report| report.payload.clone()),
            generator: words::cut(&self.generator.card().name, 60),
            stage: shared.stage.0,
            seconds: shared.stage.1.elapsed().as_secs(),
            count,
            running: shared
                .running
                .iter()
                .map(|(stem, (share, what))| (stem.clone(), *share, what.clone()))
                .collect(),
            last_failure: shared.last_failure.clone(),
        };
        let unfit = shared.machine.unfit().filter(|_| status == State::Replace).cloned();
        drop(shared);
        let bytes_max = Caps::default().payload_bytes;
        let payload = match unfit {
            Some(unfit) if python_json_length(&Value::Object(unfit.clone())) <= bytes_max => unfit,
            _ => facts.payload(bytes_max),
        };
        let count = count.filter(|_| is_generating);
        Status {
            status,
            progress: count.map(|count| count.made + count.failed),
            total: count.map(|count| count.total),
            payload: Some(payload),
        }
    }

    /// The results, or the state in which there are none.
    pub(super) fn results(&self) -> Result<Results, State> {
        let shared = self.shared();
        shared.results.clone().ok_or_else(|| shared.machine.work())
    }

    /// Ends the batch in work; it goes on when the service starts again.
    pub(super) fn stop(&self) {
        if let Some(supervisor) = self.shared().supervisor.take() {
            supervisor.abort();
        }
    }

    /// A batch from here to `complete`, whatever happens on the way.
    fn supervise(self: &Arc<Self>, number: Number, stored: Stored) {
        let app = self.clone();
        let spent = Duration::from_millis(unix_ms().saturating_sub(stored.accepted_at_unix_ms));
        let end = Instant::now() + self.config.batch_time.saturating_sub(spent);
        let supervising = tokio::spawn(async move {
            let working = tokio::spawn(super::batch::run(app.clone(), number, stored.order));
            let guard = AbortOnDrop(working.abort_handle());
            let reason = match timeout_at(end, working).await {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(format!("generation crashed: {}", join_text(error))),
                Err(_) => {
                    let limit = app.config.batch_time.as_secs_f64();
                    Some(format!("batch timeout: not generated within {limit} s of the order"))
                }
            };
            drop(guard);
            if let Some(reason) = &reason {
                app.say(Level::Error, &format!("batch {number}: {reason}"));
            }
            let reason = reason.as_deref().unwrap_or("generation crashed: left out");
            app.complete(number, &words::short(reason)).await;
        });
        self.shared().supervisor = Some(supervising.abort_handle());
    }

    /// Gives up what is open, packs the results, and says so.
    async fn complete(self: &Arc<Self>, number: Number, reason: &str) {
        let outcomes = {
            let mut shared = self.shared();
            shared.machine.give_up(number, reason);
            shared.running.clear();
            shared.machine.outcomes(number)
        };
        self.stage("packing");
        let app = self.clone();
        let packing = tokio::task::spawn_blocking(move || app.pack(number, &outcomes));
        let results = packing.await.unwrap_or_else(|error| {
            self.say(Level::Error, &format!("batch {number}: packing: {}", join_text(error)));
            Results::Memory(Bytes::new())
        });
        let count = {
            let mut shared = self.shared();
            shared.results = Some(results);
            shared.machine.complete(number);
            shared.machine.count()
        };
        self.stage("waiting");
        let made = count.map_or(0, |count| count.made);
        let total = count.map_or(0, |count| count.total);
        self.say(Level::Info, &format!("batch {number}: complete, {made} of {total} made"));
    }

    /// In a file; in memory where the disk takes no more.
    fn pack(&self, number: Number, outcomes: &BTreeMap<String, Outcome>) -> Results {
        match self.store.pack(number, outcomes) {
            Ok(()) => Results::File(self.store.results(number)),
            Err(error) => {
                self.say(Level::Error, &format!("batch {number}: results stay in memory: {error}"));
                let read = |stem: &str| self.store.module(number, stem);
                let memory = io::Cursor::new(Vec::new());
                let packed = archive::write(memory, outcomes, Caps::default(), read);
                Results::Memory(packed.map(io::Cursor::into_inner).unwrap_or_default().into())
            }
        }
    }

    /// Prompts without outcome.
    pub(super) fn open_prompts(&self, number: Number, order: &Order) -> Vec<Prompt> {
        let open: BTreeSet<String> = self.shared().machine.open_stems(number).into_iter().collect();
        order.prompts.iter().filter(|prompt| open.contains(&prompt.stem)).cloned().collect()
    }

    /// Done when models are loaded.
    pub(super) async fn warm(&self) {
        // The sender lives as long as this.
        self.is_warm.subscribe().wait_for(|is_warm| *is_warm).await.ok();
    }

    /// What became of a prompt, first to disk, then to all.
    pub(super) async fn settle(
        self: &Arc<Self>,
        number: Number,
        stem: &str,
        made: Result<Bytes, String>,
    ) {
        let app = self.clone();
        let owned = stem.to_owned();
        let keeping = tokio::task::spawn_blocking(move || {
            let kept = app.store.keep(number, &owned, &made);
            match (kept, made) {
                (Ok(()), Ok(_)) => Outcome::Made,
                (Err(error), Ok(_)) => {
                    let reason = words::short(&format!("the module cannot be stored: {error}"));
                    app.store.keep(number, &owned, &Err(reason.clone())).ok();
                    Outcome::Failed(reason)
                }
                // Told all the same; only a restart would forget it and try again.
                (_, Err(reason)) => Outcome::Failed(reason),
            }
        });
        let crashed = |error| Outcome::Failed(format!("generation crashed: {}", join_text(error)));
        let outcome = keeping.await.unwrap_or_else(crashed);
        let mut shared = self.shared();
        shared.running.remove(stem);
        if let Outcome::Failed(reason) = &outcome {
            shared.last_failure = Some(format!("{stem}: {reason}"));
        }
        let failure = shared.last_failure.clone().filter(|_| outcome != Outcome::Made);
        shared.machine.finish(number, stem, outcome);
        drop(shared);
        if let Some(failure) = failure {
            self.say(Level::Warning, &format!("batch {number}: {failure}"));
        }
    }

    /// How far a prompt is.
    pub(super) fn progress(&self, stem: &str, share: Option<f32>, what: &str) {
        let share = share.filter(|share| share.is_finite());
        self.shared().running.insert(stem.to_owned(), (share, words::cut(what, 60)));
    }

    /// The generator made a model, or failed and it was not the order's fault. After some failures in a row it is asked
    /// whether it can still generate, and the machine is measured again.
    pub(super) async fn note_health(self: &Arc<Self>, failed: bool) {
        if !failed {
            self.failures_in_a_row.store(0, Ordering::SeqCst);
            let mut shared = self.shared();
            if shared.fault.take().is_some() {
                shared.judge();
            }
            return;
        }
        let failures = self.failures_in_a_row.fetch_add(1, Ordering::SeqCst) + 1;
        if failures % FAILURES_IN_A_ROW != 0 {
            return;
        }
        let generator = self.generator.clone();
        let asking = tokio::spawn(async move { generator.ready().await });
        let _guard = AbortOnDrop(asking.abort_handle());
        let fault = match timeout(READY_AGAIN_MAX, asking).await {
            Ok(Ok(Ok(()))) => None,
            Ok(Ok(Err(failure))) => Some(failure.to_string()),
            Ok(Err(error)) => Some(join_text(error)),
            Err(_) => Some(Failure::Time(READY_AGAIN_MAX).to_string()),
        };
        if let Some(reason) = fault {
            self.say(Level::Error, &format!("the generator is out of order: {reason}"));
            let fault = json!({
                "fault": "generator",
                "reason": words::short(&reason),
                "failures_in_a_row": failures,
            });
            let mut shared = self.shared();
            shared.fault = fault.as_object().cloned();
            shared.judge();
        }
        self.check_machine().await;
        self.stage("generating");
    }

    /// Runs the benchmark, if there is one. One that measures nothing proves nothing.
    pub(super) async fn check_machine(self: &Arc<Self>) {
        let Some(benchmark) = self.config.benchmark.clone() else { return };
        self.stage("checking the machine");
        let name = benchmark.name();
        let measuring = tokio::task::spawn_blocking(move || benchmark.measure());
        let measured = match measuring.await {
            Ok(measured) => measured,
            Err(error) => Err(join_text(error)),
        };
        let devices = match measured {
            Ok(devices) => devices,
            Err(error) => {
                self.say(
                    Level::Warning,
                    &format!("{name} measured nothing: {}", words::short(&error)),
                );
                return;
            }
        };
        let report = report(name, &devices, self.config.thresholds);
        let level = if report.has_passed { Level::Info } else { Level::Error };
        self.say(level, &Value::Object(report.payload.clone()).to_string());
        let mut shared = self.shared();
        shared.report = Some(report);
        shared.judge();
    }

    /// What goes on, for people.
    pub(super) fn stage(&self, stage: &'static str) {
        self.shared().stage = (stage, Instant::now());
    }

    pub(super) fn say(&self, level: Level, text: &str) {
        (self.log)(level, text);
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Tells the machine what is known against it.
    fn judge(&mut self) {
        let failed = self.report.as_ref().filter(|report| !report.has_passed);
        let failed = failed.map(|report| report.payload.clone());
        self.machine.judge(failed.or_else(|| self.fault.clone()));
    }
}

/// Why a task has no result.
pub(super) fn join_text(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(payload) => format!("it panicked: {}", words::panic_text(payload)),
        Err(_) => "it was ended".to_owned(),
    }
}

/// Milliseconds since 1970: the time for a batch must outlive the process.
#[expect(clippy::disallowed_methods, reason = "an edge: the wall clock, where a batch is accepted")]
fn unix_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
