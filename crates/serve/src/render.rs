//! The render service: draws Three.js modules, GLB meshes and PLY splats over HTTP, as the original services did. Clients
//! written for those work unchanged. Facts: rendering specification §E.1, §E.2, Three.js specification §8.2.
//!
//! Beyond the original: `GET /metrics`, `GET /openapi.json`, limits on everything a client sends ([`limits`]), 503 with
//! `Retry-After` when too many requests wait, addresses of `url` checked, and an orderly end.

pub mod limits;

mod body;
mod classic;
mod openapi;
mod painter;
mod query;
mod reply;
mod routes;
mod scenes;
mod upload;
mod work;

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use asset::scene::Scene;
use threejs::Failure;
use threejs::engine::Metrics;
use tokio::net::TcpListener;

use work::App;

/// Settings of a service.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen. Port 0: any free one.
    pub bind: SocketAddr,
    /// Lets clients have modules fetched from this machine and from private networks.
    pub allow_private_urls: bool,
    /// Requests drawn at the same time. Each one draws on all cores.
    pub renders: NonZeroUsize,
    /// Modules run at the same time.
    pub checks: NonZeroUsize,
    /// Requests that may wait; one more is answered 503.
    pub waiting_max: usize,
    /// For drawing and encoding all pictures of a request.
    pub render_timeout: Duration,
    /// Bytes of checked modules that are kept, so that the next request for one need not run it.
    pub scene_bytes_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        let two = NonZeroUsize::MIN.saturating_add(1);
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 8000)),
            allow_private_urls: false,
            renders: NonZeroUsize::MIN,
            checks: two,
            waiting_max: 64,
            render_timeout: Duration::from_secs(30),
            scene_bytes_max: 32 << 20,
        }
    }
}

/// What is known of a module.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// None if the module passed.
    pub failures: Vec<Failure>,
    /// Of the scene, if it came to one.
    pub metrics: Option<Metrics>,
    /// What to draw, if the module passed.
    pub scene: Option<Scene>,
}

/// No verdict. The text goes to the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CheckError(pub String);

/// Analyses and runs a module, given its bytes.
pub type Check = Box<dyn Fn(&[u8]) -> Result<Verdict, CheckError> + Send + Sync>;

/// Listens until the process is told to stop (SIGTERM or Ctrl-C), then finishes what runs.
///
/// `start` makes what checks modules; until it is done, `/ping` answers 204 and other requests wait. `listening` is told
/// the address.
///
/// # Errors
/// The address cannot be had, or `start` failed.
pub fn run(
    config: Config,
    start: impl FnOnce() -> io::Result<Check> + Send + 'static,
    listening: impl FnOnce(SocketAddr),
) -> io::Result<()> {
    // Blocking work is bounded by permits; these threads only wait for it.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let served = runtime.block_on(async {
        let listener = TcpListener::bind(config.bind).await?;
        listening(listener.local_addr()?);
        serve(listener, config, start, stop_signal()?).await
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}

/// [`run`], on a socket that listens already, until `stop` is done.
///
/// # Errors
/// `start` failed.
pub async fn serve(
    listener: TcpListener,
    config: Config,
    start: impl FnOnce() -> io::Result<Check> + Send + 'static,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let app = Arc::new(App::new(config)?);
    let starting = tokio::task::spawn_blocking(start);
    let started = {
        let app = app.clone();
        async move {
            let check = starting.await.map_err(io::Error::other)??;
            app.is_ready(check);
            Ok::<(), io::Error>(())
        }
    };
    let stopping = {
        let app = app.clone();
        async move {
            stop.await;
            app.stop();
        }
    };
    let drained = app.clone();
    let server = axum::serve(listener, routes::router(app)).with_graceful_shutdown(stopping);
    let server = async { server.await };
    // Clients that hold a connection open without asking anything do not hold up the end.
    tokio::pin!(server);
    tokio::select! {
        served = &mut server => return served,
        started = started => started?,
    }
    tokio::select! {
        served = server => served,
        () = drained.drained() => Ok(()),
    }
}

#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
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
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        tokio::signal::ctrl_c().await.ok();
    })
}
