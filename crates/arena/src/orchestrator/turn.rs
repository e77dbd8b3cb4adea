//! One turn: looks, starts what is due, and stays as long as something is under way.

use std::collections::BTreeMap;
use std::time::Duration;

use chain::Pending;
use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use ledger::files::reports::GenerationReport;
use ledger::files::state::State;
use ledger::files::submissions::Submission;
use ledger::{Place, Round, RoundFile, Stage, hotkey10};

use super::desk::{Desk, DeskError};
use super::end::{note_end, report};
use super::sight::Sight;
use super::sink::{Shop, Taker};
use super::track::{self, all_final};
use super::{Decision, Job, STAGES, Seen, Settings, Told, decide};
use crate::notify::notices;
use crate::outbox::Outbox;
use crate::owner::{Turn, TurnError};
use crate::ports::{BuildSeen, Keep, OrderEnd, Ports, Stop};

const DOING: &str = "having outputs made";

/// The longest wait after an order that failed for reasons of ours.
const RETRY_MAX: Duration = Duration::from_secs(1800);

/// What came to an end.
enum Ended {
    Order(Box<Job>, Result<(OrderEnd, Option<String>), String>),
    Builds(Result<Option<BTreeMap<String, BuildSeen>>, String>),
}

/// An order that failed for reasons of ours.
#[derive(Debug, Clone)]
struct Failed {
    times: u32,
    /// In the time of `elapsed`.
    not_before: Duration,
    why: String,
}

pub(super) async fn turn(
    settings: &Settings,
    ports: &Ports,
    outbox: &Outbox,
    told: &Told,
    sight: &mut Sight,
) -> Result<Turn, TurnError> {
    outbox.catch_up(ports);
    let failed = |error: DeskError| error.while_doing(DOING);
    let interval = Duration::from_secs(settings.write_interval_s);
    let desk = Desk::open(ports, interval).map_err(failed)?;
    if desk.has_pending() {
        // What was acknowledged lands, whatever the stage is by now.
        desk.flush().map_err(failed)?;
    }
    if desk.refresh().map_err(failed)?.is_none() {
        return Ok(Turn::Idle);
    }
    let state: State = desk.require(&Place::State).map_err(failed)?;
    let is_ours = STAGES.contains(&state.stage);
    let keep = match state.stage {
        _ if is_ours => Keep::Round(state.current_round),
        Stage::Paused => Keep::Made(state.current_round),
        _ => Keep::Nothing,
    };
    let cleared = ports.works.clear(keep).await;
    let cleared = cleared.map_err(|why| TurnError::later("ending pods that nobody needs", why));
    if !is_ours {
        cleared?;
        return Ok(state.next_stage_eta.map_or(Turn::Idle, Turn::Until));
    }
    let shop = Shop::new(ports, settings, outbox, desk, told);
    let floor = Floor::new(&shop, state.current_round, sight);
    if let Err(error) = cleared {
        // Its pods are looked for again; those of this round need not wait for that.
        floor.tell(&error);
    }
    floor.work().await
}

/// What is under way.
struct Floor<'a> {
    shop: &'a Shop<'a>,
    round: Round,
    under_way: FuturesUnordered<Pending<'a, Ended>>,
    stops: BTreeMap<String, Stop>,
    failed: BTreeMap<String, Failed>,
    looks: bool,
    sight: &'a mut Sight,
    /// An order waits only because another one was started just now.
    waits_to_start: bool,
    /// When builds are to be looked at, and when the next order may start, in the time of `elapsed`.
    next_look: Duration,
    next_start: Duration,
    /// The state could not be read while orders were under way.
    trouble: Option<DeskError>,
}

impl<'a> Floor<'a> {
    fn new(shop: &'a Shop<'a>, round: Round, sight: &'a mut Sight) -> Self {
        Self {
            shop,
            round,
            under_way: FuturesUnordered::new(),
            stops: BTreeMap::new(),
            failed: BTreeMap::new(),
            looks: false,
            sight,
            waits_to_start: false,
            next_look: Duration::ZERO,
            next_start: Duration::ZERO,
            trouble: None,
        }
    }

    fn elapsed(&self) -> Duration {
        self.shop.ports.clock.elapsed()
    }

    async fn work(mut self) -> Result<Turn, TurnError> {
        let audits = Duration::from_secs(self.shop.settings.check_audit_interval_s.max(1));
        loop {
            self.trouble = self.see().err();
            let mut due = self.elapsed().saturating_add(audits);
            if let Err(error) = self.shop.desk.tick() {
                self.trouble = self.trouble.take().or(Some(error));
            }
            if self.under_way.is_empty() && !self.waits_to_start {
                return self.leave(audits);
            }
            let later = self.failed.values().map(|failed| failed.not_before);
            let later = later.chain([self.next_start, self.next_look]);
            let now = self.elapsed();
            due = later.filter(|at| *at > now).fold(due, Duration::min);
            due = self
                .shop
                .desk
                .next_commit_at()
                .filter(|at| *at > now)
                .map_or(due, |at| at.min(due));
            let sleep = self.shop.ports.clock.sleep(due.saturating_sub(now));
            // Without an order the stream would end at once.
            let ended = if self.under_way.is_empty() {
                sleep.await;
                None
            } else {
                match select(self.under_way.next(), sleep).await {
                    Either::Left((ended, _)) => ended,
                    Either::Right(_) => None,
                }
            };
            match ended {
                None => {}
                Some(Ended::Builds(looked)) => self.looked(looked),
                Some(Ended::Order(job, end)) => {
                    let noted = match end {
                        Ok((end, stats)) => note_end(self.shop, &job, &end, stats.as_deref()).await,
                        Err(why) => Err(DeskError::Later(why)),
                    };
                    self.ended(&job.order.hotkey, noted);
                }
            }
        }
    }

    /// Nothing is under way.
    fn leave(&mut self, audits: Duration) -> Result<Turn, TurnError> {
        let failed = |error: DeskError| error.while_doing(DOING);
        self.shop.desk.flush().map_err(failed)?;
        if let Some(error) = self.trouble.take() {
            return Err(failed(error));
        }
        if let Some((who, failed)) = self.failed.iter().next() {
            return Err(TurnError::later(format!("having outputs of {who} made"), &failed.why));
        }
        let now = self.shop.ports.clock.now();
        Ok(Turn::Until(now.saturating_add(audits).unwrap_or(Timestamp::MAX)))
    }

    /// Looks at the state, stops what is not wanted, starts what is due.
    fn see(&mut self) -> Result<(), DeskError> {
        self.waits_to_start = false;
        if self.shop.ports.stop.is_set() {
            self.stop_all();
            return Ok(());
        }
        self.shop.desk.refresh()?;
        let Some(seen) = Seen::read(&self.shop.desk, self.round)? else {
            self.stop_all();
            return Ok(());
        };
        self.look_at_builds(&seen);
        let due = decide(&seen, &self.shop.rules);
        for hotkey in due.out.keys() {
            if let Some(stop) = self.stops.get(hotkey) {
                stop.set();
            }
        }
        self.complain(&due);
        self.say(&due)?;
        self.start(due);
        Ok(())
    }

    fn stop_all(&self) {
        self.stops.values().for_each(Stop::set);
    }

    /// Tells people, once.
    fn tell(&self, error: &TurnError) {
        if self.shop.told.is_new(error.to_string()) {
            self.shop.ports.notify.tell(notices::owner_error("orchestrator", error));
        }
    }

    fn complain(&self, due: &Decision) {
        for complaint in &due.complaints {
            self.tell(&TurnError::operator(DOING, complaint));
        }
    }

    /// What follows without making anything.
    fn say(&self, due: &Decision) -> Result<(), DeskError> {
        let fresh = due.reports.iter().filter(|report| !self.stops.contains_key(&report.hotkey));
        let fresh: Vec<GenerationReport> = fresh.cloned().collect();
        if fresh.is_empty() { Ok(()) } else { report(self.shop, self.round, fresh) }
    }

    fn look_at_builds(&mut self, seen: &Seen) {
        let is_due = self.elapsed() >= self.next_look;
        if self.looks || !is_due || all_final(&seen.builds, &seen.submissions) {
            return;
        }
        self.looks = true;
        self.sight.begins(self.elapsed(), self.between_looks());
        let round = self.round;
        let ports = self.shop.ports;
        let waiting = seen.submissions.iter().filter(|(hotkey, _)| {
            !seen.builds.get(*hotkey).is_some_and(|build| build.status.is_final())
        });
        let waiting: Vec<(String, Submission)> =
            waiting.map(|(hotkey, one)| (hotkey.clone(), one.clone())).collect();
        self.under_way
            .push(Box::pin(async move { Ended::Builds(ports.builds.look(round, &waiting).await) }));
    }

    fn looked(&mut self, looked: Result<Option<BTreeMap<String, BuildSeen>>, String>) {
        self.looks = false;
        let now = self.elapsed();
        self.next_look = now.saturating_add(self.between_looks());
        if let Err(why) = &looked {
            self.tell(&TurnError::later("looking at builds", why));
        }
        self.sight.ended(now, looked.is_ok());
        let timeout = Duration::from_secs(self.shop.settings.build_timeout_s);
        let timeout = self.sight.patience(now, timeout);
        if let Err(error) = self.note_builds(looked.ok().flatten().as_ref(), timeout) {
            self.trouble = Some(error);
        }
    }

    fn between_looks(&self) -> Duration {
        Duration::from_secs(self.shop.settings.check_build_interval_s.max(1))
    }

    fn note_builds(
        &self,
        looked: Option<&BTreeMap<String, BuildSeen>>,
        timeout: Duration,
    ) -> Result<(), DeskError> {
        let of_round = |file| Place::Round(self.round, file);
        let submissions = self.shop.desk.require(&of_round(RoundFile::Submissions))?;
        let now = self.shop.ports.clock.now();
        self.shop.desk.edit(&of_round(RoundFile::Builds), |builds| {
            let after = track::track(builds, &submissions, looked, now, timeout);
            let differs = track::differs(builds, &after);
            *builds = after;
            differs
        })?;
        self.shop.desk.flush()
    }

    /// As many as there is place for.
    fn start(&mut self, due: Decision) {
        let now = self.elapsed();
        let ending = due.to_end.into_iter().map(|job| (job, true));
        let jobs = due.jobs.into_iter().map(|job| (job, false));
        for (job, to_end) in ending.chain(jobs) {
            let who = job.order.hotkey.clone();
            let waits = self.failed.get(&who).is_some_and(|failed| failed.not_before > now);
            if self.stops.contains_key(&who) || waits {
                continue;
            }
            let stop = self.shop.ports.stop.child();
            if to_end {
                stop.set();
            } else {
                let is_full = self.stops.len() >= self.shop.settings.max_concurrent_miners.max(1);
                if is_full || self.next_start > now {
                    self.waits_to_start |= !is_full;
                    continue;
                }
                self.next_start = now.saturating_add(self.shop.settings.stagger());
            }
            self.stops.insert(who, stop.clone());
            let shop = self.shop;
            self.under_way.push(Box::pin(async move {
                let taker = Taker::new(shop, job, stop);
                let end = shop.ports.works.run(&taker.job.order, &taker, &taker.stop).await;
                if let Ok((end, stats)) = &end {
                    taker.tell_progress(end, stats.as_deref());
                }
                Ended::Order(Box::new(taker.job), end)
            }));
        }
    }

    /// An order ended, and what is to be said of it was said, or not.
    fn ended(&mut self, who: &str, noted: Result<(), DeskError>) {
        self.stops.remove(who);
        match noted {
            Ok(()) => {
                self.failed.remove(who);
            }
            Err(error) => self.put_off(who, &error),
        }
    }

    fn put_off(&mut self, who: &str, error: &DeskError) {
        let times = self.failed.get(who).map_or(1, |failed| failed.times.saturating_add(1));
        let pause = Duration::from_secs(self.shop.settings.retry_s.max(1));
        let pause = pause.saturating_mul(1 << (times - 1).min(16)).min(RETRY_MAX);
        let not_before = self.elapsed().saturating_add(pause);
        let why = error.to_string();
        let doing = format!("having outputs of {} made", hotkey10(who));
        self.tell(&TurnError::later(doing, &why));
        self.failed.insert(who.to_owned(), Failed { times, not_before, why });
    }
}
