//! `crucible pod`: services that generate: whether they keep to their contract, what to do with them, where they run.

mod check;
mod run;

use std::process::ExitCode;

use crate::failure::Failure;

/// Services that generate, on this machine or rented ones
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Check(check::Args),
    Run(Box<run::Args>),
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    match args.command {
        Command::Check(args) => check::run(args),
        Command::Run(args) => run::run(*args),
    }
}
