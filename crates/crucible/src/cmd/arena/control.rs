//! `crucible arena pause`, `resume` and `source-audit`: what an operator does by hand.

use std::path::PathBuf;
use std::process::ExitCode;

use arena::control::{ControlError, Desk};
use chain::Clock as _;
use ledger::Stage;
use ledger::files::audits::Verdict;
use ledger::repository::Id;

use super::place::Place;
use crate::failure::{Failure, exit};
use crate::output;

/// Pauses a competition: whatever runs ends its step, and nothing else is begun
#[derive(Debug, clap::Args)]
pub(crate) struct PauseArgs {
    /// The competition's folder
    folder: PathBuf,
}

/// Goes on where a pause interrupted
#[derive(Debug, clap::Args)]
pub(crate) struct ResumeArgs {
    /// The competition's folder
    folder: PathBuf,

    /// Go on in this stage instead
    #[arg(long, value_enum)]
    stage: Option<StageArg>,
}

/// Tells what was found in a miner's source: without "passed" nobody can win
#[derive(Debug, clap::Args)]
pub(crate) struct SourceAuditArgs {
    /// The competition's folder
    folder: PathBuf,

    /// The miner's hotkey
    hotkey: String,

    /// What was found
    #[arg(value_enum)]
    verdict: VerdictArg,

    /// Why, for everybody to read
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum VerdictArg {
    /// All is well
    Passed,
    /// Disqualified
    Failed,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
enum StageArg {
    /// Miners submit
    Open,
    /// Miners make their outputs
    MinerGeneration,
    /// Outputs are fetched
    Downloading,
    /// Outputs are judged
    Duels,
    /// Leader and calendar are worked out
    Finalizing,
    /// No round follows
    Finished,
}

impl StageArg {
    const fn stage(self) -> Stage {
        match self {
            Self::Open => Stage::Open,
            Self::MinerGeneration => Stage::MinerGeneration,
            Self::Downloading => Stage::Downloading,
            Self::Duels => Stage::Duels,
            Self::Finalizing => Stage::Finalizing,
            Self::Finished => Stage::Finished,
        }
    }
}

pub(crate) fn pause(args: &PauseArgs) -> Result<ExitCode, Failure> {
    act(&args.folder, |desk| desk.pause())
}

pub(crate) fn resume(args: &ResumeArgs) -> Result<ExitCode, Failure> {
    act(&args.folder, |desk| desk.resume(args.stage.map(StageArg::stage)))
}

pub(crate) fn source_audit(args: &SourceAuditArgs) -> Result<ExitCode, Failure> {
    let verdict = match args.verdict {
        VerdictArg::Passed => Verdict::Passed,
        VerdictArg::Failed => Verdict::Failed,
    };
    act(&args.folder, |desk| desk.source_audit(&args.hotkey, verdict, &args.reason))
}

fn act(
    folder: &std::path::Path,
    what: impl FnOnce(&Desk<'_>) -> Result<Id, ControlError>,
) -> Result<ExitCode, Failure> {
    let place = Place::open(folder)?;
    let (books, author, clock) = (place.books()?, place.author(), place.clock()?);
    let desk = Desk { books: &books, author: &author, time: clock.now() };
    let commit = what(&desk).map_err(|error| Failure::input(folder, error))?;
    output::line(format!("commit {commit}"));
    Ok(ExitCode::from(exit::OK))
}
