//! The collector: from the chain's reveals to a round's miners, seed and prompts, and from miners' servers to stored, drawn assets.
//!
//! It owns the stages `open`, `miner_generation` and `downloading`. See docs/collector.md.

pub mod admission;
mod alert;
pub mod commitments;
pub mod decide;
mod download;
mod drawing;
mod fetching;
pub mod manifest;
pub mod observed;
mod opening;
pub mod queue;
mod settings;
mod sheets;
mod silence;
mod spent;

pub use admission::{Admission, Earlier, Refusal, admit, place, seed, tie_break};
pub use decide::{Decision, Seen, decide, extended, planned_deadline, prompts_of, usable};
pub use manifest::Manifest;
pub use observed::Observed;
pub use opening::earlier;
pub use settings::Settings;

use std::collections::BTreeMap;

use chain::Pending;
use ledger::files::config::KindWord;
use ledger::files::outputs::AssetKind;
use ledger::files::schedule::Schedule;
use ledger::files::state::State;
use ledger::repository::{Id, ReadError, Snapshot};
use ledger::{Place, Round, RoundFile, Stage};
use views::Kind;

use crate::control;
use crate::outbox::Outbox;
use crate::owner::{Owner, Turn, TurnError};
use crate::ports::Ports;

/// The collector.
#[derive(Debug)]
pub struct Collector {
    settings: Settings,
    alert: alert::Alert,
    outbox: Outbox,
}

impl Collector {
    /// With these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, alert: alert::Alert::default(), outbox: Outbox::new("collector") }
    }

    async fn work(&mut self, ports: &Ports) -> Result<Turn, TurnError> {
        self.outbox.catch_up(ports);
        let Some((at, state)) = ports.blocking.run(|| state(ports))? else {
            return Ok(Turn::Idle);
        };
        let round = state.current_round;
        match state.stage {
            Stage::Downloading => {
                let Self { settings, alert, outbox } = self;
                return download::download(ports, settings, alert, outbox, round).await;
            }
            Stage::Open | Stage::MinerGeneration => {}
            _ => {
                let ahead = state.next_stage_eta.filter(|eta| *eta > ports.clock.now());
                return Ok(ahead.map_or(Turn::Idle, Turn::Until));
            }
        }
        let place = Place::Round(round, RoundFile::Schedule);
        let schedule: Schedule = ports
            .blocking
            .run(|| Snapshot::new(&*ports.books, at).require(&place))
            .map_err(read_failed)?;
        let chain_failed = |error| TurnError::later("reading the chain", error);
        let head = ports.chain.head().await.map_err(chain_failed)?.number;
        let finalized = ports.chain.finalized().await.map_err(chain_failed)?.number;
        let block_time = ports.chain.block_time().await.map_err(chain_failed)?;
        let now = ports.clock.now();
        let (state, schedule) = (&state, &schedule);
        let seen = Seen { state, schedule, head, finalized, block_time, now };
        match decide(&seen)? {
            Decision::Wait(time) => Ok(Turn::Until(time)),
            Decision::Open => {
                opening::open(ports, &self.settings, &self.outbox, at, state, schedule).await
            }
            Decision::BeginDownloads => {
                let inputs = ports.blocking.run(|| inputs(ports, at, round))?;
                let state = self.settings.goes_on(state, Stage::Downloading);
                let state = State { next_stage_eta: None, ..state };
                let message = format!("Round {round}: {}", state.stage);
                let rests: Vec<String> =
                    inputs.into_iter().chain([place]).map(|place| place.to_string()).collect();
                let (files, news) = (BTreeMap::new(), Vec::new());
                let change = opening::Change { message, files, state, news };
                opening::commit(ports, &self.outbox, at, change, &rests)?;
                Ok(Turn::Again)
            }
            Decision::Download | Decision::NotOurs => Ok(Turn::Idle),
        }
    }
}

impl Owner for Collector {
    fn name(&self) -> &'static str {
        "collector"
    }

    fn turn<'a>(&'a mut self, ports: &'a Ports) -> Pending<'a, Result<Turn, TurnError>> {
        Box::pin(self.work(ports))
    }
}

/// Where the competition stands, and at which commit; nothing before it began.
fn state(ports: &Ports) -> Result<Option<(Id, State)>, TurnError> {
    let head = ports.books.head().map_err(|error| TurnError::later("reading the branch", error))?;
    let Some(at) = head else { return Ok(None) };
    let state = Snapshot::new(&*ports.books, at).require(&Place::State).map_err(read_failed)?;
    Ok(Some((at, state)))
}

/// What downloads work from, if all of it is there.
fn inputs(ports: &Ports, at: Id, round: Round) -> Result<[Place; 3], TurnError> {
    let books = Snapshot::new(&*ports.books, at);
    let missing = control::missing_for(&books, round, Stage::Downloading).map_err(read_failed)?;
    if let Some(place) = missing.first() {
        let reason = "it is missing, and miners' files are fetched by it; restore it";
        return Err(TurnError::operator(place.to_string(), reason));
    }
    let files = [RoundFile::Seed, RoundFile::Prompts, RoundFile::Submissions];
    Ok(files.map(|file| Place::Round(round, file)))
}

/// A file with an error is for a person to mend; a repository that failed may be well later.
fn read_failed(error: ReadError) -> TurnError {
    match error {
        ReadError::File(error) => TurnError::operator("reading the state", error),
        ReadError::Repository(error) => TurnError::later("reading the state", error),
    }
}

/// What a competition asks for, as studios and works know it.
#[must_use]
pub const fn kind_of(word: KindWord) -> Kind {
    match word {
        KindWord::Splats => Kind::Splats,
        KindWord::Meshes => Kind::Mesh,
        KindWord::Modules => Kind::Module,
    }
}

/// What a competition asks for, as files know it.
#[must_use]
pub const fn asset_kind_of(word: KindWord) -> AssetKind {
    match word {
        KindWord::Splats => AssetKind::Splats,
        KindWord::Meshes => AssetKind::Mesh,
        KindWord::Modules => AssetKind::Module,
    }
}
