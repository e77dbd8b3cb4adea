//! `crucible arena status`: where a competition stands.

use std::path::PathBuf;
use std::process::ExitCode;

use chain::Chain as _;
use ledger::files::config::Config;
use ledger::files::duels::MatchReport;
use ledger::files::leader::Leaders;
use ledger::files::outputs::Outputs;
use ledger::files::schedule::Schedule;
use ledger::files::state::State;
use ledger::files::submissions::{Submissions, hotkey10, in_order};
use ledger::json::Json;
use ledger::repository::{ReadError, Snapshot};
use ledger::{MinerFile, Place as File, Round, RoundFile};
use serde::Serialize;

use super::assemble;
use super::place::Place;
use crate::failure::{Failure, exit};
use crate::output;

/// Tells where a competition stands
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The competition's folder
    folder: PathBuf,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Status {
    competition: String,
    round: u32,
    stage: String,
    resume_stage: Option<String>,
    block: u64,
    earliest_reveal_block: Option<u64>,
    latest_reveal_block: Option<u64>,
    generation_deadline_block: Option<u64>,
    leader: Option<Leader>,
    miners: Vec<Miner>,
    matches: Vec<Match>,
    /// Of a model, in this round's matches and audits.
    calls: u64,
    /// About how many matches that ended early saved.
    calls_saved: u64,
}

#[derive(Debug, Serialize)]
struct Leader {
    hotkey: String,
    weight: f64,
    effective_block: u64,
}

#[derive(Debug, Serialize)]
struct Miner {
    hotkey: String,
    delivered: usize,
    without_asset: usize,
}

#[derive(Debug, Serialize)]
struct Match {
    left: String,
    right: String,
    margin: f64,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let place = Place::open(&args.folder)?;
    let status = look(&place)?;
    if args.json {
        output::json(&status)?;
    } else {
        print(&status);
    }
    Ok(ExitCode::from(exit::OK))
}

fn look(place: &Place) -> Result<Status, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::input(&place.folder, error);
    let books = place.books()?;
    let snapshot = Snapshot::of_head(&books).map_err(|error| failed(&error))?;
    let snapshot = snapshot.ok_or_else(|| failed(&"the state repository has no commits"))?;
    let state: State = snapshot.require(&File::State).map_err(|error| failed(&error))?;
    let config: Config = snapshot.require(&File::Config).map_err(|error| failed(&error))?;
    let leaders: Leaders = snapshot.require(&File::Leader).map_err(|error| failed(&error))?;
    let round = state.current_round;
    let file = |file| File::Round(round, file);
    let schedule: Option<Schedule> =
        snapshot.find(&file(RoundFile::Schedule)).map_err(|error| failed(&error))?;
    let submissions: Submissions = snapshot
        .find(&file(RoundFile::Submissions))
        .map_err(|error| failed(&error))?
        .unwrap_or_default();
    let mut miners = Vec::new();
    for hotkey in in_order(&submissions) {
        let submitted = File::Miner(round, hotkey.to_owned(), MinerFile::Submitted);
        let outputs: Outputs =
            snapshot.find(&submitted).map_err(|error| failed(&error))?.unwrap_or_default();
        let delivered = outputs.values().filter(|output| output.asset.is_some()).count();
        let without_asset = outputs.len() - delivered;
        miners.push(Miner { hotkey: hotkey.to_owned(), delivered, without_asset });
    }
    let [calls, calls_saved] = calls(&snapshot, round).map_err(|error| failed(&error))?;
    let matrix =
        snapshot.matrix(&file(RoundFile::MatchesMatrix)).map_err(|error| failed(&error))?;
    let clock = place.clock()?;
    let chain = place.chain(&clock)?;
    let head = assemble::runtime()?.block_on(chain.head()).map_err(|error| failed(&error))?;
    Ok(Status {
        competition: config.name,
        round: round.0,
        stage: state.stage.to_string(),
        resume_stage: state.resume_stage.map(|stage| stage.to_string()),
        block: head.number,
        earliest_reveal_block: schedule.as_ref().map(|it| it.earliest_reveal_block),
        latest_reveal_block: schedule.as_ref().map(|it| it.latest_reveal_block),
        generation_deadline_block: schedule.and_then(|it| it.generation_deadline_block),
        leader: leaders.latest().map(|entry| Leader {
            hotkey: entry.hotkey.clone(),
            weight: entry.weight,
            effective_block: entry.effective_block,
        }),
        miners,
        matches: matrix
            .iter()
            .map(|(left, right, margin)| Match {
                left: left.to_owned(),
                right: right.to_owned(),
                margin,
            })
            .collect(),
        calls,
        calls_saved,
    })
}

/// Calls of a model in a round, and those that were saved, by its reports.
fn calls(snapshot: &Snapshot<'_>, round: Round) -> Result<[u64; 2], ReadError> {
    let mut sums = [0_u64; 2];
    for path in snapshot.list(&format!("rounds/{round}"))? {
        let report = match File::parse(&path) {
            Some(place @ File::Miner(_, _, MinerFile::Duels(_) | MinerFile::Audit(..))) => {
                snapshot.find::<MatchReport>(&place)?
            }
            _ => None,
        };
        for (sum, key) in sums.iter_mut().zip(["calls", "calls_saved"]) {
            let count = report.as_ref().and_then(|report| match report.layout.get(key)? {
                Json::Number(text) => text.parse::<u64>().ok(),
                _ => None,
            });
            *sum = sum.saturating_add(count.unwrap_or_default());
        }
    }
    Ok(sums)
}

fn print(status: &Status) {
    let Status { competition, round, stage, block, .. } = status;
    output::line(format!("{competition}: round {round}, {stage}, block {block}"));
    if let Some(stage) = &status.resume_stage {
        output::line(format!("goes on in {stage}: crucible arena resume"));
    }
    if let (Some(from), Some(to)) = (status.earliest_reveal_block, status.latest_reveal_block) {
        let deadline = status.generation_deadline_block;
        let deadline = deadline.map(|block| format!(", outputs until block {block}"));
        let deadline = deadline.unwrap_or_default();
        output::line(format!("submissions in blocks {from} to {to}{deadline}"));
    }
    if let Some(leader) = &status.leader {
        let Leader { hotkey, weight, effective_block } = leader;
        output::line(format!("leader {hotkey}, weight {weight} from block {effective_block} on"));
    }
    for Miner { hotkey, delivered, without_asset } in &status.miners {
        output::line(format!("{hotkey}: {delivered} outputs, {without_asset} missing"));
    }
    for Match { left, right, margin } in &status.matches {
        let percent = margin * 100.0;
        let (left, right) = (hotkey10(left), hotkey10(right));
        output::line(format!("{left} defends against {right}: {percent:+.2} %"));
    }
    if status.calls > 0 {
        let (calls, saved) = (status.calls, status.calls_saved);
        output::line(format!("{calls} calls of a model, about {saved} saved by ending early"));
    }
}
