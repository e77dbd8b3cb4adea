//! `crucible arena verify`: makes every decision of a competition again.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use arena::verify::{FolderRepository, Report, Settings, Subject, verify};
use ledger::Round;
use ledger::repository::{GitRepository, Id, Repository, RepositoryError};

use crate::failure::{Failure, exit};
use crate::output;

/// Makes every decision of a competition again from its public files, and names the first that is not as it should be; exit code 0
/// none, 1 some, 2 not readable
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The competition's git repository, bare or not, or a plain folder with its files
    repository: PathBuf,

    /// Branch; the one that is checked out if it is not given
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,

    /// Commit, 40 hex digits; the branch's if it is not given
    #[arg(long, value_name = "COMMIT")]
    at: Option<String>,

    /// Only this round
    #[arg(long, value_name = "N")]
    round: Option<u32>,

    /// Print every disagreement, not only the first
    #[arg(long)]
    all: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let failed = |error: RepositoryError| Failure::input(&args.repository, error);
    let (repository, has_history) = open(&args.repository, args.branch.as_deref())?;
    let at = match &args.at {
        None => repository.head().map_err(failed)?,
        Some(text) => Some(
            Id::from_hex(text)
                .ok_or_else(|| Failure::usage(format!("--at {text}: a commit is 40 hex digits")))?,
        ),
    };
    let at = at.ok_or_else(|| Failure::input(&args.repository, "the branch has no commit"))?;
    let subject = Subject { repository: &*repository, at, has_history, blobs: None };
    let settings = Settings { round: args.round.map(Round) };
    let report = verify(&subject, &settings).map_err(failed)?;
    if args.json {
        output::json(&report)?;
    } else {
        print(&report, args.all);
    }
    Ok(ExitCode::from(if report.is_sound() { exit::OK } else { exit::NO }))
}

/// A git repository if it is one, else a plain folder.
fn open(folder: &Path, branch: Option<&str>) -> Result<(Box<dyn Repository>, bool), Failure> {
    let failed = |error: RepositoryError| Failure::input(folder, error);
    let is_git = folder.join(".git").exists()
        || (folder.join("HEAD").is_file() && folder.join("objects").is_dir());
    if is_git {
        let repository = GitRepository::open_to_read(folder, branch).map_err(failed)?;
        Ok((Box::new(repository), true))
    } else {
        Ok((Box::new(FolderRepository::open(folder).map_err(failed)?), false))
    }
}

fn print(report: &Report, all: bool) {
    let shown = if all { report.findings.len() } else { 1 };
    for finding in report.findings.iter().take(shown) {
        output::line(finding);
    }
    let hidden = (report.findings.len().saturating_sub(shown)) as u64 + report.more;
    if hidden > 0 {
        output::line(format_args!("and {hidden} more that may follow from it"));
    }
}
