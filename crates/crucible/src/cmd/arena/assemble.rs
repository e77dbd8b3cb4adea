//! From settings to owners and what they work with.

use std::num::NonZeroUsize;
use std::sync::Arc;

use arena::auditor::Auditor;
use arena::collector::Collector;
use arena::judging::Judging;
use arena::notify::{Discord, Silent};
use arena::orchestrator::Orchestrator;
use arena::owner::Owner;
use arena::ports::{Blocking, Notify, Ports, Stop, Validator};
use arena::rounds::Rounds;
use arena::setter::Setter;
use chain::dev::DevClock;
use judge::DuelJudge;
use judge::perceptual::{self, Perceptual};
use judge::single::SingleQuestion;
use judge::stages::MultiStage;
use judge::vlm::Endpoint;
use ledger::Place as File;
use ledger::files::config::Config;
use ledger::repository::Snapshot;
use secrecy::SecretString;
use tokio::runtime::Runtime;
use views::{Maker, Modules};

use super::adapters::{Folder, Here, System};
use super::place::Place;
use crate::failure::Failure;
use crate::module::CageArgs;

/// Owners by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum OwnerName {
    /// Who submitted what, and what of it can be had
    Collector,
    /// Runs images of the leader and of those who are audited
    Orchestrator,
    /// Matches, audits, the winner
    Judge,
    /// The leader's entry and the next round's calendar
    Rounds,
    /// The validator's weights
    Weights,
    /// Source audits by a policy
    Auditor,
}

/// Threads for owners and services.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    runtime.map_err(|error| Failure::usage(format!("no threads: {error}")))
}

/// Those of `only`, or all.
pub(super) fn owners(place: &Place, only: &[OwnerName]) -> Result<Vec<Box<dyn Owner>>, Failure> {
    let settings = &place.settings;
    let wanted = |name| only.is_empty() || only.contains(&name);
    let mut owners: Vec<Box<dyn Owner>> = Vec::new();
    if wanted(OwnerName::Collector) {
        owners.push(Box::new(Collector::new(settings.collector.clone())));
    }
    if wanted(OwnerName::Orchestrator) {
        owners.push(Box::new(Orchestrator::new(settings.orchestrator.clone())));
    }
    if wanted(OwnerName::Judge) {
        owners.push(Box::new(Judging::new(settings.judge.clone())));
    }
    if wanted(OwnerName::Rounds) {
        owners.push(Box::new(Rounds::new(settings.rounds.clone())));
    }
    if wanted(OwnerName::Weights) {
        let validator = Validator { hotkey: place.validator()? };
        owners.push(Box::new(Setter::new(settings.weights.clone(), validator)));
    }
    if wanted(OwnerName::Auditor) {
        owners.push(Box::new(Auditor::new(settings.auditor.clone())));
    }
    Ok(owners)
}

/// What owners work with. Inside a runtime only.
pub(super) fn ports(place: &Place, clock: &Arc<DevClock>, stop: Stop) -> Result<Ports, Failure> {
    let books = place.books()?;
    let failed = |error: &dyn std::fmt::Display| Failure::input(&place.folder, error);
    let snapshot = Snapshot::of_head(&books).map_err(|error| failed(&error))?;
    let snapshot = snapshot.ok_or_else(|| failed(&"the state repository has no commits"))?;
    let config: Config = snapshot.require(&File::Config).map_err(|error| failed(&error))?;
    let store = place.store()?;
    let web =
        arena::web::Guarded::new(&place.settings.web.allowed).map_err(|error| failed(&error))?;
    let web = Arc::new(web);
    let cage = CageArgs { unsafe_no_cage: place.settings.studio.unsafe_no_cage };
    let parallel = NonZeroUsize::new(place.settings.studio.parallel).unwrap_or(NonZeroUsize::MIN);
    let studio = Here::new(Maker::new(Modules::caged(cage.config())), parallel);
    Ok(Ports {
        clock: Arc::clone(clock) as _,
        entropy: Arc::new(System),
        books: Arc::new(books),
        author: place.author(),
        journals: Arc::new(Folder(place.journals_folder())),
        store,
        chain: place.chain(clock)?,
        works: super::pods::works(place, Arc::clone(&web) as _)?,
        web,
        studio: Arc::new(studio),
        judge: judge(place, &config)?,
        builds: super::pods::builds(place),
        notify: notify(place, clock)?,
        stop,
        blocking: Blocking::Tokio,
    })
}

/// A variable of the environment that is not empty.
#[expect(clippy::disallowed_methods, reason = "this is the edge, where settings are read")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A secret of the environment.
fn secret(place: &Place, setting: &str, name: &str) -> Result<SecretString, Failure> {
    let value = variable(name);
    let missing = || {
        let path = place.folder.join(super::place::FILE);
        Failure::input(&path, format!("{setting} names the variable {name}, which is not set"))
    };
    value.map(SecretString::from).ok_or_else(missing)
}

fn judge(place: &Place, config: &Config) -> Result<Arc<dyn DuelJudge>, Failure> {
    let settings = &place.settings.model;
    let endpoint = || {
        let key = match &settings.key_env {
            Some(name) => Some(secret(place, "model.key_env", name)?),
            None => variable("OPENAI_API_KEY").map(SecretString::from),
        };
        let path = place.folder.join(super::place::FILE);
        let endpoint = settings.endpoint.with(variable);
        let endpoint = endpoint.and_then(|endpoint| Endpoint::new(&endpoint, key));
        endpoint
            .map(Arc::new)
            .map_err(|error| Failure::input(&path, format!("model.endpoint.{error}")))
    };
    Ok(match config.options().judge.as_str() {
        "multi-stage" => Arc::new(MultiStage::new(settings.multi_stage.clone(), endpoint()?)),
        "single-question" => {
            Arc::new(SingleQuestion::new(settings.single_question.clone(), endpoint()?))
        }
        _ => Arc::new(Perceptual::new(perceptual::Settings::default())),
    })
}

fn notify(place: &Place, clock: &Arc<DevClock>) -> Result<Arc<dyn Notify>, Failure> {
    let settings = &place.settings.discord;
    let Some(name) = &settings.webhook_env else { return Ok(Arc::new(Silent)) };
    let webhook = secret(place, "discord.webhook_env", name)?;
    let clock = Arc::clone(clock) as _;
    let discord = Discord::start(&webhook, &settings.sending, clock, |lost| {
        crate::output::warning(lost);
    });
    discord
        .map(|discord| Arc::new(discord) as _)
        .map_err(|error| Failure::usage(format!("discord: {error}")))
}
