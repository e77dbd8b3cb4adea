//! Who is let in, and an orderly end: what was let in is finished, what is new is refused.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// One slot for each request that is worked on or waits.
#[derive(Debug)]
pub(crate) struct Slots {
    free: Arc<Semaphore>,
    count: usize,
    waiting_max: usize,
    is_stopping: AtomicBool,
}

/// Why a request was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoSlot {
    /// That many wait already.
    Busy { waiting_max: usize },
    /// The service ends.
    Stopping,
}

impl Slots {
    /// For so many requests that are worked on, and so many that wait.
    pub(crate) fn new(working: usize, waiting_max: usize) -> Self {
        let count = waiting_max.saturating_add(working).min(Semaphore::MAX_PERMITS);
        let free = Arc::new(Semaphore::new(count));
        Self { free, count, waiting_max, is_stopping: AtomicBool::new(false) }
    }

    /// Lets a request in.
    pub(crate) fn enter(&self) -> Result<OwnedSemaphorePermit, NoSlot> {
        if self.is_stopping.load(Ordering::SeqCst) {
            return Err(NoSlot::Stopping);
        }
        let waiting_max = self.waiting_max;
        self.free.clone().try_acquire_owned().map_err(|_| NoSlot::Busy { waiting_max })
    }

    /// Requests that were let in and are not answered.
    pub(crate) fn requests(&self) -> usize {
        self.count.saturating_sub(self.free.available_permits())
    }

    /// From now on new requests are refused.
    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, Ordering::SeqCst);
    }

    /// Done some time after [`Self::stop`], when no request is left, or the time for them is over.
    async fn drained(&self, time_max: Duration) {
        let step = Duration::from_millis(50);
        while !self.is_stopping.load(Ordering::SeqCst) {
            tokio::time::sleep(step).await;
        }
        let end = Instant::now() + time_max;
        while self.requests() > 0 && Instant::now() < end {
            tokio::time::sleep(step).await;
        }
        // The last answers leave.
        tokio::time::sleep(step).await;
    }
}

/// Serves until `stop` is done and then until what was let in is answered, for at most `drain_max`. Ends with an error if
/// `started` does.
pub(crate) async fn serve(
    listener: impl Listener<Addr: fmt::Debug>,
    router: Router,
    slots: Arc<Slots>,
    started: impl Future<Output = io::Result<()>>,
    stop: impl Future<Output = ()> + Send + 'static,
    drain_max: Duration,
) -> io::Result<()> {
    let stopping = {
        let slots = slots.clone();
        async move {
            stop.await;
            slots.stop();
        }
    };
    let server = axum::serve(listener, router).with_graceful_shutdown(stopping);
    let server = async { server.await };
    // Clients that hold a connection open without asking anything do not hold up the end.
    tokio::pin!(server);
    tokio::select! {
        served = &mut server => return served,
        started = started => started?,
    }
    tokio::select! {
        served = server => served,
        () = slots.drained(drain_max) => Ok(()),
    }
}

#[cfg(unix)]
pub(crate) fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
pub(crate) fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        tokio::signal::ctrl_c().await.ok();
    })
}
