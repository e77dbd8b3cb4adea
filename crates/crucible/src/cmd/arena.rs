//! `crucible arena`: competitions.

mod verify;

use std::process::ExitCode;

use crate::failure::Failure;

/// Competitions: who makes the best assets, decided in the open
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Verify(verify::Args),
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    match args.command {
        Command::Verify(args) => verify::run(args),
    }
}
