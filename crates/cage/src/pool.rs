//! The pool: caged processes that stand ready, one module each.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use threejs::Failure;

use crate::{
    CageError, Config, Report,
    child::{Child, Deadline, Silence, Unlocked},
    claims,
    clock::Clock,
    gate::Gate,
    protocol::End,
    report::Run,
    verdict::{self, Verdict},
    zygote::{Fault, Zygote},
};

/// What a child gets to lock itself down, which takes well under a millisecond.
const LOCK_MAX: Duration = Duration::from_secs(30);
/// What a process gets to end after it closed its connection, so that its own end is seen, not ours.
const END_MAX: Duration = Duration::from_secs(2);

/// Caged processes that stand ready. Shared by reference between threads; dropping it ends every process.
#[derive(Debug)]
pub struct Pool {
    config: Config,
    gate: Gate,
    /// Locked before `ready` where both are.
    zygote: Mutex<Slot>,
    ready: Mutex<Vec<Child>>,
}

/// The zygote, and how many there were.
#[derive(Debug)]
struct Slot {
    current: Option<Zygote>,
    started: u64,
}

/// How an attempt ended without a verdict.
#[derive(Debug)]
enum Missed {
    /// By no doing of the module: try again.
    Lost(String),
    /// There is no use in trying again.
    Failed(CageError),
}

impl Pool {
    /// Starts the zygote, and finds out whether this kernel can cage. Three.js is compiled in the background: a command makes
    /// its pool before it reads the module.
    pub fn new(config: Config) -> Result<Self, CageError> {
        let zygote = Zygote::start(&config, 1)?;
        Ok(Self {
            gate: Gate::new(config.workers.get(), config.queue_max),
            zygote: Mutex::new(Slot { current: Some(zygote), started: 1 }),
            ready: Mutex::default(),
            config,
        })
    }

    /// Makes every worker stand ready, so that the first checks are as quick as later ones.
    pub fn warm(&self) -> Result<(), CageError> {
        while lock(&self.ready).len() < self.config.workers.get() {
            match self.ask(Zygote::fork) {
                Ok(child) => lock(&self.ready).push(child),
                Err(Missed::Failed(error)) => return Err(error),
                Err(Missed::Lost(why)) => return Err(CageError::SetUp(why)),
            }
        }
        Ok(())
    }

    /// Checks that have a worker now.
    #[must_use]
    pub fn running(&self) -> usize {
        self.gate.running()
    }

    /// Checks waiting for a worker now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.gate.waiting()
    }

    /// Decodes, analyses and runs one module. Blocks: waits for a worker, then for the module.
    pub fn check(&self, bytes: &[u8]) -> Result<Report, CageError> {
        let _permit = self.gate.enter()?;
        let source = threejs::decode(bytes);
        let analysis = threejs::analyse(&source)?;
        if !analysis.failures.is_empty() {
            let report = Report::failed(analysis.failures, analysis.unlisted, 0);
            return Ok(Report { production: analysis.production, ..report });
        }
        let clock = Clock::start();
        let run = match self.attempt(&source) {
            Err(Missed::Lost(_)) => self.attempt(&source),
            other => other,
        };
        let total_ms = u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX);
        let report = match run {
            Ok(Ok(run)) => Report::answered(run, total_ms),
            Ok(Err(failure)) => Report::failed(vec![failure], 0, total_ms),
            Err(Missed::Lost(last)) => return Err(CageError::Lost { last }),
            Err(Missed::Failed(error)) => return Err(error),
        };
        Ok(Report { production: analysis.production, ..report })
    }

    /// One process, one module: its answer, or the failure that its end means.
    fn attempt(&self, source: &str) -> Result<Result<Run, Failure>, Missed> {
        let waiting = lock(&self.ready).pop();
        let child = waiting.map_or_else(|| self.ask(Zygote::fork), Ok)?;
        if let Err(unlocked) = child.wait_locked(Deadline::after(LOCK_MAX)) {
            self.retire(&child);
            return Err(match unlocked {
                Unlocked::At(step) => Missed::Failed(CageError::SetUp(format!(
                    "a process could not lock itself down: {step}"
                ))),
                Unlocked::Silent(silence) => {
                    Missed::Lost(format!("before it was locked down: {silence}"))
                }
            });
        }
        let deadline = Deadline::after(self.config.wall);
        let sent = child.send(source.as_bytes(), deadline);
        // While this one computes, the next one is made.
        self.refill();
        let answer = sent.and_then(|()| child.receive(self.config.reply_bytes_max, deadline));
        let failure = match answer {
            Ok(bytes) => {
                self.retire(&child);
                return Ok(self.believe(&bytes));
            }
            Err(Silence::Closed) => return self.autopsy(&child, deadline.clock).map(Err),
            Err(Silence::TimedOut) if self.config.wall_fails => {
                verdict::out_of_wall_time(&self.config)
            }
            Err(Silence::TimedOut) => {
                self.retire(&child);
                return Err(Missed::Failed(self.busy()));
            }
            Err(Silence::Idle) => verdict::idle(),
            Err(too_long @ Silence::TooLong { .. }) => verdict::bad_answer(too_long),
        };
        self.retire(&child);
        Ok(Err(failure))
    }

    fn busy(&self) -> CageError {
        CageError::Busy { cpu: self.config.cpu, wall: self.config.wall }
    }

    /// The answer, if an honest process may have given it.
    fn believe(&self, bytes: &[u8]) -> Result<Run, Failure> {
        let run = Run::decode(bytes).map_err(verdict::bad_answer)?;
        claims::check(&run.outcome, &self.config.limits).map_err(verdict::bad_answer)?;
        Ok(run)
    }

    /// The connection closed without an answer: the process has ended, or pretends to.
    fn autopsy(&self, child: &Child, clock: Clock) -> Result<Failure, Missed> {
        if !child.wait_ended(Deadline::after(END_MAX)) {
            self.retire(child);
            return Ok(verdict::hung_up());
        }
        let elapsed = clock.elapsed();
        match verdict::ended(self.status(child)?, elapsed, &self.config) {
            Verdict::Module(failure) => Ok(failure),
            Verdict::Outside(why) => Err(Missed::Lost(why)),
        }
    }

    fn status(&self, child: &Child) -> Result<End, Missed> {
        let ended = self.ask(|zygote| {
            let its_own = zygote.generation() == child.generation;
            its_own.then(|| zygote.status(child)).transpose()
        })?;
        ended.ok_or_else(|| Missed::Lost("with the process that made it".to_owned()))
    }

    /// Ends a child nobody needs any more.
    fn retire(&self, child: &Child) {
        child.kill();
        let mut slot = lock(&self.zygote);
        if let Some(zygote) =
            slot.current.as_mut().filter(|zygote| zygote.generation() == child.generation)
            && zygote.retire(child).is_err()
        {
            self.forget(&mut slot);
        }
    }

    /// Makes one more child stand ready, if one is missing and the zygote is free.
    fn refill(&self) {
        let Ok(mut slot) = self.zygote.try_lock() else { return };
        if lock(&self.ready).len() >= self.config.workers.get() {
            return;
        }
        let Some(zygote) = slot.current.as_mut() else { return };
        match zygote.fork() {
            Ok(child) => lock(&self.ready).push(child),
            Err(Fault::Gone(_)) => self.forget(&mut slot),
            // The next check asks again, and tells.
            Err(Fault::Told(_)) => {}
        }
    }

    /// Asks the zygote, a new one if need be.
    fn ask<T>(&self, question: impl FnOnce(&mut Zygote) -> Result<T, Fault>) -> Result<T, Missed> {
        let mut slot = lock(&self.zygote);
        let zygote = match &mut slot.current {
            Some(zygote) => zygote,
            None => {
                let zygote =
                    Zygote::start(&self.config, slot.started + 1).map_err(Missed::Failed)?;
                slot.started += 1;
                slot.current.insert(zygote)
            }
        };
        question(zygote).map_err(|fault| match fault {
            Fault::Gone(_) => {
                self.forget(&mut slot);
                Missed::Lost(fault.to_string())
            }
            Fault::Told(why) => Missed::Failed(CageError::SetUp(why)),
        })
    }

    /// A lost zygote takes its children with it.
    fn forget(&self, slot: &mut Slot) {
        slot.current = None;
        lock(&self.ready).clear();
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        lock(&self.ready).clear();
    }
}

/// A thread that panicked held these for a moment only; what they guard is sound at every step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
