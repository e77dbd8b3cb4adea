//! Pods that must go: deletes that are looked after until a list no longer names the pod, a queue for those that would not go,
//! and the search for pods of ours that nobody works with. Pods of others are never touched.

mod queue;
mod reaper;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

pub use self::queue::{Alarm, Key, Removals};
pub use self::reaper::{Reaper, Turn};
use crate::names::{Instance, PodName, Purpose, instance_of};
use crate::provider::{Provider, ProviderError, Seen};

/// How much a delete is insisted on.
#[derive(Debug, Clone, Copy)]
pub struct Insistence {
    /// Requests to delete, each followed by a look.
    pub attempts: u32,
    /// Wait between a request and the next, doubled each time.
    pub wait: Duration,
    /// Longest of these waits.
    pub wait_max: Duration,
}

impl Default for Insistence {
    /// About two minutes.
    fn default() -> Self {
        let (wait, wait_max) = (Duration::from_secs(1), Duration::from_secs(30));
        Self { attempts: 8, wait, wait_max }
    }
}

/// A pod that could not be seen to be gone: it may still cost money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{provider} pod {id} is perhaps still there after {attempts} requests to delete it: {reason}"
)]
pub struct StillThere {
    /// Whose.
    pub provider: String,
    /// Which.
    pub id: String,
    /// Requests made.
    pub attempts: u32,
    /// The last error, or that the provider still lists it.
    pub reason: String,
}

/// Deletes a pod and looks until the provider no longer lists it. That a provider says it deleted is not enough, and that it
/// says it could not is none either.
///
/// # Errors
///
/// [`StillThere`]; at once when the provider does not let us in.
pub async fn delete_verified(
    provider: &dyn Provider,
    id: &str,
    insistence: &Insistence,
) -> Result<(), StillThere> {
    let mut wait = insistence.wait;
    let mut attempts = 0;
    loop {
        attempts += 1;
        let asked = provider.delete(id).await;
        let looked = provider.list().await;
        let error = match (asked, looked) {
            (_, Ok(all)) if all.iter().all(|seen| seen.id != id) => return Ok(()),
            (Err(error), _) | (Ok(()), Err(error)) => Some(error),
            (Ok(()), Ok(_)) => None,
        };
        let no_entry = matches!(error, Some(ProviderError::Auth { .. }));
        if no_entry || attempts >= insistence.attempts {
            let listed = || "it was deleted, they say, and it is still listed".to_owned();
            let reason = error.map_or_else(listed, |error| error.to_string());
            let (provider, id) = (provider.name().to_owned(), id.to_owned());
            return Err(StillThere { provider, id, attempts, reason });
        }
        let asked_for = match error {
            Some(ProviderError::RateLimited { after: Some(after), .. }) => after,
            _ => Duration::ZERO,
        };
        tokio::time::sleep(wait.max(asked_for).min(insistence.wait_max)).await;
        wait = (wait * 2).min(insistence.wait_max);
    }
}

/// Which pods a sweep may take.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Whose.
    pub instance: Instance,
    /// Only of this round.
    pub round: Option<u32>,
    /// Only those made before this time (seconds since 1970); pods whose age is not known are then left alone.
    pub made_before: Option<f64>,
    /// Pods that somebody works with: provider and identifier.
    pub live: BTreeSet<(String, String)>,
}

impl Scope {
    /// All of an instance.
    #[must_use]
    pub const fn all(instance: Instance) -> Self {
        Self { instance, round: None, made_before: None, live: BTreeSet::new() }
    }

    /// Whether a sweep may take this pod of that provider.
    #[must_use]
    pub fn takes(&self, provider: &str, seen: &Seen) -> bool {
        let is_ours = instance_of(seen).as_ref() == Some(&self.instance);
        let is_live = self.live.contains(&(provider.to_owned(), seen.id.clone()));
        let is_old =
            self.made_before.is_none_or(|time| seen.created_at.is_some_and(|at| at < time));
        let of_round = self.round.is_none_or(|round| round_of(seen) == Some(round));
        is_ours && !is_live && is_old && of_round
    }
}

fn round_of(seen: &Seen) -> Option<u32> {
    match seen.name.parse::<PodName>().ok()?.purpose {
        Purpose::Round { round, .. } => Some(round),
        Purpose::Other { .. } => None,
    }
}

/// A pod of ours that nobody works with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Orphan {
    /// Where.
    pub provider: String,
    /// Which.
    pub pod: Seen,
    /// Whether it is gone, and if not why.
    pub outcome: Outcome,
}

/// What became of an orphan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was only looked for.
    Found,
    /// No list names it any more.
    Gone,
    /// See [`StillThere`].
    Left {
        /// Why.
        reason: String,
    },
}

/// What a sweep found and did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Swept {
    /// Every pod in scope.
    pub orphans: Vec<Orphan>,
    /// Providers that did not say what they have, and why.
    pub unseen: Vec<(String, String)>,
}

impl Swept {
    /// Whether nothing of ours can be left.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let is_gone = |orphan: &Orphan| orphan.outcome == Outcome::Gone;
        self.unseen.is_empty() && self.orphans.iter().all(is_gone)
    }
}

/// Looks for pods in `scope` on every provider and deletes them; one provider's trouble does not keep another from being swept.
/// With `dry_run` nothing is deleted.
pub async fn sweep(
    providers: &[Arc<dyn Provider>],
    scope: &Scope,
    dry_run: bool,
    insistence: &Insistence,
) -> Swept {
    let mut swept = Swept::default();
    let mut work = tokio::task::JoinSet::new();
    for (place, provider) in providers.iter().enumerate() {
        let (provider, scope, insistence) = (Arc::clone(provider), scope.clone(), *insistence);
        work.spawn(
            async move { (place, sweep_one(&*provider, &scope, dry_run, &insistence).await) },
        );
    }
    // In the order of the providers, not of their answers.
    let mut parts = std::collections::BTreeMap::new();
    while let Some(part) = work.join_next().await {
        if let Ok((place, part)) = part {
            parts.insert(place, part);
        }
    }
    for (place, provider) in providers.iter().enumerate() {
        let name = provider.name().to_owned();
        match parts.remove(&place) {
            Some(Ok(orphans)) => swept.orphans.extend(orphans),
            Some(Err(error)) => swept.unseen.push((name, error.to_string())),
            None => swept.unseen.push((name, "the sweep of it ended early".into())),
        }
    }
    swept
}

async fn sweep_one(
    provider: &dyn Provider,
    scope: &Scope,
    dry_run: bool,
    insistence: &Insistence,
) -> Result<Vec<Orphan>, ProviderError> {
    let mut orphans = Vec::new();
    let all = list_patiently(provider, insistence).await?;
    for pod in all.into_iter().filter(|seen| scope.takes(provider.name(), seen)) {
        let outcome = if dry_run {
            Outcome::Found
        } else {
            match delete_verified(provider, &pod.id, insistence).await {
                Ok(()) => Outcome::Gone,
                Err(left) => Outcome::Left { reason: left.reason },
            }
        };
        orphans.push(Orphan { provider: provider.name().to_owned(), pod, outcome });
    }
    Ok(orphans)
}

/// A list, asked for again as long as that may help.
async fn list_patiently(
    provider: &dyn Provider,
    insistence: &Insistence,
) -> Result<Vec<Seen>, ProviderError> {
    let mut wait = insistence.wait;
    for _ in 1..insistence.attempts {
        match provider.list().await {
            Err(error) if error.is_transient() => tokio::time::sleep(wait).await,
            listed => return listed,
        }
        wait = (wait * 2).min(insistence.wait_max);
    }
    provider.list().await
}
