//! What the commands on providers have in common: the configuration, the environment, and work that Ctrl-C ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fleet::names::instance_of;
use fleet::provider::{Phase, Provider, Seen};
use fleet::providers::{Config, Fleet, Place};

use crate::failure::Failure;
use crate::interrupt;

/// How often Ctrl-C is looked for.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// Which providers.
#[derive(Debug, clap::Args)]
pub(super) struct FleetArgs {
    /// Configuration of the providers, see docs/providers.md [default: processes on this machine]
    #[arg(long, value_name = "FILE", env = "CRUCIBLE_FLEET")]
    fleet: Option<PathBuf>,

    /// Only this provider
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
}

impl FleetArgs {
    /// `keep`: local pods outlive this command.
    pub(super) fn open(&self, keep: bool) -> Result<Fleet, Failure> {
        let wrong = |error: &dyn std::fmt::Display| match &self.fleet {
            Some(path) => Failure::input(path, error),
            None => Failure::usage(error.to_string()),
        };
        let text = self.fleet.as_ref().map(fs_err::read_to_string).transpose();
        let text = text.map_err(|error| Failure::io(&error))?.unwrap_or_default();
        let mut config = Config::parse(&text).map_err(|error| wrong(&error))?;
        config.local.keep |= keep;
        let place = Place {
            state_dir: state_dir(),
            keeper: std::env::current_exe().map_err(|error| Failure::io(&error))?,
        };
        let fleet = Fleet::from_config(&config, &place, &env).map_err(|error| wrong(&error))?;
        let Some(name) = &self.provider else { return Ok(fleet) };
        let known = fleet.names().join(", ");
        let unknown =
            || Failure::usage(format!("--provider {name}: the configuration has {known}"));
        let only = Arc::clone(fleet.get(name).ok_or_else(unknown)?);
        Ok(Fleet::new(vec![only], fleet.instance, fleet.caps))
    }
}

/// A look into the environment.
#[expect(clippy::disallowed_methods, reason = "this is the edge, where settings are read")]
fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Where things are kept between commands, as the XDG base directories have it.
fn state_dir() -> PathBuf {
    let state = env("XDG_STATE_HOME").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let home = || env("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    state.or_else(home).unwrap_or_else(std::env::temp_dir).join("crucible")
}

/// Does the work, unless Ctrl-C comes first.
pub(super) fn drive<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::io(&error))?;
    runtime.block_on(async {
        tokio::select! {
            done = work => done,
            () = interrupted() => Err(Failure::interrupted()),
        }
    })
}

/// Once Ctrl-C was pressed.
async fn interrupted() {
    while !interrupt::asked() {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

/// The provider that has a pod of this identifier, and the pod. Of ours only, unless told otherwise.
pub(super) async fn find(
    fleet: &Fleet,
    id: &str,
    others_too: bool,
) -> Result<(Arc<dyn Provider>, Seen), Failure> {
    let mut found = Vec::new();
    for provider in fleet.providers() {
        let all = provider.list().await.map_err(|error| Failure::usage(error.to_string()))?;
        let fits = |seen: &Seen| seen.id == id || seen.name == id;
        found.extend(all.into_iter().filter(fits).map(|seen| (Arc::clone(provider), seen)));
    }
    let several = found.len() > 1;
    let Some((provider, seen)) = found.pop() else {
        return Err(Failure::usage(format!("{id}: no such pod")));
    };
    if several {
        return Err(Failure::usage(format!(
            "{id}: several pods are called so, give an identifier"
        )));
    }
    if !others_too && instance_of(&seen).as_ref() != Some(&fleet.instance) {
        let instance = &fleet.instance;
        return Err(Failure::usage(format!("{id}: not a pod of instance `{instance}`")));
    }
    Ok((provider, seen))
}

/// A line for people.
pub(super) fn row(provider: &str, seen: &Seen) -> String {
    let phase = match &seen.phase {
        Phase::Starting => "starting".to_owned(),
        Phase::Running => "running".to_owned(),
        Phase::Exited { code: Some(code) } => format!("exited {code}"),
        Phase::Exited { code: None } => "exited".to_owned(),
        Phase::Failed => "failed".to_owned(),
        Phase::Deleting => "deleting".to_owned(),
        Phase::Unknown(word) => format!("unknown {word}"),
    };
    let price = seen.price_per_hour.map(|price| format!("{price}/h"));
    let price = price.unwrap_or_else(|| "-".into());
    let Seen { id, name, url, detail, .. } = seen;
    let url = url.as_deref().unwrap_or("-");
    let detail = detail.as_deref().unwrap_or_default();
    let line = format!("{provider}  {id}  {name}  {phase}  {url}  {price}  {detail}");
    line.trim_end().to_owned()
}
