//! `crucible arena submit`: what a miner does, on a development chain.

use std::path::PathBuf;
use std::process::ExitCode;

use chain::dev::{Call, DevChain};
use chain::{Chain as _, Keypair};
use serde_json::json;

use super::assemble;
use super::place::Place;
use crate::failure::{Failure, exit};
use crate::output;

/// Submits for the round that is open: commits repository, commit and address of the outputs, sealed until the chain reveals them
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The competition's folder
    folder: PathBuf,

    /// The miner's key: a file, or a URI of a development key
    #[arg(long, value_name = "KEY", default_value = "//Alice")]
    key: String,

    /// The repository with the miner's code
    #[arg(long, value_name = "OWNER/NAME")]
    repo: String,

    /// Its commit, 40 hex digits
    #[arg(long, value_name = "COMMIT")]
    commit: String,

    /// Where the outputs will be: `{url}/{stem}.js`, `.glb` or `.ply`, by the kind of the competition
    #[arg(long, value_name = "URL")]
    cdn_url: String,

    /// Blocks until the chain reveals it
    #[arg(long, value_name = "N", default_value_t = 2)]
    after_blocks: u64,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let place = Place::open(&args.folder)?;
    let clock = place.clock()?;
    let chain = place.chain(&clock)?;
    let hotkey = place.key(&args.key)?;
    // A development key owns itself; a key from a file has to be a member already.
    let coldkey = args.key.starts_with("//").then(|| format!("{}//cold", args.key));
    let coldkey = coldkey.map(|uri| place.key(&uri)).transpose()?;
    let submission = Submission {
        repo: args.repo.clone(),
        commit: args.commit.clone(),
        cdn_url: args.cdn_url.clone(),
    };
    assemble::runtime()?.block_on(async {
        let netuid = place.settings.chain.netuid;
        if let Some(coldkey) = &coldkey {
            join(&chain, netuid, &hotkey, coldkey).await?;
        }
        submit(&chain, netuid, &hotkey, &submission, args.after_blocks).await?;
        let head = chain.head().await.map_err(|error| failed(&error))?;
        let (hotkey, block) = (hotkey.account(), head.number);
        output::line(format!(
            "{hotkey} submitted at block {block}; revealed {} blocks later",
            args.after_blocks
        ));
        Ok(ExitCode::from(exit::OK))
    })
}

/// What miners commit to.
#[derive(Debug, Clone)]
pub(super) struct Submission {
    pub(super) repo: String,
    pub(super) commit: String,
    pub(super) cdn_url: String,
}

fn failed(error: &dyn std::fmt::Display) -> Failure {
    Failure::usage(error.to_string())
}

/// Makes a hotkey a member of the subnet, if it is none.
async fn join(
    chain: &DevChain,
    netuid: u16,
    hotkey: &Keypair,
    coldkey: &Keypair,
) -> Result<(), Failure> {
    let head = chain.head().await.map_err(|error| failed(&error))?;
    let members = chain.neurons(head, netuid).await.map_err(|error| failed(&error))?;
    if members.iter().any(|member| member.hotkey == hotkey.account()) {
        return Ok(());
    }
    let register = Call::Register { hotkey: hotkey.account() };
    chain.submit(coldkey, register).await.map_err(|error| failed(&error))?;
    // Commitments of members only are taken: it is one from the next block on.
    chain.next_block(head.number).await.map_err(|error| failed(&error))?;
    Ok(())
}

/// Commits a submission.
pub(super) async fn submit(
    chain: &DevChain,
    netuid: u16,
    hotkey: &Keypair,
    submission: &Submission,
    after_blocks: u64,
) -> Result<(), Failure> {
    let Submission { repo, commit, cdn_url } = submission;
    let text = json!({ "repo": repo, "commit": commit, "cdn_url": cdn_url }).to_string();
    let taken = chain.commit(hotkey, netuid, text.as_bytes(), after_blocks).await;
    taken.map(|_| ()).map_err(|error| failed(&error))
}
