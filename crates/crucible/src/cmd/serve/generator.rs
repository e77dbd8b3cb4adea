//! `crucible serve generator`: a generator behind the contracts of miners.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use generators::Catalogue;
use pod::wire::Kind;
use serve::generator::{Config, Gate, Level, Log, Parts};

use crate::descriptor::DescriptorArgs;
use crate::failure::{Failure, exit};
use crate::{files, output};

/// Longest configuration of generators, in bytes.
const GENERATORS_BYTES_MAX: u64 = 1 << 20;

/// Makes models of pictures for others: the HTTP API of competitions 0 and 1, and that of the per-task subnet's miners
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Address to listen on; 0.0.0.0 for every network of this machine
    #[arg(long, env = "HOST", value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,

    /// Port to listen on; 0 for any free one
    #[arg(long, env = "PORT", value_name = "N", default_value_t = pod::wire::PORT)]
    port: u16,

    /// Which generator
    #[arg(long, value_name = "NAME", default_value = generators::Builtin::NAME)]
    generator: String,

    /// Configuration of generators, TOML [default: only the built-in one]
    #[arg(long, value_name = "FILE")]
    generators: Option<PathBuf>,

    /// What `POST /generate` makes: splats, mesh or module [default: splats, or else the first that the generator makes]
    #[arg(long, value_name = "KIND")]
    kind: Option<Kind>,

    /// Requests that may wait for their turn; one more is refused
    #[arg(long, value_name = "N", default_value_t = Config::default().waiting_max)]
    queue: usize,

    /// For one generation, from its turn to the model
    #[arg(long, value_name = "S", default_value_t = Config::default().generation_time_max.as_secs(), value_parser = clap::value_parser!(u64).range(1..=86_400))]
    time_limit: u64,

    /// For the body of a request, from its head to its end
    #[arg(long, value_name = "S", default_value_t = Config::default().upload_time_max.as_secs(), value_parser = clap::value_parser!(u64).range(1..=3600))]
    upload_timeout: u64,

    /// Compare results of the per-task routes with their prompts, and answer bad ones with nothing
    #[arg(long)]
    enable_validation: bool,

    /// The least score of a result that is handed out, 0 to 1
    #[arg(long, value_name = "SCORE", default_value_t = 0.6, value_parser = share)]
    validation_threshold: f64,

    #[command(flatten)]
    descriptor: DescriptorArgs,

    /// Say nothing of requests that succeed
    #[arg(long)]
    quiet: bool,
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("not from 0 to 1".to_owned()) }
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let catalogue = match &args.generators {
        None => Catalogue::default(),
        Some(path) => {
            let text = files::read_whole(path, GENERATORS_BYTES_MAX)?;
            let text = String::from_utf8(text).map_err(|error| Failure::input(path, error))?;
            #[expect(clippy::disallowed_methods, reason = "the edge, where settings are read")]
            let env = |name: &str| std::env::var(name).ok();
            Catalogue::read(&text, &env).map_err(|error| Failure::input(path, error))?
        }
    };
    let generator = catalogue.get(&args.generator).ok_or_else(|| {
        let names: Vec<&str> = catalogue.names().collect();
        let (name, names) = (&args.generator, names.join(", "));
        Failure::usage(format!("--generator {name}: there are {names}"))
    })?;
    let kinds = &generator.card().kinds;
    let kind = match args.kind {
        Some(kind) => kind,
        None if kinds.contains(&Kind::Splats) => Kind::Splats,
        None => kinds.first().copied().unwrap_or(Kind::Splats),
    };
    if !kinds.contains(&kind) {
        let name = &args.generator;
        return Err(Failure::usage(format!("--kind {kind}: {name} does not make that")));
    }
    let gate = match args.enable_validation {
        true => {
            let descriptor = args.descriptor.load()?;
            Some(Gate { descriptor, threshold: args.validation_threshold })
        }
        false => None,
    };
    let config = Config {
        bind: SocketAddr::new(args.bind, args.port),
        kind,
        waiting_max: args.queue,
        generation_time_max: Duration::from_secs(args.time_limit),
        upload_time_max: Duration::from_secs(args.upload_timeout),
        // What runs when the service is told to stop is finished.
        drain_time_max: Duration::from_secs(args.time_limit),
        ..Config::default()
    };
    let bind = config.bind;
    let is_quiet = args.quiet;
    let log: Log = Box::new(move |level, line| {
        if level != Level::Info || !is_quiet {
            output::log(format_args!("{level} {line}"));
        }
    });
    let parts = Parts { generator, paint: None, gate, log };
    let listening = |address| output::line(format_args!("listening on http://{address}"));
    serve::generator::run(config, parts, listening)
        .map_err(|error| Failure::usage(format!("{bind}: {error}")))?;
    Ok(ExitCode::from(exit::OK))
}
