//! A process: it does effects, and dies.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{World, mix};
use crate::executor::{TaskId, lock};
use crate::fault::{Kind, Op, Role};

/// One life of a process. After a crash none of its effects happens any more, and its futures are dropped.
pub struct Process {
    pub(crate) world: Arc<World>,
    pub(crate) role: Role,
    alive: Arc<AtomicBool>,
    /// How wrong its clock is, in microseconds.
    skew: Arc<AtomicI64>,
    pub(crate) began: Duration,
    tasks: Mutex<Vec<TaskId>>,
}

/// An effect that failed, as far as the process knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failed {
    /// It did not happen, or it did and nobody knows.
    Plain,
    /// Part of it happened.
    Torn,
    /// The process is dead.
    Dead,
}

/// How wrong clocks are set right: after an hour.
const CLOCK_RIGHT_AFTER: Duration = Duration::from_secs(3600);

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("role", &self.role).finish_non_exhaustive()
    }
}

impl Process {
    pub(super) fn new(world: &Arc<World>, role: Role) -> Arc<Self> {
        Arc::new(Self {
            world: Arc::clone(world),
            role,
            alive: Arc::new(AtomicBool::new(true)),
            skew: Arc::default(),
            began: world.executor.now(),
            tasks: Mutex::default(),
        })
    }

    /// Begins a future of this process.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let id = self.world.executor.spawn(work);
        lock(&self.tasks).push(id);
    }

    /// The world's clock and this process' error.
    pub(crate) fn skew_micros(&self) -> i64 {
        self.skew.load(Ordering::Relaxed)
    }

    pub(crate) fn is_dead(&self) -> bool {
        !self.alive.load(Ordering::Relaxed)
    }

    /// Tells whether this life goes on, also when it is over and forgotten.
    pub(crate) fn life(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.alive)
    }

    /// Dies, and is started again some time later.
    fn crash(&self) {
        if !self.alive.swap(false, Ordering::Relaxed) {
            return;
        }
        let world = Arc::clone(&self.world);
        world.note(&format!("{} crashes", self.role));
        let now = u64::try_from(world.executor.now().as_micros()).unwrap_or(u64::MAX);
        let delay = 1 + mix(&[world.scenario.seed, now, self.role as u64]) % 120;
        let role = self.role;
        let later = world.executor.sleep(Duration::from_secs(delay));
        let starter = Arc::clone(&world);
        world.executor.spawn(async move {
            later.await;
            starter.start(role);
        });
        for id in lock(&self.tasks).drain(..) {
            world.executor.kill(id);
        }
    }

    /// Some faults are of this process alone.
    fn own(&self, kind: Option<Kind>) -> Option<Kind> {
        if let Some(Kind::Clock(seconds)) = kind {
            let micros = i64::from(seconds) * 1_000_000;
            self.skew.store(micros, Ordering::Relaxed);
            let skew = Arc::clone(&self.skew);
            let later = self.world.executor.sleep(CLOCK_RIGHT_AFTER);
            self.world.unquiet(3600);
            self.world.executor.spawn(async move {
                later.await;
                skew.store(0, Ordering::Relaxed);
            });
            return None;
        }
        kind
    }

    /// Does something again later, or for the first time.
    fn later<T: 'static>(&self, seconds: u32, act: impl Fn(&World) -> T + Send + 'static) {
        let world = Arc::clone(&self.world);
        world.unquiet(seconds);
        let sleep = world.executor.sleep(Duration::from_secs(seconds.into()));
        self.world.executor.spawn(async move {
            sleep.await;
            world.note("a late effect happens");
            act(&world);
        });
    }

    /// What comes of an effect when its time is over.
    fn happen<T: 'static>(
        &self,
        kind: Option<Kind>,
        act: impl Fn(&World) -> T + Send + 'static,
    ) -> Result<T, Failed> {
        if self.is_dead() {
            return Err(Failed::Dead);
        }
        match kind {
            Some(Kind::CrashBefore) => {
                self.crash();
                Err(Failed::Dead)
            }
            Some(Kind::CrashAfter) => {
                act(&self.world);
                self.crash();
                Err(Failed::Dead)
            }
            Some(Kind::Fail | Kind::Outage(_)) => Err(Failed::Plain),
            Some(Kind::Torn) => Err(Failed::Torn),
            Some(Kind::FailAfter) => {
                act(&self.world);
                Err(Failed::Plain)
            }
            Some(Kind::Late(seconds)) => {
                self.later(seconds, act);
                Err(Failed::Plain)
            }
            Some(Kind::Twice) => {
                let answer = act(&self.world);
                self.later(30, act);
                Ok(answer)
            }
            _ => Ok(act(&self.world)),
        }
    }

    /// Does an effect and waits for it. Of a dead process it never ends.
    pub(crate) async fn effect<T: Send + 'static>(
        &self,
        op: Op,
        detail: &str,
        act: impl Fn(&World) -> T + Send + 'static,
    ) -> Result<T, Failed> {
        if self.is_dead() {
            return std::future::pending().await;
        }
        let (site, kind) = self.world.next(self.role, op, detail);
        let kind = self.own(kind);
        let mut latency = self.world.latency(site);
        if let Some(Kind::Slow(seconds)) = kind {
            latency += Duration::from_secs(seconds.into());
            self.world.unquiet(seconds);
        }
        if !latency.is_zero() {
            self.world.executor.sleep(latency).await;
        }
        match self.happen(kind, act) {
            Err(Failed::Dead) => std::future::pending().await,
            done => done,
        }
    }

    /// Does an effect in a call that blocks; the other processes go on meanwhile.
    pub(crate) fn effect_now<T: 'static>(
        &self,
        op: Op,
        detail: &str,
        act: impl Fn(&World) -> T + Send + 'static,
    ) -> Result<T, Failed> {
        if self.is_dead() {
            return Err(Failed::Dead);
        }
        let (site, kind) = self.world.next(self.role, op, detail);
        let kind = self.own(kind);
        let mut latency = self.world.latency(site);
        if let Some(Kind::Slow(seconds)) = kind {
            latency += Duration::from_secs(seconds.into());
            self.world.unquiet(seconds);
        }
        self.world.executor.block(latency);
        self.happen(kind, act)
    }
}
