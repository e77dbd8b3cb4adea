//! What the demo tells.

use std::path::Path;
use std::time::Duration;

use chain::Neuron;
use ledger::files::audits::{GenerationAudits, Verdict};
use ledger::files::leader::Leaders;
use ledger::files::state::State;
use ledger::files::submissions::Submissions;
use ledger::files::winner::Winner;
use ledger::repository::Snapshot;
use ledger::{LEADER, Place as File, Round, RoundFile, Stage};

use super::super::init::KindArg;
use super::super::place::Place;
use super::agents;
use crate::failure::Failure;
use crate::output;

pub(super) fn opening(folder: &Path, prompts: i64, kind: KindArg) {
    output::line(format!(
        "A competition in {}: {prompts} prompts a round, {}, a development chain whose clock is put forward when all wait.",
        folder.display(),
        kind.name(),
    ));
    output::line(
        "The leader to beat makes the same thing whatever it is asked for. Five miners come:",
    );
    for (name, story) in agents::CAST {
        output::line(format!("  {name:8}{story}"));
    }
}

pub(super) fn stage(state: &State) {
    let round = state.current_round;
    let what = match state.stage {
        Stage::Open => "miners commit to repository, commit and address; the chain keeps it sealed",
        Stage::MinerGeneration => "the seed is out, so are the prompts; miners make their outputs",
        Stage::Downloading => "the deadline is over; outputs are fetched, checked, drawn",
        Stage::Duels => "matches, and whoever wins is audited: its code has to do it again",
        Stage::Finalizing => "the leader's entry and the next round's calendar",
        Stage::Finished => "no round follows",
        _ => "",
    };
    output::line(format!("\nRound {round}, {}: {what}", state.stage));
}

/// Shares of the validator's weights, by name.
pub(super) fn weights(members: &[Neuron], weights: &[(u16, u16)]) -> String {
    let sum: u32 = weights.iter().map(|&(_, share)| u32::from(share)).sum();
    let shares = weights.iter().filter(|&&(_, share)| share > 0).map(|&(uid, share)| {
        let hotkey = members.iter().find(|member| member.uid == uid);
        let hotkey = hotkey.map(|member| member.hotkey.to_string()).unwrap_or_default();
        let percent = f64::from(share) * 100.0 / f64::from(sum.max(1));
        format!("{} {percent:.0} %", agents::name_of(&hotkey))
    });
    format!("\nWeights on the chain: {}", shares.collect::<Vec<_>>().join(", "))
}

pub(super) fn ending(place: &Place, took: Duration) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::input(&place.folder, error);
    let books = place.books()?;
    let snapshot = Snapshot::of_head(&books).map_err(|error| failed(&error))?;
    let snapshot = snapshot.ok_or_else(|| failed(&"the state repository has no commits"))?;
    output::line("\nWhat came of it:");
    for round in (0..super::ROUNDS).map(Round) {
        let file = |file| File::Round(round, file);
        let submissions: Submissions = snapshot
            .find(&file(RoundFile::Submissions))
            .map_err(|error| failed(&error))?
            .unwrap_or_default();
        let matrix =
            snapshot.matrix(&file(RoundFile::MatchesMatrix)).map_err(|error| failed(&error))?;
        let audits: GenerationAudits = snapshot
            .find(&file(RoundFile::GenerationAudits))
            .map_err(|error| failed(&error))?
            .unwrap_or_default();
        let winner: Option<Winner> =
            snapshot.find(&file(RoundFile::Winner)).map_err(|error| failed(&error))?;
        let names: Vec<_> = submissions.keys().map(|hotkey| agents::name_of(hotkey)).collect();
        output::line(format!("  Round {round}: {} submitted.", names.join(", ")));
        for (left, right, margin) in matrix.iter() {
            let (left, right) = (agents::name_of(left), agents::name_of(right));
            output::line(format!("    {right} against {left}: {:+.0} %", margin * 100.0));
        }
        for (hotkey, audit) in &audits {
            let name = agents::name_of(hotkey);
            match audit.verdict() {
                Some(Verdict::Passed) => output::line(format!("    audit of {name}: passed")),
                Some(Verdict::Failed) => {
                    output::line(format!("    audit of {name}: failed, {}", audit.reason()));
                }
                None => {}
            }
        }
        if let Some(winner) = winner {
            let who = if winner.winner_hotkey == LEADER {
                "the leader, who defended".to_owned()
            } else {
                agents::name_of(&winner.winner_hotkey)
            };
            output::line(format!("    winner: {who}"));
        }
    }
    let leaders: Leaders = snapshot.require(&File::Leader).map_err(|error| failed(&error))?;
    for entry in leaders.entries.iter().skip(1) {
        output::line(format!(
            "  From block {} on {} is the leader, with weight {}.",
            entry.effective_block,
            agents::name_of(&entry.hotkey),
            entry.weight
        ));
    }
    let (folder, state) = (place.folder.display(), place.state_folder());
    let state = state.display();
    output::line(format!("\nIt took {:.0} s. Look at", took.as_secs_f64()));
    output::line(format!(
        "  git --git-dir {state} log --stat      every decision, commit by commit"
    ));
    output::line(format!("  git --git-dir {state} show main:leader.json"));
    output::line(format!(
        "  {folder}/blobs/rounds      every output, every picture, every verdict's evidence"
    ));
    output::line("and let every decision be made again:");
    output::line(format!("  crucible arena verify {state} --blobs {folder}/blobs"));
    Ok(())
}
