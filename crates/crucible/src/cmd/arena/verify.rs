//! `crucible arena verify`: makes every decision of a competition again.

mod redraw;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use arena::verify::{
    Blobs, FolderBlobs, FolderRepository, OnChain, Redraw, Report, Settings, Subject, WebBlobs,
    verify,
};
use chain::dev::{DevChain, DevClock};
use ledger::Round;
use ledger::repository::{GitRepository, Id, Repository, RepositoryError};

use crate::failure::{Failure, exit};
use crate::module::CageArgs;
use crate::output;

/// Remarks that are printed without `--all`.
const REMARKS_SHOWN: usize = 5;

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

    /// Blobs (assets and evidence of duels): a folder, or the address in front of their keys
    #[arg(long, value_name = "DIR|URL")]
    blobs: Option<String>,

    /// Keep blobs that were fetched in this folder
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,

    /// Draw every asset again and compare pictures; needs the blobs
    #[arg(long, requires = "blobs")]
    render: bool,

    /// Pictures of prompts, named by their stems; fetched from where they are if it is not given
    #[arg(long, value_name = "DIR", requires = "render")]
    prompts: Option<PathBuf>,

    /// Folder of the development chain: what the collector saw there and what validators set is checked too
    #[arg(long, value_name = "DIR")]
    chain: Option<PathBuf>,

    /// Print every disagreement, not only the first
    #[arg(long)]
    all: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    cage: CageArgs,
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
    let blobs = blobs_of(&args)?;
    let redraw = if args.render {
        Some(redraw::Studio::new(args.prompts.clone(), args.cage)?)
    } else {
        None
    };
    let redraw = redraw.as_ref().map(|redraw| redraw as &dyn Redraw);
    let subject =
        Subject { repository: &*repository, at, has_history, blobs: blobs.as_deref(), redraw };
    let chain = args.chain.as_deref().map(OpenChain::new).transpose()?;
    // The chain's clock waits with a runtime's.
    let _entered = chain.as_ref().map(|open| open.runtime.enter());
    let settings =
        Settings { round: args.round.map(Round), chain: chain.as_ref().map(OpenChain::asked) };
    let report = verify(&subject, &settings).map_err(failed)?;
    if args.json {
        output::json(&report)?;
    } else {
        print(&report, args.all);
    }
    Ok(ExitCode::from(if report.is_sound() { exit::OK } else { exit::NO }))
}

/// A development chain, and what its calls wait with.
struct OpenChain {
    chain: DevChain,
    runtime: tokio::runtime::Runtime,
}

impl OpenChain {
    fn new(folder: &Path) -> Result<Self, Failure> {
        if !folder.join("genesis.json").is_file() {
            return Err(Failure::input(folder, "no chain: there is no genesis.json"));
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| Failure::io(&error))?;
        let clock = DevClock::open(folder).map_err(|error| Failure::io(&error))?;
        let chain = DevChain::open(folder, Arc::new(clock))
            .map_err(|error| Failure::input(folder, error))?;
        Ok(Self { chain, runtime })
    }

    fn asked(&self) -> OnChain<'_> {
        let genesis = self.chain.genesis();
        OnChain { chain: &self.chain, netuid: genesis.netuid, owner: genesis.owner }
    }
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

/// Where blobs are.
fn blobs_of(args: &Args) -> Result<Option<Box<dyn Blobs>>, Failure> {
    let Some(place) = &args.blobs else { return Ok(None) };
    if place.starts_with("http://") || place.starts_with("https://") {
        let web = WebBlobs::new(place, args.cache.clone(), WebBlobs::TIME_MAX)
            .map_err(|error| Failure::io(&error))?;
        return Ok(Some(Box::new(web)));
    }
    let folder = PathBuf::from(place);
    if !folder.is_dir() {
        return Err(Failure::usage(format!(
            "--blobs {place}: no folder, and no http or https URL"
        )));
    }
    Ok(Some(Box::new(FolderBlobs(folder))))
}

fn print(report: &Report, all: bool) {
    for (round, rules) in &report.rounds {
        output::line(format_args!("round {round}: by the rules of {}", era(rules)));
    }
    let agree: Vec<String> =
        report.agree.iter().map(|(check, times)| format!("{check} {times}")).collect();
    output::line(format_args!("agree: {}", agree.join(", ")));
    for one in &report.unchecked {
        let round = one.round.map_or(String::new(), |round| format!("round {round}, "));
        let times = if one.times > 1 { format!(" ({} times)", one.times) } else { String::new() };
        output::line(format_args!("not checked: {round}{}: {}{times}", one.check, one.what));
    }
    let remarks = if all { report.remarks.len() } else { REMARKS_SHOWN };
    for remark in report.remarks.iter().take(remarks) {
        output::line(format_args!("remark: {remark}"));
    }
    let hidden = report.remarks.len().saturating_sub(remarks) as u64 + report.more_remarks;
    if hidden > 0 {
        output::line(format_args!("and {hidden} remarks more"));
    }
    let shown = if all { report.findings.len() } else { 1 };
    for finding in report.findings.iter().take(shown) {
        output::line(finding);
    }
    let hidden = report.findings.len().saturating_sub(shown) as u64 + report.more;
    if hidden > 0 {
        let how = if all { "" } else { "; --all shows them" };
        output::line(format_args!("and {hidden} more, which may follow from it{how}"));
    }
    output::line(if report.is_sound() { "nothing disagrees" } else { "the files disagree" });
}

/// In words.
fn era(rules: &str) -> &str {
    match rules {
        "crucible" => "Crucible",
        "modules" => "the original's module era",
        "meshes" => "the original's mesh era",
        _ => "the original's splat era",
    }
}
