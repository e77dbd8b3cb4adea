//! Connections: how many there are, how long a request's head may take, and an orderly end.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;

/// What connections may cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Connections at the same time; others wait to be accepted.
    pub(crate) connections_max: usize,
    /// From the first byte of a connection, or from the end of the last answer, to the end of the next request's head.
    pub(crate) head_time_max: Duration,
    /// For what runs when the service is told to stop.
    pub(crate) drain_time_max: Duration,
}

/// The connection that a request came by; an extension of every request.
#[derive(Debug, Clone)]
pub(crate) struct Connection(Arc<Notify>);

impl Connection {
    /// Ends the connection at once, whatever is still to be sent.
    pub(crate) fn cut(&self) {
        self.0.notify_one();
    }
}

/// Serves until `stop` is done and then until what was asked is answered and sent, for at most
/// [`Bounds::drain_time_max`]. Ends with an error if `started` does.
///
/// A handler is dropped when its client closes the connection.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    started: impl Future<Output = io::Result<()>>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let (stopping, stopped) = watch::channel(false);
    let free = Arc::new(Semaphore::new(bounds.connections_max.min(Semaphore::MAX_PERMITS)));
    let mut connections = JoinSet::new();
    tokio::pin!(started, stop);
    let mut has_started = false;
    loop {
        tokio::select! {
            () = &mut stop => break,
            start = &mut started, if !has_started => {
                start?;
                has_started = true;
            }
            Some(_) = connections.join_next() => {}
            (stream, permit) = next(&listener, &free) => {
                let router = TowerToHyperService::new(router.clone());
                let stopped = stopped.clone();
                connections.spawn(async move {
                    connection(stream, router, bounds, stopped).await;
                    drop(permit);
                });
            }
        }
    }
    drop(listener);
    stopping.send(true).ok();
    let ending = async { while connections.join_next().await.is_some() {} };
    tokio::time::timeout(bounds.drain_time_max, ending).await.ok();
    Ok(())
}

/// The next connection, as soon as there may be one more.
async fn next(
    listener: &TcpListener,
    free: &Arc<Semaphore>,
) -> (TcpStream, Option<tokio::sync::OwnedSemaphorePermit>) {
    let permit = free.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, permit),
            // Too many open files, or a client that left again: others will come.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn connection(
    stream: TcpStream,
    router: TowerToHyperService<Router>,
    bounds: Bounds,
    mut stopped: watch::Receiver<bool>,
) {
    // Small answers leave at once.
    stream.set_nodelay(true).ok();
    let this = Connection(Arc::new(Notify::new()));
    let was_asked = AtomicBool::new(false);
    let service = service_fn(|mut request: Request<Incoming>| {
        was_asked.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(this.clone());
        let answer = router.call(request);
        async move { answer.await as Result<Response<Body>, Infallible> }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head_time_max)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(served);
    tokio::select! {
        _ = served.as_mut() => return,
        () = this.0.notified() => return,
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
    // Who has asked nothing so far holds nothing up.
    if was_asked.load(Ordering::Relaxed) {
        served.as_mut().graceful_shutdown();
        tokio::select! {
            _ = served => {}
            () = this.0.notified() => {}
        }
    }
}
