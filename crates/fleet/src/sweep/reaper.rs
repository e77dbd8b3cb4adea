//! Sweeps again and again, from outside of whoever runs sessions: pods of an operator that died for good do not live on.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Alarm, Insistence, Key, Outcome, Removals, Scope, Swept, delete_verified, sweep};
use crate::clock;
use crate::providers::Fleet;

/// One look, one request, one look: what does not go then is tried again at a later turn.
const ONCE: Insistence = Insistence {
    attempts: 1,
    wait: std::time::Duration::from_secs(1),
    wait_max: std::time::Duration::from_secs(1),
};

/// Looks for pods in a scope and remembers those that would not go.
#[derive(Debug)]
pub struct Reaper {
    fleet: Fleet,
    scope: Scope,
    /// Pods are taken once they are older, in seconds.
    older_than_s: Option<f64>,
    removals: Removals,
}

/// What one turn found and did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Turn {
    /// Pods in scope, and what became of those that were due.
    pub swept: Swept,
    /// Pods that a human should look at.
    pub alarms: Vec<Alarm>,
}

impl Reaper {
    /// Of pods in `scope` that are older than `older_than_s`.
    #[must_use]
    pub fn new(fleet: Fleet, scope: Scope, older_than_s: Option<f64>) -> Self {
        Self { fleet, scope, older_than_s, removals: Removals::default() }
    }

    /// Looks, and deletes what is due.
    pub async fn turn(&mut self) -> Turn {
        let now = clock::now_s();
        let mut scope = self.scope.clone();
        scope.made_before = self.older_than_s.map(|age| now - age).or(scope.made_before);
        let mut swept = sweep(self.fleet.providers(), &scope, true, &ONCE).await;
        let mut places: BTreeMap<Key, usize> = BTreeMap::new();
        for (place, orphan) in swept.orphans.iter().enumerate() {
            let key = (orphan.provider.clone(), orphan.pod.id.clone());
            self.removals.add(key.clone(), now);
            places.insert(key, place);
        }
        // What somebody else took away, on a provider that says what it has, is no trouble any more.
        for key in self.removals.pending().into_keys() {
            let is_unseen = swept.unseen.iter().any(|(provider, _)| *provider == key.0);
            if !places.contains_key(&key) && !is_unseen {
                self.removals.gone(&key);
            }
        }
        let mut alarms = Vec::new();
        for key in self.removals.due(now) {
            let Some(provider) = self.fleet.get(&key.0) else { continue };
            let outcome = match delete_verified(&**provider, &key.1, &ONCE).await {
                Ok(()) => {
                    self.removals.gone(&key);
                    Outcome::Gone
                }
                Err(left) => {
                    alarms.extend(self.removals.failed(&key, &left.reason, now));
                    Outcome::Left { reason: left.reason }
                }
            };
            if let Some(orphan) = places.get(&key).and_then(|at| swept.orphans.get_mut(*at)) {
                orphan.outcome = outcome;
            }
        }
        Turn { swept, alarms }
    }
}
