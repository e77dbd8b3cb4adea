//! `crucible pod logs`: what a pod printed last.

use std::process::ExitCode;

use super::providers::{FleetArgs, drive, find};
use crate::failure::{Failure, exit};
use crate::output;

/// The last lines a pod printed, where its provider tells them
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Identifier or name, see `crucible pod list`
    pod: String,

    #[command(flatten)]
    fleet: FleetArgs,

    /// How many
    #[arg(long, value_name = "N", default_value_t = 100)]
    lines: usize,
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let fleet = args.fleet.open(true)?;
    let lines = drive(async {
        let (provider, seen) = find(&fleet, &args.pod, true).await?;
        let lines = provider.logs(&seen.id, args.lines).await;
        lines.map_err(|error| Failure::usage(error.to_string()))
    })?;
    lines.iter().for_each(output::line);
    Ok(ExitCode::from(exit::OK))
}
