//! `crucible arena demo`: a whole competition on this machine, with miners of all sorts.

mod agents;
mod story;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use chain::Clock as _;
use ledger::Stage;

use self::agents::Agents;
use super::assemble;
use super::init::{self, JudgeArg, KindArg, Plan, Rules};
use super::run::{LOOK, Running};
use crate::clock::Clock;
use crate::failure::{Failure, exit};
use crate::{interrupt, output};

/// Plays a competition of two rounds on this machine: five miners, one of them a cheat, one a copycat, one who sends rubbish and then
/// nothing
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// New folder for it
    #[arg(default_value = "out/arena")]
    folder: PathBuf,

    /// What miners make
    #[arg(long, value_enum, default_value_t = KindArg::Modules)]
    kind: KindArg,

    /// Prompts of a round
    #[arg(long, value_name = "N", default_value_t = 3)]
    prompts: i64,

    /// Port for blobs
    #[arg(long, value_name = "N", default_value_t = 4404)]
    port: u16,
}

/// Rounds that are played.
const ROUNDS: u32 = 2;

/// Longest that nothing may happen, for faults of ours to be seen.
const STILL_MAX: Duration = Duration::from_secs(240);

/// What a demo's `arena.toml` has besides the ports: waits of a second, nobody silent waited for, nobody's stake, this machine's servers.
const SETTINGS: &str = r#"
[pace]
least_s = 1.0
most_s = 60.0
failure_s = 1.0

[web]
allowed = ["127.0.0.0/8"]

[collector]
silence_s = 0

[weights]
owner_uid = 0
interval_s = 21600

[auditor]
policy = "pass_all"
"#;

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let took = Clock::start();
    let start = chain::SystemClock::start().now();
    let rules = Rules {
        name: "demo".to_owned(),
        kind: args.kind,
        judge: JudgeArg::Perceptual,
        prompts_per_round: args.prompts,
        carryover: 1,
        win_margin: 0.05,
        audit_repeats: 1,
        generation_minutes: 120,
        open_minutes: 60,
        crown_on_interval: false,
        sequential_stopping: false,
    };
    let people = agents::people()?;
    let place = init::make(
        &args.folder,
        Plan {
            rules,
            prompts: init::drawn()?,
            port: args.port,
            people: people.clone(),
            settings: SETTINGS.to_owned(),
            start,
        },
    )?;
    story::opening(&args.folder, args.prompts, args.kind);
    assemble::runtime()?.block_on(async {
        interrupt::watch_terminate()?;
        let running = Running::start(&place, &[], true).await?;
        let played = play(&place, &running, args.kind).await;
        running.end().await;
        played
    })?;
    interrupt::check()?;
    story::ending(&place, took.elapsed())?;
    Ok(ExitCode::from(exit::OK))
}

/// Lets miners act when it is their turn, and time pass when all wait.
async fn play(
    place: &super::place::Place,
    running: &Running,
    kind: KindArg,
) -> Result<(), Failure> {
    let mut agents = Agents::new(place, running, kind.wire()).await?;
    let mut told = running.head()?;
    let mut still = Clock::start();
    let mut seen = None;
    loop {
        interrupt::check()?;
        if running.tell_commits(&mut told)? {
            still = Clock::start();
        }
        let state = running.state()?;
        if seen != Some((state.current_round, state.stage)) {
            seen = Some((state.current_round, state.stage));
            story::stage(&state);
            match state.stage {
                Stage::Open if state.current_round.0 < ROUNDS => {
                    agents.submit(state.current_round.0).await?;
                }
                Stage::MinerGeneration => agents.generate(state.current_round).await?,
                _ => {}
            }
            running.board.wake();
            still = Clock::start();
        }
        if state.current_round.0 >= ROUNDS && paid(place, running).await? {
            return Ok(());
        }
        if running.skip()? {
            still = Clock::start();
        }
        if still.elapsed() > STILL_MAX {
            return Err(Failure::usage(format!(
                "nothing happened for {} s in round {}, {}; this is a fault of the program",
                STILL_MAX.as_secs(),
                state.current_round,
                state.stage
            )));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Whether the validator's weights on the chain are those of the newest leader.
async fn paid(place: &super::place::Place, running: &Running) -> Result<bool, Failure> {
    let (netuid, chain) = (place.settings.chain.netuid, &running.ports.chain);
    let failed = |error: chain::ChainError| Failure::usage(error.to_string());
    let head = chain.head().await.map_err(failed)?;
    let members = chain.neurons(head, netuid).await.map_err(failed)?;
    let validator = place.validator()?.account();
    let leader = running.leader()?;
    let uid = |hotkey: &str| {
        members.iter().find(|member| member.hotkey.to_string() == hotkey).map(|member| member.uid)
    };
    let (Some(from), Some(to)) = (uid(&validator.to_string()), uid(&leader.hotkey)) else {
        return Ok(false);
    };
    let weights = chain.weights(head, netuid, from).await.map_err(failed)?;
    let paid = weights.iter().any(|&(uid, share)| uid == to && share > 0);
    if paid {
        output::line(story::weights(&members, &weights));
    }
    Ok(paid)
}
