//! Threads that draw. A picture's large buffers are taken by the thread that starts it, and the allocator keeps what a
//! thread gave back for that thread. Were every thread to start pictures in turn, as in a shared pool, each would keep as
//! much as a picture takes; so each painter starts its own, on itself, and only helpers fill their tiles.

use std::io;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::ThreadPoolBuilder;
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// Painters that take jobs from one queue. They end when this is dropped, after their jobs.
#[derive(Debug)]
pub(super) struct Painters {
    jobs: Sender<Job>,
}

/// The job panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Panicked;

impl Painters {
    /// Each one has as many threads as the program works with.
    pub(super) fn start(count: NonZeroUsize) -> io::Result<Self> {
        let (jobs, queue) = channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        let threads = rayon::current_num_threads();
        for _ in 0..count.get() {
            let queue = queue.clone();
            let painter = std::thread::Builder::new().name("painter".to_owned());
            painter.spawn(move || paint(threads, &queue))?;
        }
        Ok(Self { jobs })
    }

    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        let (done, result) = oneshot::channel();
        let job = Box::new(move || {
            // Nobody may be waiting any more.
            done.send(job()).ok();
        });
        self.jobs.send(job).map_err(|_| Panicked)?;
        result.await.map_err(|_| Panicked)
    }
}

fn paint(threads: usize, queue: &Mutex<Receiver<Job>>) {
    // Without a pool of its own it draws with the program's.
    let pool = ThreadPoolBuilder::new().num_threads(threads).use_current_thread().build();
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { break };
        // The panic is told where it happens; whoever waits learns it from the channel.
        catch_unwind(AssertUnwindSafe(job)).ok();
    }
    drop(pool);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_a_job_only() {
        let painters = Painters::start(NonZeroUsize::MIN).expect("a thread");
        assert_eq!(painters.run(|| -> u32 { panic!("a test") }).await, Err(Panicked));
        let first = painters.run(|| std::thread::current().id()).await;
        let inner = || rayon::scope(|_| std::thread::current().id());
        assert_eq!(painters.run(inner).await, first, "it starts work on itself");
    }
}
