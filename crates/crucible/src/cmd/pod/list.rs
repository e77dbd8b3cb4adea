//! `crucible pod list`: which pods there are.

use std::process::ExitCode;

use fleet::names::instance_of;
use fleet::provider::Seen;
use serde::Serialize;

use super::providers::{FleetArgs, drive, row};
use crate::failure::{Failure, exit};
use crate::output;

/// Pods of ours on every provider; exit code 1 when a provider does not say what it has
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    fleet: FleetArgs,

    /// Pods of others on the same accounts too
    #[arg(long)]
    all: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row<'a> {
    provider: &'a str,
    #[serde(flatten)]
    pod: &'a Seen,
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let fleet = args.fleet.open(true)?;
    let listed = drive(async { Ok(fleet.list().await) })?;
    let mut rows = Vec::new();
    let mut code = exit::OK;
    for (provider, pods) in &listed {
        match pods {
            Ok(pods) => {
                let is_ours = |seen: &&Seen| instance_of(seen).as_ref() == Some(&fleet.instance);
                let pods = pods.iter().filter(|seen| args.all || is_ours(seen));
                rows.extend(pods.map(|pod| Row { provider, pod }));
            }
            Err(error) => {
                output::warning(error);
                code = exit::NO;
            }
        }
    }
    if args.json {
        output::json(&rows)?;
    } else {
        rows.iter().for_each(|Row { provider, pod }| output::line(row(provider, pod)));
    }
    Ok(ExitCode::from(code))
}
