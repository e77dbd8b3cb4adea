//! Deleting pods until they are gone, and a last look for pods nobody remembers.

use std::collections::BTreeSet;

use super::state::{Burial, Grave, Stage, Sweep};
use super::{Effect, Found, Millis, Orphan, Session};
use crate::provider::Seen;

/// Lines of a pod that are kept, and characters of each.
const LOG_LINES: usize = 20;
const LOG_CHARACTERS: usize = 200;

/// Attempts to ask a provider for the session's pods.
const SWEEPS_MAX: u32 = 10;

/// 1 s, doubling to 64 s.
fn pause(attempts: u32) -> Millis {
    1000 << attempts.min(6)
}

impl Session {
    /// A pod that is not in use must go.
    pub(super) fn dig(&mut self, provider: &str, id: String, name: &str) {
        let is_there = |grave: &Grave| grave.provider == provider && grave.id == id;
        if self.graves.iter().any(is_there) {
            return;
        }
        let pod = self.pods.iter().position(|pod| pod.name == name);
        if let Some(pod) = pod
            && self.pods[pod].id.is_none()
        {
            self.pods[pod].id = Some(id.clone());
            self.pods[pod].deployed_at = Some(self.now);
        }
        let (provider, next) = (provider.to_owned(), self.now);
        self.graves.push(Grave { pod, provider, id, step: Burial::Delete, attempts: 0, next });
    }

    /// Does what is due for graves and sweeps.
    pub(super) fn bury(&mut self) {
        for index in 0..self.graves.len() {
            let grave = &self.graves[index];
            if grave.next > self.now || self.is_busy(grave) {
                continue;
            }
            let (provider, id) = (grave.provider.clone(), grave.id.clone());
            self.call(match grave.step {
                Burial::Logs => Effect::Logs { provider, id },
                Burial::Delete => Effect::Delete { provider, id },
                Burial::Verify => Effect::Look { provider, id },
            });
        }
        if self.stage != Stage::WindingDown {
            return;
        }
        for index in 0..self.sweeps.len() {
            let sweep = &self.sweeps[index];
            if !sweep.is_done && sweep.next <= self.now && !self.is_sweeping(&sweep.provider) {
                let provider = sweep.provider.clone();
                self.call(Effect::Find { provider, name: None });
            }
        }
        let is_swept = self.sweeps.iter().all(|sweep| sweep.is_done);
        if self.graves.is_empty() && is_swept && self.calls.is_empty() {
            self.stage = Stage::Over;
        }
    }

    /// When the next of it is due, wall clock.
    pub(super) fn burials_due(&self) -> impl Iterator<Item = Millis> {
        let graves = self.graves.iter().filter(|grave| !self.is_busy(grave));
        let is_due = self.stage == Stage::WindingDown;
        let sweeps = self
            .sweeps
            .iter()
            .filter(move |sweep| is_due && !sweep.is_done && !self.is_sweeping(&sweep.provider));
        graves.map(|grave| grave.next).chain(sweeps.map(|sweep| sweep.next))
    }

    fn is_busy(&self, grave: &Grave) -> bool {
        self.calls.values().any(|effect| match effect {
            Effect::Logs { provider, id }
            | Effect::Delete { provider, id }
            | Effect::Look { provider, id } => *provider == grave.provider && *id == grave.id,
            _ => false,
        })
    }

    fn is_sweeping(&self, provider: &str) -> bool {
        self.calls.values().any(|effect| {
            matches!(effect, Effect::Find { provider: asked, name: None } if asked == provider)
        })
    }

    pub(super) fn logged(&mut self, provider: &str, id: &str, lines: Vec<String>) {
        let Some(index) = self.grave(provider, id) else { return };
        let grave = &mut self.graves[index];
        grave.step = Burial::Delete;
        if let Some(pod) = grave.pod {
            let skipped = lines.len().saturating_sub(LOG_LINES);
            let lines = lines.iter().skip(skipped);
            self.pods[pod].logs =
                lines.map(|line| pod::client::short(line, LOG_CHARACTERS)).collect();
        }
    }

    pub(super) fn deleted(&mut self, provider: &str, id: &str, is_fine: bool) {
        let Some(index) = self.grave(provider, id) else { return };
        let now = self.now;
        let grave = &mut self.graves[index];
        if is_fine {
            grave.step = Burial::Verify;
            grave.next = now;
        } else {
            self.not_buried(index);
        }
    }

    /// A look at a pod that should be gone.
    pub(super) fn verified(
        &mut self,
        provider: &str,
        id: &str,
        result: &Result<Option<Seen>, String>,
    ) {
        let Some(index) = self.grave(provider, id) else { return };
        match result {
            Ok(None) => {
                let grave = self.graves.remove(index);
                if let Some(pod) = grave.pod.map(|pod| &mut self.pods[pod])
                    && pod.id.as_ref() == Some(&grave.id)
                {
                    pod.gone_at = Some(self.now);
                }
            }
            // Still there: what is on its way out needs another look, anything else another request.
            Ok(Some(seen)) => {
                let is_leaving = seen.phase == crate::provider::Phase::Deleting;
                self.graves[index].step = if is_leaving { Burial::Verify } else { Burial::Delete };
                self.not_buried(index);
            }
            Err(_) => self.not_buried(index),
        }
    }

    fn not_buried(&mut self, index: usize) {
        let now = self.now;
        let grave = &mut self.graves[index];
        grave.next = now + pause(grave.attempts);
        grave.attempts += 1;
        if grave.attempts >= self.plan.limits.deletions {
            let grave = self.graves.remove(index);
            self.orphans.push(Orphan { provider: grave.provider, id: Some(grave.id) });
        }
    }

    fn grave(&self, provider: &str, id: &str) -> Option<usize> {
        self.graves.iter().position(|grave| grave.provider == provider && grave.id == id)
    }

    /// Every provider that was asked for a pod is asked once more what it has.
    pub(super) fn begin_sweeps(&mut self) {
        let asked: BTreeSet<&String> = self.pods.iter().map(|pod| &pod.provider).collect();
        let next = self.now;
        let sweep = |provider: &String| Sweep {
            provider: provider.clone(),
            attempts: 0,
            next,
            is_done: false,
        };
        self.sweeps = asked.into_iter().map(sweep).collect();
    }

    pub(super) fn swept(&mut self, provider: &str, result: Result<Found, String>) {
        let now = self.now;
        let Some(sweep) = self.sweeps.iter_mut().find(|sweep| sweep.provider == provider) else {
            return;
        };
        let Ok(found) = result else {
            sweep.next = now + pause(sweep.attempts);
            sweep.attempts += 1;
            if sweep.attempts >= SWEEPS_MAX {
                sweep.is_done = true;
                self.orphans.push(Orphan { provider: provider.to_owned(), id: None });
            }
            return;
        };
        sweep.is_done = true;
        for seen in found {
            let is_given_up = |orphan: &Orphan| {
                orphan.provider == provider && orphan.id.as_ref() == Some(&seen.id)
            };
            if self.plan.is_pod_name(&seen.name) && !self.orphans.iter().any(is_given_up) {
                self.dig(provider, seen.id, &seen.name);
            }
        }
    }
}
