//! The batch service: makes Three.js modules of batches of pictures, as a pod of the third competition does. Its clients
//! work unchanged; docs/pod-service.md has the contract and what is beyond it.
//!
//! Inside: `state` decides, `work` carries out, `batch` generates, `store` remembers, `archive` packs.

pub mod limits;

mod archive;
mod batch;
mod body;
mod health;
mod openapi;
mod payload;
mod pictures;
mod results;
mod routes;
mod state;
mod store;
mod words;
mod work;

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use generators::Generator;
use tokio::net::TcpListener;

pub use crate::distance::{Level, Log};
pub use health::{Benchmark, Cpu, Device, Program, Thresholds};

use crate::door::Door;
use crate::slots;
use store::Store;
use work::App;

/// For another service to let go of the state folder.
const FOLDER_TIME_MAX: Duration = Duration::from_secs(20);

/// Settings of a service.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen. Port 0: any free one.
    pub bind: SocketAddr,
    /// Where batches are kept. A service that is started with the folder of an older one goes on where that was.
    pub state: PathBuf,
    /// Prompts generated at the same time. Nothing: as many as the generator says.
    pub workers: Option<NonZeroUsize>,
    /// Lets orders have pictures fetched from this machine and from private networks.
    pub allow_private_urls: bool,
    /// For one picture, with every try.
    pub picture_time: Duration,
    /// For one prompt, from its picture to its module.
    pub prompt_time: Duration,
    /// For one batch, from its order on, also while the service is down. What is open then is given up.
    pub batch_time: Duration,
    /// Measures the machine at the start and before every batch.
    pub benchmark: Option<Arc<dyn Benchmark>>,
    /// What the benchmark must reach.
    pub thresholds: Thresholds,
}

impl Config {
    /// With batches kept in `state`.
    #[must_use]
    pub fn new(state: PathBuf) -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, pod::wire::PORT)),
            state,
            workers: None,
            allow_private_urls: false,
            picture_time: Duration::from_secs(60),
            prompt_time: Duration::from_secs(600),
            // Orchestrators give a batch an hour, with polls and the download in it.
            batch_time: Duration::from_secs(3420),
            benchmark: None,
            thresholds: Thresholds::ANY,
        }
    }
}

/// Listens until the process is told to stop (SIGTERM or Ctrl-C). A batch in work goes on when the service is started again.
/// `listening` is told the address.
///
/// # Errors
/// The address or the state folder cannot be had, or the generator never will generate.
pub fn run(
    config: Config,
    generator: Arc<dyn Generator>,
    log: Log,
    listening: impl FnOnce(SocketAddr),
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(async {
        let listener = TcpListener::bind(config.bind).await?;
        listening(listener.local_addr()?);
        serve(listener, config, generator, log, slots::stop_signal()?).await
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}

/// [`run`], on a socket that listens already, until `stop` is done.
///
/// # Errors
/// The state folder cannot be had, or the generator never will generate.
pub async fn serve(
    listener: TcpListener,
    config: Config,
    generator: Arc<dyn Generator>,
    log: Log,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let store = store_in(&config.state).await?;
    let app = Arc::new(App::new(config, generator, log, store)?);
    app.resume()?;
    let slots = app.slots.clone();
    let door = Door::new(listener, limits::CONNECTIONS_MAX, limits::SILENCE_MAX);
    let router = routes::router(app.clone());
    let warming = app.clone().warm_up();
    let served = slots::serve(door, router, slots, warming, stop, limits::DRAIN_MAX).await;
    app.stop();
    served
}

/// Waits for the service before us, which may be on its way out.
async fn store_in(folder: &std::path::Path) -> io::Result<Store> {
    let end = tokio::time::Instant::now() + FOLDER_TIME_MAX;
    loop {
        match Store::open(folder.to_owned()) {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                if tokio::time::Instant::now() >= end {
                    return Err(error);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            opened => return opened,
        }
    }
}
