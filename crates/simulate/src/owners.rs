//! The arena's own owners, as the services have them.

use std::sync::Arc;

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
pub const APART: [Role; 5] =
    [Role::Collector, Role::Orchestrator, Role::Judge, Role::Rounds, Role::Setter];

/// The owner of a process that has one.
#[must_use]
pub fn one(role: Role) -> Option<Box<dyn Owner>> {
    Some(match role {
        Role::Collector => Box::new(Collector::new(collector::Settings::default())),
        Role::Orchestrator => Box::new(Orchestrator::new(orchestrator::Settings::default())),
        Role::Judge => Box::new(Judging::new(judging::Settings::default())),
        Role::Rounds => Box::new(Rounds::new(rounds::Settings::default())),
        Role::Setter => {
            let settings = setter::Settings { owner_uid: OWNER, ..setter::Settings::default() };
            Box::new(Setter::new(settings, Validator { hotkey: validator() }))
        }
        _ => return None,
    })
}

/// All owners of the arena.
#[must_use]
pub fn real() -> Makers {
    Arc::new(|role| match role {
        Role::All => APART.into_iter().filter_map(one).collect(),
        role => one(role).into_iter().collect(),
    })
}
