//! `crucible pod deploy`: a pod, and if wished the wait until its service is healthy.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use fleet::names::{PodName, Purpose, Word};
use fleet::provider::{Phase, Provider, ProviderError, Seen, Spec};
use fleet::providers::Fleet;
use fleet::sweep::{Insistence, delete_verified};
use pod::client::{Single, SingleLimits};

use super::providers::{FleetArgs, drive, row};
use crate::clock::Clock;
use crate::failure::{Failure, exit};
use crate::output;

/// Between a look and the next.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// Starts a pod on the first provider that has room; exit code 1 if it did not get healthy in time
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Image; for `local` a command line after `process:`, where {port} stands for the port to listen on
    image: String,

    #[command(flatten)]
    fleet: FleetArgs,

    /// What it is for: a word of its name, which is pod-WORD-INDEX-INSTANCE
    #[arg(long, value_name = "WORD", default_value = "hand")]
    purpose: Word,

    /// Tells pods of the same purpose apart
    #[arg(long, value_name = "N", default_value_t = 0)]
    index: u32,

    /// Type of GPU, as in H200
    #[arg(long, env = "GPU_TYPE", value_name = "TYPE")]
    gpu_type: Option<String>,

    /// How many
    #[arg(long, env = "GPU_COUNT", value_name = "N", default_value_t = 0)]
    gpu_count: u32,

    /// Port that the service listens on inside of its container
    #[arg(long, env = "GENERATION_PORT", value_name = "N", default_value_t = pod::wire::PORT)]
    port: u16,

    /// Requests that the provider may send to it at the same time
    #[arg(long, value_name = "N", default_value_t = 2)]
    concurrency: u32,

    /// Environment of the pod, NAME=VALUE, as often as wished; never a secret of yours
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(String, String)>,

    /// Wait until GET /health answers 200, at most so long; a pod that does not get there is deleted
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    wait: Option<u64>,

    /// Leave a pod that did not get healthy as it is
    #[arg(long, requires = "wait")]
    keep: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("no `=` in it")?;
    if name.is_empty() {
        return Err("no name before `=`".into());
    }
    Ok((name.to_owned(), value.to_owned()))
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let fleet = args.fleet.open(true)?;
    let purpose = Purpose::Other { what: args.purpose.clone() };
    let name = PodName { purpose, index: args.index, instance: fleet.instance.clone() };
    let spec = Spec {
        name: name.to_string(),
        image: args.image.clone(),
        gpu_type: args.gpu_type.clone(),
        gpu_count: args.gpu_count,
        port: args.port,
        concurrency: args.concurrency,
        env: args.env.iter().cloned().collect::<BTreeMap<_, _>>(),
        labels: name.labels(None),
    };
    // Not ended by Ctrl-C while it is being made: what is made would not be known.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::io(&error))?;
    let (provider, made) = runtime.block_on(deploy(&fleet, &spec))?;
    drop(runtime);
    output::log(format_args!("{}", row(provider.name(), &made)));
    let Some(wait) = args.wait else { return tell(&provider, &made, args.json, exit::OK) };
    match drive(healthy(&*provider, &made.id, Duration::from_secs(wait))) {
        Ok(seen) => tell(&provider, &seen, args.json, exit::OK),
        Err(failure) if args.keep => Err(failure),
        Err(failure) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| Failure::io(&error))?;
            let insistence = Insistence::default();
            let gone = runtime.block_on(delete_verified(&*provider, &made.id, &insistence));
            if let Err(left) = gone {
                output::warning(left);
            }
            Err(failure)
        }
    }
}

fn tell(
    provider: &Arc<dyn Provider>,
    seen: &Seen,
    json: bool,
    code: u8,
) -> Result<ExitCode, Failure> {
    if json {
        output::json(seen)?;
    } else {
        output::line(row(provider.name(), seen));
    }
    Ok(ExitCode::from(code))
}

/// On the first provider that takes it; the next one is asked when one has no room, and not when the request is wrong.
async fn deploy(fleet: &Fleet, spec: &Spec) -> Result<(Arc<dyn Provider>, Seen), Failure> {
    let mut last = Failure::usage("no provider");
    for provider in fleet.providers() {
        match provider.deploy(spec).await {
            Ok(seen) => return Ok((Arc::clone(provider), seen)),
            Err(error) => {
                let goes_on = error.is_transient();
                if goes_on {
                    output::warning(&error);
                }
                last = failure(&error);
                if !goes_on {
                    break;
                }
            }
        }
    }
    Err(last)
}

fn failure(error: &ProviderError) -> Failure {
    match error {
        ProviderError::Orphan { id, .. } => {
            Failure::usage(format!("{error}; try `crucible pod delete {id}`"))
        }
        error => Failure::usage(error.to_string()),
    }
}

/// Looks until the service answers, or the pod ends.
async fn healthy(provider: &dyn Provider, id: &str, time_max: Duration) -> Result<Seen, Failure> {
    let clock = Clock::start();
    let no = |reason: String| Failure::no(std::path::Path::new(id), reason);
    let mut client = None;
    let mut last = "not seen yet".to_owned();
    while clock.elapsed() < time_max {
        match provider.get(id).await {
            Ok(Some(seen)) => match &seen.phase {
                Phase::Exited { .. } | Phase::Failed => {
                    return Err(no(row(provider.name(), &seen)));
                }
                _ => match is_healthy(&seen, provider, &mut client).await {
                    Ok(()) => return Ok(seen),
                    Err(reason) => last = reason,
                },
            },
            Ok(None) => last = "the provider does not list it".into(),
            Err(error) if error.is_transient() => last = error.to_string(),
            Err(error) => return Err(no(error.to_string())),
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    Err(no(format!("not healthy within {} s: {last}", time_max.as_secs())))
}

async fn is_healthy(
    seen: &Seen,
    provider: &dyn Provider,
    client: &mut Option<Single>,
) -> Result<(), String> {
    let url = seen.url.as_deref().ok_or("no address yet")?;
    let is_known = client.as_ref().is_some_and(|client| client.address() == url);
    if !is_known {
        let made = Single::new(url, provider.bearer().cloned(), SingleLimits::default());
        *client = Some(made.map_err(|error| error.to_string())?);
    }
    let Some(client) = client else { return Err("no client".into()) };
    client.health().await.map_err(|error| error.to_string())
}
