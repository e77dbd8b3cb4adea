//! `crucible arena run` and `step`: the owners of a competition at work.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use arena::owner::{Turn, TurnError};
use arena::ports::{Ports, Stop};
use arena::service::{Board, Watch};
use chain::Clock as _;
use chain::dev::DevClock;
use ledger::files::leader::{LeaderEntry, Leaders};
use ledger::files::state::State;
use ledger::repository::{Id, Snapshot};
use ledger::{Place as File, Stage};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::assemble::{self, OwnerName};
use super::place::Place;
use crate::failure::{Failure, exit};
use crate::{interrupt, output};

/// Between two looks at what owners do.
pub(super) const LOOK: Duration = Duration::from_millis(50);

/// By so much the clock is put forward at each look, when waits are skipped: ten times as fast as it runs.
const HASTE: Duration = Duration::from_millis(500);

/// Runs a competition: collects, generates, judges, crowns and pays, until it is over, Ctrl-C or SIGTERM. The same command again goes on
/// where it was
#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// The competition's folder
    folder: PathBuf,

    /// Only these owners; others may run elsewhere
    #[arg(long, value_name = "OWNER", value_enum, value_delimiter = ',')]
    only: Vec<OwnerName>,

    /// End after so many rounds
    #[arg(long, value_name = "N")]
    rounds: Option<u32>,

    /// When all owners wait, put the development chain's clock forward to when the first is due
    #[arg(long)]
    skip_waits: bool,
}

/// Lets every owner do one turn
#[derive(Debug, clap::Args)]
pub(crate) struct StepArgs {
    /// The competition's folder
    folder: PathBuf,

    /// Only these owners
    #[arg(long, value_name = "OWNER", value_enum, value_delimiter = ',')]
    only: Vec<OwnerName>,
}

pub(crate) fn run(args: &RunArgs) -> Result<ExitCode, Failure> {
    let place = Place::open(&args.folder)?;
    assemble::runtime()?.block_on(async {
        interrupt::watch_terminate()?;
        let running = Running::start(&place, &args.only, args.skip_waits).await?;
        let first = running.state()?.current_round.0;
        let last = args.rounds.map(|rounds| first.saturating_add(rounds));
        let ended = running
            .until(|state| {
                state.stage == Stage::Finished
                    || last.is_some_and(|last| state.current_round.0 >= last)
            })
            .await;
        running.end().await;
        // To be told to stop is no failure: the same command goes on where it was.
        ended?;
        Ok(ExitCode::from(exit::OK))
    })
}

pub(crate) fn step(args: &StepArgs) -> Result<ExitCode, Failure> {
    let place = Place::open(&args.folder)?;
    assemble::runtime()?.block_on(async {
        let clock = place.clock()?;
        let ports = assemble::ports(&place, &clock, Stop::new())?;
        let blobs = serve_blobs(&place, &ports).await?;
        let mut failed = false;
        for mut owner in assemble::owners(&place, &args.only)? {
            let turn = owner.turn(&ports).await;
            failed |= turn.is_err();
            Told.turn(owner.name(), &turn);
            if let Ok(turn) = turn {
                output::line(format!("{}: {}", owner.name(), said(turn)));
            }
        }
        drop(blobs);
        Ok(ExitCode::from(if failed { exit::NO } else { exit::OK }))
    })
}

fn said(turn: Turn) -> String {
    match turn {
        Turn::Again => "worked, and more may be due".to_owned(),
        Turn::Until(then) => format!("nothing due before {then:.0}"),
        Turn::Idle => "nothing due".to_owned(),
    }
}

/// Prints what went wrong.
#[derive(Debug)]
struct Told;

impl Watch for Told {
    fn turn(&self, owner: &'static str, turn: &Result<Turn, TurnError>) {
        if let Err(error) = turn {
            output::warning(format!("{owner}: {error}"));
        }
    }
}

/// Owners at work in this process.
pub(super) struct Running {
    pub(super) ports: Ports,
    pub(super) clock: Arc<DevClock>,
    pub(super) board: Arc<Board>,
    skips: bool,
    owners: JoinSet<()>,
    blobs: JoinSet<()>,
}

impl Running {
    /// Starts the owners, and the service of blobs if the settings say so.
    pub(super) async fn start(
        place: &Place,
        only: &[OwnerName],
        skips: bool,
    ) -> Result<Self, Failure> {
        let clock = place.clock()?;
        let ports = assemble::ports(place, &clock, Stop::new())?;
        let blobs = serve_blobs(place, &ports).await?;
        let board = Arc::new(Board::new());
        let mut owners = JoinSet::new();
        for owner in assemble::owners(place, only)? {
            let (ports, board, pace) = (ports.clone(), Arc::clone(&board), place.pace());
            owners.spawn(async move {
                arena::service::run(owner, ports, pace, &board, &Told).await;
            });
        }
        Ok(Self { ports, clock, board, skips, owners, blobs })
    }

    /// Where the competition stands.
    pub(super) fn state(&self) -> Result<State, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::usage(error.to_string());
        let snapshot = Snapshot::of_head(&*self.ports.books).map_err(|error| failed(&error))?;
        let snapshot = snapshot.ok_or_else(|| failed(&"the repository has no commits"))?;
        snapshot.require(&File::State).map_err(|error| failed(&error))
    }

    /// Tells of commits as they land, until the state is as wanted or somebody asks to stop.
    pub(super) async fn until(&self, done: impl Fn(&State) -> bool) -> Result<(), Failure> {
        let mut told = self.head()?;
        while !interrupt::asked() {
            self.tell_commits(&mut told)?;
            // A state with an error is for a person to mend: owners say so.
            if self.state().is_ok_and(|state| done(&state)) {
                return Ok(());
            }
            self.skip()?;
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Puts the clock forward: to when the first is due if all wait, and by [`HASTE`] while one works, as it may wait for a block.
    pub(super) fn skip(&self) -> Result<bool, Failure> {
        if !self.skips {
            return Ok(false);
        }
        let Some(due) = self.board.all_wait_until() else {
            if !self.board.all_wait() {
                self.clock.advance(HASTE).map_err(|error| Failure::io(&error))?;
            }
            return Ok(false);
        };
        if due <= self.clock.now() {
            return Ok(false);
        }
        self.clock.advance_to(due).map_err(|error| Failure::io(&error))?;
        self.board.wake();
        Ok(true)
    }

    /// Prints the messages of commits since `told`.
    pub(super) fn tell_commits(&self, told: &mut Option<Id>) -> Result<bool, Failure> {
        let books = &*self.ports.books;
        let failed = |error| Failure::usage(format!("{error}"));
        let head = self.head()?;
        if *told == head {
            return Ok(false);
        }
        let mut messages = Vec::new();
        let mut next = head;
        while let Some(id) = next.filter(|id| told.is_some_and(|told| told != *id)) {
            let commit = books.commit(id).map_err(failed)?;
            messages.push((commit.time, commit.message));
            next = commit.parents.first().copied();
        }
        for (time, message) in messages.iter().rev() {
            let message = message.trim().replace('\n', "; ");
            output::line(format!("{time:.0}  {message}"));
        }
        *told = head;
        Ok(true)
    }

    /// The branch's commit.
    pub(super) fn head(&self) -> Result<Option<Id>, Failure> {
        self.ports.books.head().map_err(|error| Failure::usage(format!("{error}")))
    }

    /// The last entry of `leader.json`.
    pub(super) fn leader(&self) -> Result<LeaderEntry, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::usage(error.to_string());
        let snapshot = Snapshot::of_head(&*self.ports.books).map_err(|error| failed(&error))?;
        let snapshot = snapshot.ok_or_else(|| failed(&"the repository has no commits"))?;
        let leaders: Leaders = snapshot.require(&File::Leader).map_err(|error| failed(&error))?;
        leaders.latest().cloned().ok_or_else(|| failed(&"leader.json is empty"))
    }

    /// Tells the owners to end, and waits for them.
    pub(super) async fn end(mut self) {
        self.ports.stop.set();
        while self.owners.join_next().await.is_some() {}
        self.blobs.shutdown().await;
    }
}

/// Serves the store, if the settings say where; until what this returns is dropped.
async fn serve_blobs(place: &Place, ports: &Ports) -> Result<JoinSet<()>, Failure> {
    let mut tasks = JoinSet::new();
    let Some(address) = place.serve_at()? else { return Ok(tasks) };
    let listener = match TcpListener::bind(address).await {
        Ok(listener) => listener,
        // Another process of the same competition serves them.
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            output::warning(format!("{address} is in use: blobs are served by another process"));
            return Ok(tasks);
        }
        Err(error) => {
            return Err(Failure::usage(format!("cannot serve blobs on {address}: {error}")));
        }
    };
    let store = ports.store.clone();
    tasks.spawn(async move {
        let served = serve::blobs::serve(listener, store, std::future::pending()).await;
        if let Err(error) = served {
            output::warning(format!("blobs are not served any more: {error}"));
        }
    });
    Ok(tasks)
}
