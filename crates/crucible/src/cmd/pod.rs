//! `crucible pod`: services that generate: whether they keep to their contract, what to do with them, where they run.

mod check;
mod delete;
mod deploy;
mod list;
mod logs;
mod providers;
mod run;
mod sweep;

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
    Run(run::Args),
    Deploy(deploy::Args),
    List(list::Args),
    Logs(logs::Args),
    Delete(delete::Args),
    Sweep(sweep::Args),
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    match args.command {
        Command::Check(args) => check::run(args),
        Command::Run(args) => run::run(args),
        Command::Deploy(args) => deploy::run(args),
        Command::List(args) => list::run(args),
        Command::Logs(args) => logs::run(args),
        Command::Delete(args) => delete::run(args),
        Command::Sweep(args) => sweep::run(args),
    }
}
