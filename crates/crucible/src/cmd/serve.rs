//! `crucible serve`: services over HTTP.

mod distance;
mod generator;
mod pod;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::time::Duration;

use serve::render::{Check, CheckError, Config, Verdict};

use crate::failure::{Failure, exit};
use crate::module::CageArgs;
use crate::output;

/// Services over HTTP
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    service: Service,
}

#[derive(Debug, clap::Subcommand)]
enum Service {
    Render(Render),
    Distance(distance::Args),
    Pod(pod::Args),
    Generator(generator::Args),
}

/// Draws modules, meshes and splats for those who judge them: the HTTP API of the original render services
#[derive(Debug, clap::Args)]
struct Render {
    /// Address to listen on; 0.0.0.0 for every network of this machine
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,

    /// Port to listen on; 0 for any free one
    #[arg(long, env = "PORT", value_name = "N", default_value_t = 8000)]
    port: u16,

    /// Let clients have modules fetched from this machine and from private networks
    #[arg(long)]
    allow_private_urls: bool,

    /// Requests drawn at the same time; each one draws on all cores
    #[arg(long, env = "RENDER_POOL_SIZE", value_name = "N", default_value_t = NonZeroUsize::MIN)]
    render_pool_size: NonZeroUsize,

    /// Time for the pictures of one request
    #[arg(long, env = "RENDER_TIMEOUT_MS", value_name = "MS", default_value_t = 30_000)]
    render_timeout_ms: u64,

    /// Modules run at the same time
    #[arg(long, env = "VALIDATION_POOL_SIZE", value_name = "N", default_value_t = NonZeroUsize::MIN.saturating_add(1))]
    validation_pool_size: NonZeroUsize,

    /// Wall time of one module, after which it fails [default: none, its work is bounded by counted steps]
    #[arg(long, env = "VALIDATION_TIMEOUT_MS", value_name = "MS")]
    validation_timeout_ms: Option<u64>,

    /// Requests that may wait; one more is answered 503
    #[arg(long, value_name = "N", default_value_t = 64)]
    queue: usize,

    #[command(flatten)]
    cage: CageArgs,
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    match args.service {
        Service::Render(args) => run_render(args),
        Service::Distance(args) => distance::run(args),
        Service::Pod(args) => pod::run(args),
        Service::Generator(args) => generator::run(args),
    }
}

fn run_render(args: Render) -> Result<ExitCode, Failure> {
    let config = Config {
        bind: SocketAddr::new(args.bind, args.port),
        allow_private_urls: args.allow_private_urls,
        renders: args.render_pool_size,
        checks: args.validation_pool_size,
        waiting_max: args.queue,
        render_timeout: Duration::from_millis(args.render_timeout_ms),
        ..Config::default()
    };
    let bind = config.bind;
    let start = move || {
        let wall = args.validation_timeout_ms.map(Duration::from_millis);
        let pool = args.cage.pool(args.validation_pool_size, wall);
        let pool = pool.and_then(|pool| pool.warm().map(|()| pool));
        let pool = pool.map_err(std::io::Error::other)?;
        let check: Check = Box::new(move |source| {
            let report = pool.check(source).map_err(|error| CheckError(error.to_string()))?;
            let cage::Report { failures, metrics, scene, .. } = report;
            Ok(Verdict { failures, metrics, scene })
        });
        Ok(check)
    };
    let listening = |address| output::line(format_args!("listening on http://{address}"));
    serve::render::run(config, start, listening)
        .map_err(|error| Failure::usage(format!("{bind}: {error}")))?;
    Ok(ExitCode::from(exit::OK))
}
