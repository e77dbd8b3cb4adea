//! How fast state is written: `cargo run --release -p ledger --example writes FOLDER`, in a new folder of the disk to measure.

#![expect(clippy::disallowed_methods, reason = "it measures time")]
#![expect(clippy::print_stdout, reason = "it is for people")]

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use ledger::batcher::{Batcher, FileJournal, Now, Settings};
use ledger::repository::{
    Author, Draft, Expected, GitRepository, MemoryRepository, Repository, publish,
};

/// A round's files of as many miners, each 20 kB.
const MINERS: usize = 64;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("a new folder, please")?);
    let git = Arc::new(GitRepository::create(&folder.join("state.git"), "main")?);
    rate("git: commits of 64 files of 20 kB", 20, |n| commit(&*git, n))?;
    let memory = MemoryRepository::new();
    rate("memory: the same", 2000, |n| commit(&memory, n))?;

    let author = Author { name: "Bench".to_owned(), email: "bench@localhost".to_owned() };
    let journal = FileJournal::open(&folder.join("journal"))?;
    let repository: Arc<dyn Repository> = git;
    let mut batcher = Batcher::open(repository, Box::new(journal), Settings::new(author))?;
    let text = text(1);
    rate("batcher: acknowledged files of 20 kB", 500, |n| {
        Ok(batcher.put(&format!("rounds/1/{}/submitted.json", n % MINERS), &text, "put")?)
    })?;
    let elapsed = Duration::ZERO;
    batcher.flush(Now { elapsed, time: Timestamp::UNIX_EPOCH })?;
    Ok(())
}

fn text(n: usize) -> String {
    format!("{{\"n\": {n}, \"text\": \"{}\"}}", "x".repeat(20_000))
}

fn commit(repository: &dyn Repository, n: usize) -> Result<(), Box<dyn Error>> {
    let file = |miner| (format!("rounds/0/{miner}/submitted.json"), Some(text(n * MINERS + miner)));
    let draft = Draft {
        message: format!("commit {n}"),
        changes: (0..MINERS).map(file).collect(),
        author: Author { name: "Bench".to_owned(), email: "bench@localhost".to_owned() },
        time: Timestamp::UNIX_EPOCH,
    };
    publish(repository, &draft, &Expected::new())?;
    Ok(())
}

fn rate(
    what: &str,
    times: usize,
    mut act: impl FnMut(usize) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    for n in 0..times {
        act(n)?;
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{what}: {:.1} a second", times as f64 / seconds);
    Ok(())
}
