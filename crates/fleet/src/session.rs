//! Sessions: one miner's image (or the leader's) makes all prompts, once or several times, on pods that come and go.
//!
//! [`Session`] decides and does nothing else: [`Session::step`] takes what was observed and the time, and gives what to do next.
//! It knows no network, no clock and no threads, so the same observations at the same times give the same state and the same
//! commands, in a live run, in a replay and in a simulation.
//!
//! * Every call that goes out has a number, and its answer carries it. Answers to calls that were cancelled, or came twice, are
//!   passed over.
//! * [`Journal`] keeps the observations, each before anything is done because of it. Replaying them gives the state with the
//!   calls that are open; [`Observation::Restarted`] makes those again, and looks first whether a deployment had happened.
//! * Faults of the miner's pod use up its replacements; faults of those who rent machines out, of our network and of our disk do
//!   not, and the clocks that count against the miner stand still meanwhile. Being stopped is neither.
//! * A pod is done with when its provider no longer knows it, not when it was asked to delete it.
//!
//! [`run`] performs the commands over [`crate::provider::Provider`] and [`pod::client::Batch`].

mod attached;
mod batches;
mod graves;
mod journal;
mod observation;
mod plan;
mod pods;
mod report;
mod runner;
mod state;
mod step;

pub use attached::Attached;
pub use journal::{Journal, JournalError, Replayed, entry_line, head_line, replay};
pub use observation::{
    Answer, Command, DeployFault, Effect, FetchFault, Fetched, Found, Observation, Row,
    SubmitFault, Taken,
};
pub use plan::{Before, Clock, Container, Limits, Millis, Plan, PlanError};
pub use report::{PodStats, RepeatReport, Report, Verdict};
pub use runner::{Event, Folder, Keep, Parts, RunError, run};
pub use state::{BatchRecord, Orphan, Outcome, Pod, PodEnd, Repeat, Session, Whose};
