//! Runs futures on one thread, on time that passes only when all of them wait.
//!
//! The order in which things happen follows from what was spawned and from the times they wait for, and from nothing else.
//! A blocking call is simulated too: [`Executor::block`] lets the others go on while the caller stands still, as threads would.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Locks; nothing here panics while it holds a lock of this crate, and a panic of a test ends the run.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A future that was spawned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(u64);

/// Runs futures on simulated time. Clones are the same executor.
#[derive(Clone, Default)]
pub struct Executor(Arc<Shared>);

#[derive(Default)]
struct Shared {
    inner: Mutex<Inner>,
    ready: Mutex<VecDeque<TaskId>>,
}

#[derive(Default)]
struct Inner {
    now: Duration,
    /// By time, then by the order in which they were set.
    timers: BTreeMap<(Duration, u64), Waker>,
    tasks: BTreeMap<TaskId, Task>,
    last: u64,
}

struct Task {
    /// Nothing while it is being polled.
    work: Option<Work>,
    /// Its turn came while it was being polled.
    missed: bool,
    wake: Arc<TaskWake>,
}

struct TaskWake {
    id: TaskId,
    queued: AtomicBool,
    shared: std::sync::Weak<Shared>,
}

impl Wake for TaskWake {
    fn wake(self: Arc<Self>) {
        if !self.queued.swap(true, Ordering::Relaxed)
            && let Some(shared) = self.shared.upgrade()
        {
            lock(&shared.ready).push_back(self.id);
        }
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("now", &self.now()).finish_non_exhaustive()
    }
}

impl Executor {
    /// At time zero, with nothing to do.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Since the start.
    #[must_use]
    pub fn now(&self) -> Duration {
        lock(&self.0.inner).now
    }

    /// Begins a future; it is first polled after what is ready already.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> TaskId {
        let mut inner = lock(&self.0.inner);
        inner.last += 1;
        let id = TaskId(inner.last);
        let shared = Arc::downgrade(&self.0);
        let wake = Arc::new(TaskWake { id, queued: AtomicBool::new(false), shared });
        inner.tasks.insert(
            id,
            Task { work: Some(Box::pin(work)), missed: false, wake: Arc::clone(&wake) },
        );
        drop(inner);
        wake.wake();
        id
    }

    /// Drops a future, now or, if it is the one that is running, as soon as it waits.
    pub fn kill(&self, id: TaskId) {
        let task = lock(&self.0.inner).tasks.remove(&id);
        drop(task);
    }

    /// Drops all futures.
    pub fn clear(&self) {
        let tasks = std::mem::take(&mut lock(&self.0.inner).tasks);
        drop(tasks);
        lock(&self.0.ready).clear();
    }

    /// Waits.
    #[must_use]
    pub fn sleep(&self, time: Duration) -> Sleep {
        Sleep { executor: self.clone(), until: self.now().saturating_add(time), timer: None }
    }

    /// Stands still for so long while the others go on: for calls that block. Nothing that is being polled is polled again.
    pub fn block(&self, time: Duration) {
        let until = self.now().saturating_add(time);
        while self.now() < until {
            if !self.step(until) {
                let mut inner = lock(&self.0.inner);
                inner.now = inner.now.max(until);
            }
        }
    }

    /// Runs until there is nothing to do before `until`, or until `done` says so; asked after every poll.
    pub fn run(&self, until: Duration, mut done: impl FnMut() -> bool) {
        while !done() && self.step(until) {}
    }

    /// Polls one future, or goes to the next time somebody waits for. False if that is after `until`, or never.
    fn step(&self, until: Duration) -> bool {
        let ready = lock(&self.0.ready).pop_front();
        let Some(id) = ready else { return self.next_timer(until) };
        let mut inner = lock(&self.0.inner);
        let Some(task) = inner.tasks.get_mut(&id) else { return true };
        task.wake.queued.store(false, Ordering::Relaxed);
        let wake = Arc::clone(&task.wake);
        // One that is being polled further up the stack is woken again when that poll is over.
        let Some(mut work) = task.work.take() else {
            task.missed = true;
            return true;
        };
        drop(inner);
        let polled = work.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(&wake))));
        let mut inner = lock(&self.0.inner);
        let mut done = None;
        match (polled, inner.tasks.get_mut(&id)) {
            (Poll::Pending, Some(task)) => {
                task.work = Some(work);
                if std::mem::take(&mut task.missed) {
                    wake.wake();
                }
            }
            (_, _) => done = Some((inner.tasks.remove(&id), work)),
        }
        drop(inner);
        drop(done);
        true
    }

    fn next_timer(&self, until: Duration) -> bool {
        let mut inner = lock(&self.0.inner);
        let Some(timer) = inner.timers.first_entry() else { return false };
        let (time, _) = *timer.key();
        if time > until {
            return false;
        }
        let waker = timer.remove();
        inner.now = inner.now.max(time);
        drop(inner);
        waker.wake();
        true
    }
}

/// A wait. Dropped, it is forgotten.
pub struct Sleep {
    executor: Executor,
    until: Duration,
    timer: Option<u64>,
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep").field("until", &self.until).finish_non_exhaustive()
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let executor = self.executor.clone();
        let mut inner = lock(&executor.0.inner);
        if inner.now >= self.until {
            return Poll::Ready(());
        }
        let number = match self.timer {
            Some(number) => number,
            None => {
                inner.last += 1;
                inner.last
            }
        };
        let waker = inner.timers.entry((self.until, number));
        waker
            .and_modify(|waker| waker.clone_from(context.waker()))
            .or_insert_with(|| context.waker().clone());
        drop(inner);
        self.timer = Some(number);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(number) = self.timer {
            let timer = lock(&self.executor.0.inner).timers.remove(&(self.until, number));
            drop(timer);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use futures_util::future::{join, join_all};

    use super::{Executor, lock};

    type Log = Arc<Mutex<Vec<String>>>;

    fn note(log: &Log, executor: &Executor, what: &str) {
        lock(log).push(format!("{what}@{}", executor.now().as_secs()));
    }

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn time_passes_only_when_all_wait() {
        let executor = Executor::new();
        let log = Log::default();
        for (name, times) in [("a", [3, 3]), ("b", [2, 4])] {
            let (executor, log) = (executor.clone(), Arc::clone(&log));
            executor.clone().spawn(async move {
                for time in times {
                    executor.sleep(seconds(time)).await;
                    note(&log, &executor, name);
                }
            });
        }
        executor.run(seconds(100), || false);
        assert_eq!(*lock(&log), ["b@2", "a@3", "b@6", "a@6"]);
        assert_eq!(executor.now(), seconds(6));
    }

    #[test]
    fn others_go_on_while_one_blocks_and_it_is_not_polled_meanwhile() {
        let executor = Executor::new();
        let log = Log::default();
        let (outer, outer_log) = (executor.clone(), Arc::clone(&log));
        executor.spawn(async move {
            let blocks = async {
                note(&outer_log, &outer, "a blocks");
                outer.block(seconds(5));
                note(&outer_log, &outer, "a again");
            };
            // Becomes due while the task is blocked; comes after it.
            let waits = async {
                outer.sleep(seconds(2)).await;
                note(&outer_log, &outer, "a's wait");
            };
            join(waits, blocks).await;
        });
        let (inner, inner_log) = (executor.clone(), Arc::clone(&log));
        executor.spawn(async move {
            inner.sleep(seconds(1)).await;
            note(&inner_log, &inner, "b");
            inner.block(seconds(1));
            note(&inner_log, &inner, "b again");
        });
        executor.run(seconds(100), || false);
        assert_eq!(*lock(&log), ["a blocks@0", "b@1", "b again@2", "a again@5", "a's wait@5"]);
    }

    #[test]
    fn killed_and_finished_tasks_are_dropped() {
        let executor = Executor::new();
        let alive = Arc::new(());
        let held = Arc::clone(&alive);
        let sleeper = executor.clone();
        let id = executor.spawn(async move {
            sleeper.sleep(seconds(50)).await;
            drop(held);
        });
        let (killer, held) = (executor.clone(), Arc::clone(&alive));
        executor.spawn(async move {
            join_all([killer.sleep(seconds(1)), killer.sleep(seconds(2))]).await;
            killer.kill(id);
            drop(held);
        });
        executor.run(seconds(100), || false);
        assert_eq!((executor.now(), Arc::strong_count(&alive)), (seconds(2), 1));
    }
}
