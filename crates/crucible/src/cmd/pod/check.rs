//! `crucible pod check`: does a running service keep to the contract it speaks?

use std::process::ExitCode;

use crate::failure::Failure;

/// Drives a running service through every rule of the contract it speaks; exit code 0 it keeps to it, 1 it does not, 2 not decided
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where the service is, as in http://127.0.0.1:10006
    url: String,
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    Err(Failure::usage(format!("{}: nothing is checked yet", args.url)))
}
