//! The generator service: a picture and a seed in, a model out, one at a time. It keeps to the contract of competitions
//! 0 and 1 (`POST /generate`, `GET /health`) and to that of the per-task subnet's miners (`POST /generate/`). Facts: pods
//! specification §1, neuron specification §4.
//!
//! Beyond them: `POST /generate_from_image/`, `GET /metrics`, `GET /openapi.json`, a bounded queue, work dropped when its
//! client has gone, limits on everything a client sends ([`limits`]), time limits on slow clients, and an orderly end.
//! `docs/generator-service.md` has the whole table.

pub mod limits;

mod form;
mod gate;
mod openapi;
mod outgoing;
mod picture;
mod queue;
mod reply;
mod routes;
mod single;
mod tally;
mod task;
mod work;

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use generators::{Failure, Generator, Pending};
use pod::wire::{Kind, Seed};
use tokio::net::TcpListener;
use tokio::runtime::Handle;

pub use crate::distance::{Level, Log};
use crate::listen::{self, Bounds};
use crate::slots;
pub use gate::Gate;
use work::{App, Stage};

/// Settings of a service.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen. Port 0: any free one.
    pub bind: SocketAddr,
    /// What `POST /generate` makes.
    pub kind: Kind,
    /// Requests that may wait for their turn; one more is refused.
    pub waiting_max: usize,
    /// For one generation, from its turn to the model.
    pub generation_time_max: Duration,
    /// From the head of a request to the end of its body.
    pub upload_time_max: Duration,
    /// From the first byte of a connection, or from the end of an answer, to the end of the next request's head.
    pub head_time_max: Duration,
    /// For sending one model.
    pub send_time_max: Duration,
    /// Connections at the same time; others wait to be accepted.
    pub connections_max: usize,
    /// For what runs or waits when the service is told to stop.
    pub drain_time_max: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, pod::wire::PORT)),
            kind: Kind::Splats,
            waiting_max: 16,
            // Nobody waits longer: 180 s, and as much again of patience.
            generation_time_max: Duration::from_secs(360),
            upload_time_max: Duration::from_secs(60),
            head_time_max: Duration::from_secs(20),
            send_time_max: Duration::from_secs(600),
            connections_max: 512,
            drain_time_max: Duration::from_secs(30),
        }
    }
}

/// Makes a picture's file of a text and a seed.
pub type Paint =
    Box<dyn Fn(String, Seed) -> Pending<'static, Result<Bytes, Failure>> + Send + Sync>;

/// What does the work.
pub struct Parts {
    /// Makes the models.
    pub generator: Arc<dyn Generator>,
    /// Makes pictures of text prompts. Without it, they are answered with 501.
    pub paint: Option<Paint>,
    /// Looks at the results of the per-task routes.
    pub gate: Option<Gate>,
    /// Takes lines of the log: one for each answer, without anything of the prompt.
    pub log: Log,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("generator", &self.generator)
            .field("gate", &self.gate)
            .finish_non_exhaustive()
    }
}

/// Listens until the process is told to stop (SIGTERM or Ctrl-C), then finishes what runs and what waits. `listening` is
/// told the address.
///
/// # Errors
/// The address cannot be had, or the generator will never be ready.
pub fn run(config: Config, parts: Parts, listening: impl FnOnce(SocketAddr)) -> io::Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let served = runtime.block_on(async {
        let listener = TcpListener::bind(config.bind).await?;
        listening(listener.local_addr()?);
        serve(listener, config, parts, slots::stop_signal()?).await
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}

/// [`run`], on a socket that listens already, until `stop` is done.
///
/// # Errors
/// The generator will never be ready.
pub async fn serve(
    listener: TcpListener,
    config: Config,
    parts: Parts,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let bounds = Bounds {
        connections_max: config.connections_max,
        head_time_max: config.head_time_max,
        drain_time_max: config.drain_time_max,
    };
    let app = Arc::new(App::new(config, parts)?);
    let started = {
        let app = app.clone();
        async move {
            let generator = app.parts.generator.clone();
            let runtime = Handle::current();
            // It may load models, and not let go of its thread meanwhile.
            let starting = tokio::task::spawn_blocking(move || runtime.block_on(generator.ready()));
            starting.await.map_err(io::Error::other)?.map_err(io::Error::other)?;
            app.enter(Stage::Ready);
            Ok(())
        }
    };
    let stop = {
        let app = app.clone();
        async move {
            stop.await;
            app.enter(Stage::Stopping);
        }
    };
    listen::serve(listener, routes::router(app), bounds, started, stop).await
}
