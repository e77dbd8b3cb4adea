//! `crucible pod check`: does a running service keep to the contract it speaks?

mod judge;
mod process;

use std::io::IsTerminal;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use pod::check::{Config, Contract, Limits, Report, Verdict};

use crate::failure::{Failure, exit};
use crate::module::CageArgs;
use crate::{interrupt, output};
use judge::Drawn;
use process::Service;

/// Drives a service through every rule of its contract; exit code 0 it keeps to it, 1 it does not, 2 not decided
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Address of the service, with its scheme and port
    #[arg(value_name = "URL", required_unless_present = "image_cmd", conflicts_with = "image_cmd")]
    url: Option<String>,

    /// Start this command as the service and end it afterwards: it listens on the port that stands for {port}, or is in PORT
    #[arg(long, value_name = "COMMAND")]
    image_cmd: Option<String>,

    /// Contract to hold it to [default: batch if it answers /status, else single-shot]
    #[arg(long, value_name = "NAME")]
    contract: Option<ContractArg>,

    /// Only the checks that need few generations
    #[arg(long)]
    quick: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Address under which the service finds this machine, for the pictures of batches: HOST or HOST:PORT
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    serve_prompts: String,

    /// Time to get ready [default: 30, with --image-cmd 1800]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    warm_up: Option<u64>,

    /// Time of one generation
    #[arg(long, value_name = "SECONDS", default_value_t = 360, value_parser = seconds)]
    generation_limit: u64,

    /// Time of one batch of a few prompts
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = seconds)]
    batch_limit: u64,

    /// Time of the whole check
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = seconds)]
    time_limit: u64,

    #[command(flatten)]
    cage: CageArgs,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum ContractArg {
    SingleShot,
    Batch,
}

fn seconds(text: &str) -> Result<u64, String> {
    let in_range = |seconds: &u64| (1..=1_000_000).contains(seconds);
    text.parse().ok().filter(in_range).ok_or_else(|| "seconds, from 1 to 1000000".to_owned())
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let service = args.image_cmd.as_deref().map(Service::start).transpose()?;
    let service = service.map(Arc::new);
    let url = match (&args.url, &service) {
        (Some(url), _) => url.clone(),
        (None, Some(service)) => service.url(),
        (None, None) => return Err(Failure::usage("an URL or --image-cmd is needed")),
    };
    let warm_up = args.warm_up.unwrap_or(if service.is_some() { 1800 } else { 30 });
    let limits = Limits {
        total: Duration::from_secs(args.time_limit),
        warm_up: Duration::from_secs(warm_up),
        generation: Duration::from_secs(args.generation_limit),
        batch: Duration::from_secs(args.batch_limit),
        ..Limits::default()
    };
    let ended =
        service.clone().map(|service| -> pod::check::Ended { Arc::new(move || service.ended()) });
    let config = Config {
        contract: args.contract.map(|contract| match contract {
            ContractArg::SingleShot => Contract::SingleShot,
            ContractArg::Batch => Contract::Batch,
        }),
        quick: args.quick,
        prompts_bind: bind_of(&args.serve_prompts),
        prompts_reach: args.serve_prompts,
        limits,
        token: token(),
        ended,
        ..Config::of(url.clone())
    };
    let report = drive(config, args.cage)?;
    if args.json {
        output::json(&report)?;
    } else {
        output::line(&report);
    }
    if let Some(service) = service.filter(|_| report.verdict != Verdict::Keeps) {
        let tail = service.tail();
        if !tail.is_empty() {
            output::warning(format_args!("the last lines of the service:\n{tail}"));
        }
    }
    Ok(ExitCode::from(match report.verdict {
        Verdict::Keeps => exit::OK,
        Verdict::Breaks => exit::NO,
        Verdict::Undecided => exit::INPUT,
    }))
}

/// Where to listen so that the service finds us: on this machine only, if that is where it is.
fn bind_of(reach: &str) -> SocketAddr {
    let as_socket = reach.parse::<SocketAddr>().ok();
    let host = as_socket.map_or_else(|| reach.parse::<IpAddr>().ok(), |socket| Some(socket.ip()));
    let port = reach.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    let everywhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let is_here = host.is_some_and(|host| host.is_loopback()) || reach.starts_with("localhost");
    let here = host.filter(IpAddr::is_loopback).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let port = if host.is_some_and(|host| host.is_ipv6()) && as_socket.is_none() {
        0
    } else {
        port.unwrap_or(0)
    };
    SocketAddr::new(if is_here { here } else { everywhere }, port)
}

/// Other stems for every check.
#[expect(clippy::disallowed_methods, reason = "the edge is where the clock is read")]
fn token() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_millis());
    format!("check{now:x}")
}

fn drive(config: Config, cage: CageArgs) -> Result<Report, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::io(&error))?;
    let says = std::io::stderr().is_terminal();
    let progress = |what: &str| {
        if says {
            output::log(format_args!("… {what}"));
        }
    };
    let url = config.url.clone();
    let report = runtime.block_on(async {
        let checked = pod::check::run(config, Arc::new(Drawn::new(cage)), &progress);
        let interrupted = async {
            while !interrupt::asked() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::select! {
            report = checked => report.map_err(|error| Failure::usage(format!("{url}: {error}"))),
            () = interrupted => Err(Failure::interrupted()),
        }
    });
    runtime.shutdown_background();
    report
}

#[cfg(test)]
mod tests {
    use super::bind_of;

    #[test]
    fn pictures_are_served_no_wider_than_needed() {
        for (reach, bind) in [
            ("127.0.0.1", "127.0.0.1:0"),
            ("127.0.0.1:8123", "127.0.0.1:8123"),
            ("localhost:8123", "127.0.0.1:8123"),
            ("[::1]:8123", "[::1]:8123"),
            ("192.168.1.7", "0.0.0.0:0"),
            ("pictures.example:8123", "0.0.0.0:8123"),
        ] {
            assert_eq!(bind_of(reach).to_string(), bind, "{reach}");
        }
    }
}
