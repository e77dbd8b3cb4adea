//! The command line of Crucible: arguments in, one library call, output and exit code out.
//!
//! Way in: [`Command`] lists the sub-commands; each has a file of its own in `cmd/` with its arguments and its `run`.
//! Only this crate opens files, prints, reads the clock and picks exit codes.

mod catalogue;
mod clock;
mod cmd;
mod descriptor;
mod failure;
mod files;
mod interrupt;
mod module;
mod output;

use clap::{Parser, Subcommand};

use crate::failure::Failure;

/// Makes 3D assets from pictures, draws them, checks them and compares them: no GPU, no browser, no key, no network.
#[derive(Debug, Parser)]
#[command(name = "crucible", version, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// Threads to work with; the result is the same for any number [default: one per core]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Generate(cmd::generate::Args),
    Render(cmd::render::Args),
    Inspect(cmd::inspect::Args),
    Validate(cmd::validate::Args),
    Convert(cmd::convert::Args),
    Distance(cmd::distance::Args),
    Eval(cmd::eval::Args),
    Pod(cmd::pod::Args),
    Serve(cmd::serve::Args),
    Arena(cmd::arena::Args),
}

fn main() -> std::process::ExitCode {
    // Not a command for people: we start ourselves so to run modules. First, while the process has one thread.
    if std::env::args_os().nth(1).is_some_and(|first| first == cage::GUEST_COMMAND) {
        return cage::guest::main();
    }
    // Nor is this: beside each local pod stands a process of ours.
    if std::env::args_os().nth(1).is_some_and(|first| first == fleet::local::KEEPER_COMMAND) {
        return fleet::local::keeper::main();
    }
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(failure) => {
            output::error(&failure);
            failure.code()
        }
    }
}

fn run(cli: Cli) -> Result<std::process::ExitCode, Failure> {
    interrupt::install()?;
    // Of a service, what computes gives way to what answers.
    let gives_way = matches!(cli.command, Command::Serve(_));
    if cli.threads.is_some() || gives_way {
        // 0 is one per core.
        let threads = cli.threads.unwrap_or(0);
        let start = move |_| {
            if gives_way {
                serve::give_way();
            }
        };
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads.into())
            .start_handler(start)
            .build_global()
            .map_err(|error| Failure::usage(format!("--threads {threads}: {error}")))?;
    }
    match cli.command {
        Command::Generate(args) => cmd::generate::run(args),
        Command::Render(args) => cmd::render::run(args),
        Command::Inspect(args) => cmd::inspect::run(args),
        Command::Validate(args) => cmd::validate::run(args),
        Command::Convert(args) => cmd::convert::run(args),
        Command::Distance(args) => cmd::distance::run(args),
        Command::Eval(args) => cmd::eval::run(args),
        Command::Pod(args) => cmd::pod::run(args),
        Command::Serve(args) => cmd::serve::run(args),
        Command::Arena(args) => cmd::arena::run(args),
    }
}
