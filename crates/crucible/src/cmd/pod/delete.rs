//! `crucible pod delete`: a pod away, and seen to be away.

use std::process::ExitCode;

use fleet::sweep::{Insistence, delete_verified};

use super::providers::{FleetArgs, drive, find};
use crate::failure::{Failure, exit};
use crate::output;

/// Deletes pods and looks until their provider no longer lists them; exit code 1 if one is perhaps still there
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Identifiers or names, see `crucible pod list`
    #[arg(required = true)]
    pods: Vec<String>,

    #[command(flatten)]
    fleet: FleetArgs,

    /// Even pods of others on the same account
    #[arg(long)]
    even_others: bool,
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let fleet = args.fleet.open(true)?;
    drive(async {
        let mut code = exit::OK;
        for pod in &args.pods {
            let (provider, seen) = find(&fleet, pod, args.even_others).await?;
            match delete_verified(&*provider, &seen.id, &Insistence::default()).await {
                Ok(()) => output::line(format_args!("{}  {}  gone", provider.name(), seen.id)),
                Err(left) => {
                    output::warning(left);
                    code = exit::NO;
                }
            }
        }
        Ok(ExitCode::from(code))
    })
}
