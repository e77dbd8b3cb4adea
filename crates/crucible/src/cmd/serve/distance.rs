//! `crucible serve distance`: how different the pictures at two URLs look.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::time::Duration;

use serve::distance::{Config, Level, Log};

use crate::descriptor::DescriptorArgs;
use crate::failure::{Failure, exit};
use crate::output;

/// Tells how different the pictures at two URLs look: the HTTP API of the original image-distance service
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Address to listen on; 0.0.0.0 for every network of this machine
    #[arg(long, env = "HOST", value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,

    /// Port to listen on; 0 for any free one
    #[arg(long, env = "PORT", value_name = "N", default_value_t = 8000)]
    port: u16,

    #[command(flatten)]
    descriptor: DescriptorArgs,

    /// Let clients have pictures fetched from this machine and from private networks
    #[arg(long)]
    allow_private_urls: bool,

    /// Time to fetch one picture
    #[arg(long, env = "DOWNLOAD_TIMEOUT", value_name = "S", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    download_timeout: u64,

    /// Requests whose pictures are fetched at the same time
    #[arg(long, value_name = "N", default_value_t = Config::default().pairs)]
    pairs: NonZeroUsize,

    /// Requests that may wait; one more is answered 503
    #[arg(long, value_name = "N", default_value_t = Config::default().waiting_max)]
    queue: usize,

    /// What to tell on standard error
    #[arg(long, env = "LOG_LEVEL", value_enum, ignore_case = true, default_value_t = LogLevel::Info)]
    log_level: LogLevel,

    /// A setting of the original: a model to download
    #[arg(long, env = "MODEL_ID", hide = true)]
    model_id: Option<String>,

    /// A setting of the original: where to compute
    #[arg(long, env = "DEVICE", hide = true)]
    device: Option<String>,
}

/// The names of the original's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LogLevel {
    /// Nothing
    Critical,
    /// What went wrong here or with a picture
    Error,
    /// Also what could not be fetched
    Warning,
    /// Also every answer
    #[value(alias = "debug")]
    Info,
}

impl LogLevel {
    const fn wants(self, level: Level) -> bool {
        match level {
            Level::Error => matches!(self, Self::Error | Self::Warning | Self::Info),
            Level::Warning => matches!(self, Self::Warning | Self::Info),
            Level::Info => matches!(self, Self::Info),
        }
    }
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    if let (Some(id), None) = (&args.model_id, args.descriptor.folder()) {
        return Err(Failure::usage(format!(
            "MODEL_ID is {id}: models are not downloaded here; name the folder of its weights with --model, or unset MODEL_ID to use the built-in descriptor, whose distances are others"
        )));
    }
    if args.device.as_deref().is_some_and(|device| device.eq_ignore_ascii_case("cuda")) {
        output::warning("DEVICE is cuda: pictures are described by the processor");
    }
    let config = Config {
        bind: SocketAddr::new(args.bind, args.port),
        allow_private_urls: args.allow_private_urls,
        pairs: args.pairs,
        waiting_max: args.queue,
        download_timeout: Duration::from_secs(args.download_timeout),
    };
    let bind = config.bind;
    let descriptor = args.descriptor.load()?;
    let log_level = args.log_level;
    let log: Log = Box::new(move |level, line| {
        if log_level.wants(level) {
            output::log(format_args!("{level} {line}"));
        }
    });
    let listening = |address| output::line(format_args!("listening on http://{address}"));
    serve::distance::run(config, descriptor, log, listening)
        .map_err(|error| Failure::usage(format!("{bind}: {error}")))?;
    Ok(ExitCode::from(exit::OK))
}
