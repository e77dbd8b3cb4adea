//! The arena's own owners, as the services have them.

use std::sync::Arc;

use arena::auditor::{self, Auditor};
use arena::collector::{self, Collector};
use arena::judging::{self, Judging};
use arena::orchestrator::{self, Orchestrator};
use arena::owner::Owner;
use arena::ports::Validator;
use arena::rounds::{self, Rounds};
use arena::setter::{self, Setter};

use crate::fault::Role;
use crate::run::Makers;
use crate::scenario::{OWNER, validator};

/// One process for each owner, as in production.
const APART: [Role; 5] =
    [Role::Collector, Role::Orchestrator, Role::Judge, Role::Rounds, Role::Setter];

/// What operators may set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Habits {
    /// At the end of duels and of rounds an operator has to go on.
    pub pauses: bool,
    /// Nobody reads sources, and an owner says so.
    pub audits_itself: bool,
}

impl Habits {
    /// Those of a seed.
    #[must_use]
    pub const fn of(seed: u64) -> Self {
        Self { pauses: seed % 5 == 3, audits_itself: seed % 4 == 1 }
    }
}

/// All processes: one, or one for each owner.
#[must_use]
pub fn roles(habits: Habits, together: bool) -> Vec<Role> {
    let apart = || APART.into_iter().chain(habits.audits_itself.then_some(Role::Auditor));
    if together { vec![Role::All] } else { apart().collect() }
}

/// The owner of a process that has one.
#[must_use]
pub fn one(role: Role, habits: Habits) -> Option<Box<dyn Owner>> {
    let pause_on_stage_end = habits.pauses;
    Some(match role {
        Role::Collector => Box::new(Collector::new(collector::Settings::default())),
        Role::Orchestrator => Box::new(Orchestrator::new(orchestrator::Settings::default())),
        Role::Judge => {
            let settings = judging::Settings { pause_on_stage_end, ..judging::Settings::default() };
            Box::new(Judging::new(settings))
        }
        Role::Rounds => {
            let settings = rounds::Settings { pause_on_stage_end, ..rounds::Settings::default() };
            Box::new(Rounds::new(settings))
        }
        Role::Auditor => {
            let settings = auditor::Settings { policy: auditor::Policy::PassAll };
            Box::new(Auditor::new(settings))
        }
        Role::Setter => {
            let settings = setter::Settings { owner_uid: OWNER, ..setter::Settings::default() };
            Box::new(Setter::new(settings, Validator { hotkey: validator() }))
        }
        Role::All => return None,
    })
}

/// All owners of the arena.
#[must_use]
pub fn real(habits: Habits) -> Makers {
    Arc::new(move |role| match role {
        Role::All => {
            roles(habits, false).into_iter().filter_map(|role| one(role, habits)).collect()
        }
        role => one(role, habits).into_iter().collect(),
    })
}
