//! `crucible arena`: competitions.

mod adapters;
mod assemble;
mod control;
mod demo;
mod init;
mod place;
mod pods;
mod run;
mod status;
mod submit;
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
    Init(Box<init::Args>),
    Run(run::RunArgs),
    Step(run::StepArgs),
    Status(status::Args),
    Pause(control::PauseArgs),
    Resume(control::ResumeArgs),
    SourceAudit(control::SourceAuditArgs),
    Submit(submit::Args),
    Verify(verify::Args),
    Demo(demo::Args),
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    match args.command {
        Command::Init(args) => init::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Step(args) => run::step(&args),
        Command::Status(args) => status::run(&args),
        Command::Pause(args) => control::pause(&args),
        Command::Resume(args) => control::resume(&args),
        Command::SourceAudit(args) => control::source_audit(&args),
        Command::Submit(args) => submit::run(&args),
        Command::Verify(args) => verify::run(args),
        Command::Demo(args) => demo::run(&args),
    }
}
