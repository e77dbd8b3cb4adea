//! One piece of work at a time, in the order of arrival, by a thread of its own. What nobody waits for any more is
//! dropped: from the queue, or while it runs.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot, watch};

use crate::priority::give_way;

/// Work to be done; nothing happens before it is polled. Dropping it stops it.
pub(super) type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The queue and its thread. The thread ends when this is dropped; what runs is dropped then.
#[derive(Debug)]
pub(super) struct Queue<T> {
    shared: Arc<Shared<T>>,
    /// Dropped first: it ends what runs.
    _open: watch::Sender<()>,
}

#[derive(Debug)]
struct Shared<T> {
    state: Mutex<State<T>>,
    arrived: Notify,
    waiting_max: usize,
}

struct State<T> {
    waiting: VecDeque<Job<T>>,
    is_running: bool,
    next_id: u64,
    abandoned: u64,
}

struct Job<T> {
    id: u64,
    work: Work<T>,
    done: oneshot::Sender<T>,
}

impl<T> std::fmt::Debug for State<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let waiting = self.waiting.len();
        f.debug_struct("State").field("waiting", &waiting).finish_non_exhaustive()
    }
}

/// The queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full {
    pub(super) waiting_max: usize,
}

/// The work panicked, or the queue is no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lost;

/// A place in the queue. Dropping it gives the place up and stops the work.
#[derive(Debug)]
pub(super) struct Ticket<T> {
    shared: Arc<Shared<T>>,
    id: u64,
    done: oneshot::Receiver<T>,
    is_done: bool,
}

impl<T: Send + 'static> Queue<T> {
    /// Work is polled on a thread of its own, which gives way to those who answer requests; `runtime` drives its timers
    /// and sockets.
    pub(super) fn start(waiting_max: usize, runtime: Handle) -> io::Result<Self> {
        let state = State { waiting: VecDeque::new(), is_running: false, next_id: 0, abandoned: 0 };
        let shared =
            Arc::new(Shared { state: Mutex::new(state), arrived: Notify::new(), waiting_max });
        let (open, closed) = watch::channel(());
        let thread = std::thread::Builder::new().name("generation".to_owned());
        let worker = shared.clone();
        thread.spawn(move || {
            give_way();
            work(&worker, closed, &runtime);
        })?;
        Ok(Self { shared, _open: open })
    }

    /// Puts work at the end of the queue.
    pub(super) fn submit(&self, work: Work<T>) -> Result<Ticket<T>, Full> {
        let mut state = self.shared.lock();
        let waiting_max = self.shared.waiting_max;
        if state.waiting.len() + usize::from(state.is_running) > waiting_max {
            return Err(Full { waiting_max });
        }
        let id = state.next_id;
        state.next_id += 1;
        let (done, result) = oneshot::channel();
        state.waiting.push_back(Job { id, work, done });
        drop(state);
        self.shared.arrived.notify_one();
        Ok(Ticket { shared: self.shared.clone(), id, done: result, is_done: false })
    }

    /// What waits, without what runs.
    pub(super) fn waiting(&self) -> usize {
        self.shared.lock().waiting.len()
    }

    /// Whether something runs.
    pub(super) fn is_running(&self) -> bool {
        self.shared.lock().is_running
    }

    /// How much work was dropped because nobody waited for it any more.
    pub(super) fn abandoned(&self) -> u64 {
        self.shared.lock().abandoned
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn next(&self) -> Job<T> {
        loop {
            {
                let mut state = self.lock();
                if let Some(job) = state.waiting.pop_front() {
                    state.is_running = true;
                    return job;
                }
            }
            self.arrived.notified().await;
        }
    }
}

fn work<T>(shared: &Shared<T>, mut closed: watch::Receiver<()>, runtime: &Handle) {
    loop {
        let next = runtime.block_on(async {
            tokio::select! {
                job = shared.next() => Some(job),
                _ = closed.changed() => None,
            }
        });
        let Some(Job { work, mut done, .. }) = next else { break };
        // A panic is told where it happens; whoever waits learns it from the channel.
        let ran = catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(async {
                tokio::select! {
                    biased;
                    () = done.closed() => None,
                    _ = closed.changed() => None,
                    made = work => Some(made),
                }
            })
        }));
        // Before the answer, so that whoever sees it finds the place free.
        shared.lock().is_running = false;
        if let Ok(Some(made)) = ran {
            done.send(made).ok();
        }
    }
}

impl<T> Future for Ticket<T> {
    type Output = Result<T, Lost>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = Pin::new(&mut self.done).poll(context);
        self.is_done |= polled.is_ready();
        polled.map_err(|_| Lost)
    }
}

impl<T> Drop for Ticket<T> {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        let mut state = self.shared.lock();
        state.abandoned += 1;
        let place = state.waiting.iter().position(|job| job.id == self.id);
        let job = place.and_then(|place| state.waiting.remove(place));
        drop(state);
        // Work may take its time to be dropped.
        drop(job);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn queue(waiting_max: usize) -> Queue<u32> {
        Queue::start(waiting_max, Handle::current()).expect("a thread")
    }

    /// Tells when it starts, and ends when told to.
    fn held(started: mpsc::Sender<u32>, go: oneshot::Receiver<()>, number: u32) -> Work<u32> {
        Box::pin(async move {
            started.send(number).ok();
            go.await.ok();
            number
        })
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn one_at_a_time_in_order() {
        let queue = queue(2);
        let (starts, started) = mpsc::channel();
        let mut goes = Vec::new();
        let mut tickets = Vec::new();
        for number in 0..3 {
            let (go, wait) = oneshot::channel();
            goes.push(go);
            tickets.push(queue.submit(held(starts.clone(), wait, number)).expect("a place"));
        }
        let full = queue.submit(Box::pin(async { 9 })).expect_err("no place");
        assert_eq!(full, Full { waiting_max: 2 });
        for (number, (go, ticket)) in (0..).zip(goes.into_iter().zip(tickets)) {
            assert_eq!(started.recv().expect("it starts"), number);
            assert!(started.try_recv().is_err(), "only one");
            go.send(()).expect("it waits");
            assert_eq!(ticket.await, Ok(number));
        }
        assert!(!queue.is_running());
        assert_eq!(queue.abandoned(), 0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn nobody_waits() {
        let queue = queue(1);
        let (starts, started) = mpsc::channel();
        let (running_go, running_wait) = oneshot::channel();
        let (_waiting_go, waiting_wait) = oneshot::channel();
        let running = queue.submit(held(starts.clone(), running_wait, 0)).expect("a place");
        assert_eq!(started.recv(), Ok(0));
        let waiting = queue.submit(held(starts.clone(), waiting_wait, 1)).expect("a place");
        assert_eq!(queue.waiting(), 1);
        drop(waiting);
        assert_eq!(queue.waiting(), 0, "its place is free at once");
        let (go, wait) = oneshot::channel();
        let last = queue.submit(held(starts, wait, 2)).expect("a place");
        drop(running);
        assert_eq!(started.recv(), Ok(2), "what ran was dropped, what waited never started");
        assert!(running_go.is_closed());
        go.send(()).expect("it waits");
        assert_eq!(last.await, Ok(2));
        assert_eq!(queue.abandoned(), 2);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_panic_is_the_end_of_one() {
        let queue = queue(1);
        let panics = queue.submit(Box::pin(async { panic!("a test") })).expect("a place");
        assert_eq!(panics.await, Err(Lost));
        assert_eq!(queue.submit(Box::pin(async { 1 })).expect("a place").await, Ok(1));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_end_stops_what_runs() {
        let queue = queue(1);
        let (starts, started) = mpsc::channel();
        let (go, wait) = oneshot::channel();
        let ticket = queue.submit(held(starts, wait, 0)).expect("a place");
        assert_eq!(started.recv(), Ok(0));
        drop(queue);
        assert_eq!(ticket.await, Err(Lost));
        assert!(go.is_closed());
    }
}
