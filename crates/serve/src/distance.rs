//! The image-distance service: how different do the pictures at two URLs look? A client of the original service works
//! unchanged. Facts: judging specification §6.3, §7.3; FastAPI for the shape of its errors.
//!
//! Beyond the original: `GET /metrics`, `GET /openapi.json`, both pictures fetched at once, limits on everything
//! ([`limits`]), 503 with `Retry-After` when too many requests wait, addresses checked, and an orderly end.

pub mod limits;

mod body;
mod openapi;
mod routes;
mod work;

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use vision::descriptor::Descriptor;

use crate::slots;
use work::App;

/// Settings of a service.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen. Port 0: any free one.
    pub bind: SocketAddr,
    /// Lets clients have pictures fetched from this machine and from private networks.
    pub allow_private_urls: bool,
    /// Requests whose pictures are fetched and held at the same time.
    pub pairs: NonZeroUsize,
    /// Requests that may wait; one more is answered 503.
    pub waiting_max: usize,
    /// For one picture, from the first look-up to the last byte, redirects included.
    pub download_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 8000)),
            allow_private_urls: false,
            pairs: NonZeroUsize::MIN.saturating_add(3),
            waiting_max: 64,
            download_timeout: Duration::from_secs(30),
        }
    }
}

/// How much somebody should care about a line of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A request that failed for a reason of ours, or of the pictures.
    Error,
    /// A picture that could not be fetched.
    Warning,
    /// Every answer.
    Info,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "ERROR",
            Self::Warning => "WARNING",
            Self::Info => "INFO",
        })
    }
}

/// Takes lines of the log. Of URLs they have the host only, as the rest may be a secret.
pub type Log = Box<dyn Fn(Level, &str) + Send + Sync>;

/// Listens until the process is told to stop (SIGTERM or Ctrl-C), then finishes what runs. `listening` is told the
/// address.
///
/// # Errors
/// The address cannot be had.
pub fn run(
    config: Config,
    descriptor: Box<dyn Descriptor>,
    log: Log,
    listening: impl FnOnce(SocketAddr),
) -> io::Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let served = runtime.block_on(async {
        let listener = TcpListener::bind(config.bind).await?;
        listening(listener.local_addr()?);
        serve(listener, config, descriptor, log, slots::stop_signal()?).await
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}

/// [`run`], on a socket that listens already, until `stop` is done.
///
/// # Errors
/// The client that fetches cannot be made.
pub async fn serve(
    listener: TcpListener,
    config: Config,
    descriptor: Box<dyn Descriptor>,
    log: Log,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let drain_max = config.download_timeout + limits::DRAIN_EXTRA;
    let app = Arc::new(App::new(&config, descriptor, log)?);
    let slots = app.slots.clone();
    let started = async { Ok(()) };
    slots::serve(listener, routes::router(app), slots, started, stop, drain_max).await
}
