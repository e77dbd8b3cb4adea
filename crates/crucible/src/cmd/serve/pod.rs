//! `crucible serve pod`: modules of batches of pictures.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serve::pod::{Benchmark, Config, Cpu, Log, Program, Thresholds};

use crate::failure::{Failure, exit};
use crate::module::CageArgs;
use crate::{catalogue, output};

/// Makes Three.js modules of batches of pictures: the HTTP contract of pods in competition 2
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Address to listen on; 0.0.0.0 for every network of this machine, as a container must
    #[arg(long, env = "HOST", value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,

    /// Port to listen on; 0 for any free one
    #[arg(long, env = "PORT", value_name = "N", default_value_t = pod::wire::PORT)]
    port: u16,

    /// What generates: a name of the generators' file, or "builtin"
    #[arg(long, value_name = "NAME", default_value = generators::Builtin::NAME)]
    generator: String,

    /// Generators by name, in TOML: see docs/generators.md
    #[arg(long, value_name = "FILE")]
    generators: Option<PathBuf>,

    /// Folder where batches are kept; started with it again, the service goes on where it was [default: a new one, removed at the end]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,

    /// Prompts generated at the same time [default: as many as the generator says]
    #[arg(long, value_name = "N")]
    workers: Option<NonZeroUsize>,

    /// Let clients have pictures fetched from this machine and from private networks
    #[arg(long)]
    allow_private_urls: bool,

    /// Time to fetch one picture, with every try
    #[arg(long, env = "DOWNLOAD_TIMEOUT", value_name = "S", default_value_t = 60, value_parser = seconds())]
    download_timeout: u64,

    /// Time for one prompt, from its picture to its module
    #[arg(long, value_name = "S", default_value_t = 600, value_parser = seconds())]
    prompt_timeout: u64,

    /// Time for one batch, from its order on; what is open then is given up
    #[arg(long, value_name = "S", default_value_t = 3420, value_parser = seconds())]
    batch_timeout: u64,

    /// What measures the machine at the start and before every batch: none, cpu, or a program, with arguments, that prints JSON
    #[arg(long, value_name = "KIND", default_value = "none")]
    benchmark: String,

    /// Time the benchmark measures; a program gets ten times as long, and a minute
    #[arg(long, env = "BENCHMARK_DURATION_SEC", value_name = "S", default_value_t = 3.0)]
    benchmark_duration: f64,

    /// Rows of the matrices of the cpu benchmark
    #[arg(long, env = "BENCHMARK_MATRIX_SIZE", value_name = "N", default_value_t = 512, value_parser = clap::value_parser!(u16).range(1..=4096))]
    benchmark_size: u16,

    /// GPUs there must be [default: 4 for a program, 1 for cpu]
    #[arg(long, env = "BENCHMARK_GPU_COUNT", value_name = "N")]
    gpu_count: Option<usize>,

    /// What every GPU must do [default: 30 for a program, 0 for cpu]
    #[arg(long, env = "BENCHMARK_MIN_TFLOPS", value_name = "TFLOPS")]
    min_tflops: Option<f64>,

    /// Memory that every GPU must have, in GiB [default: 134 for a program, 0 for cpu]
    #[arg(long, env = "BENCHMARK_MIN_VRAM_GB", value_name = "GIB")]
    min_vram_gb: Option<f64>,

    #[command(flatten)]
    cage: CageArgs,
}

/// A day is longer than any competition lets a pod live.
fn seconds() -> clap::builder::RangedU64ValueParser {
    clap::builder::RangedU64ValueParser::new().range(1..=86_400)
}

impl Args {
    fn benchmark(&self) -> Result<(Option<Arc<dyn Benchmark>>, Thresholds), Failure> {
        let seconds = self.benchmark_duration;
        if !(0.0..=600.0).contains(&seconds) {
            return Err(Failure::usage(format!(
                "--benchmark-duration {seconds}: must be from 0 to 600"
            )));
        }
        let duration = Duration::from_secs_f64(seconds);
        let mut words = self.benchmark.split_whitespace().map(str::to_owned);
        let (benchmark, of): (Option<Arc<dyn Benchmark>>, _) = match words.next().as_deref() {
            None | Some("none") => (None, Thresholds::ANY),
            Some("cpu") => {
                let size = self.benchmark_size.into();
                (Some(Arc::new(Cpu { size, duration })), Thresholds::ANY)
            }
            Some(program) => {
                let time_max = 10 * duration + Duration::from_secs(60);
                let program =
                    Program { program: program.to_owned(), args: words.collect(), time_max };
                (Some(Arc::new(program)), Thresholds::GPU)
            }
        };
        let thresholds = Thresholds {
            devices: self.gpu_count.unwrap_or(of.devices),
            tflops: self.min_tflops.unwrap_or(of.tflops),
            vram_gb: self.min_vram_gb.unwrap_or(of.vram_gb),
        };
        Ok((benchmark, thresholds))
    }
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let known = catalogue::read(args.generators.as_deref(), args.cage)?;
    let generator = catalogue::find(&known, &args.generator)?;
    let card = generator.card();
    if !card.kinds.contains(&pod::wire::Kind::Module) {
        return Err(Failure::usage(format!("--generator {}: it does not make modules", card.name)));
    }
    let (benchmark, thresholds) = args.benchmark()?;
    let (state, temporary) = match &args.state {
        Some(folder) => (folder.clone(), None),
        None => {
            let temporary = tempfile::Builder::new().prefix("crucible-pod-").tempdir();
            let temporary = temporary.map_err(|error| Failure::io(&error))?;
            (temporary.path().to_owned(), Some(temporary))
        }
    };
    let config = Config {
        bind: SocketAddr::new(args.bind, args.port),
        workers: args.workers,
        allow_private_urls: args.allow_private_urls,
        picture_time: Duration::from_secs(args.download_timeout),
        prompt_time: Duration::from_secs(args.prompt_timeout),
        batch_time: Duration::from_secs(args.batch_timeout),
        benchmark,
        thresholds,
        ..Config::new(state)
    };
    let bind = config.bind;
    let log: Log = Box::new(|level, line| output::log(format_args!("{level} {line}")));
    let listening = |address| output::line(format_args!("listening on http://{address}"));
    let served = serve::pod::run(config, generator, log, listening);
    drop(temporary);
    served.map_err(|error| Failure::usage(format!("{bind}: {error}")))?;
    Ok(ExitCode::from(exit::OK))
}
