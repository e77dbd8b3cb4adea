//! Source audits by a policy, where no person does them: `source_audit.json`.
//!
//! In the original a person reads the source of whoever may win the round. A development competition has nobody for that.

use chain::Pending;
use ledger::files::audits::{AuditRequests, SourceAudit, SourceAudits, Verdict, source_audit};
use ledger::files::state::State;
use ledger::repository::{Draft, PublishError, Snapshot, expected_at, publish};
use ledger::{JsonFile as _, Layout, Place, RoundFile, Stage};
use serde::Deserialize;

use crate::owner::{Owner, Turn, TurnError};
use crate::ports::Ports;

/// Who audits sources.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// People do.
    #[default]
    People,
    /// Nobody: all that is to be audited passes, and the file says so.
    PassAll,
}

/// Settings.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Who audits sources.
    pub policy: Policy,
}

/// Writes source audits, if the policy says so.
#[derive(Debug)]
pub struct Auditor {
    settings: Settings,
}

/// What `source_audit.json` says of sources that nobody looked at.
pub const NOT_LOOKED_AT: &str = "development competition: nobody looked at the source";

/// The audits that are due: `audits` with one more for each request that has none. Nothing if none is due.
#[must_use]
pub fn decide(requests: &AuditRequests, audits: &SourceAudits) -> Option<SourceAudits> {
    let mut all = audits.clone();
    for request in requests {
        if source_audit(&all, &request.hotkey).is_none() {
            all.push(SourceAudit {
                hotkey: request.hotkey.clone(),
                verdict: Verdict::Passed,
                reason: NOT_LOOKED_AT.to_owned(),
                layout: Layout::default(),
            });
        }
    }
    (all.len() > audits.len()).then_some(all)
}

impl Auditor {
    /// By settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    fn look(&self, ports: &Ports) -> Result<Turn, TurnError> {
        let later = |error: &dyn std::fmt::Display| TurnError::later("auditing sources", error);
        let read = |error| match error {
            ledger::repository::ReadError::File(error) => {
                TurnError::operator("auditing sources", error)
            }
            ledger::repository::ReadError::Repository(error) => later(&error),
        };
        let books = &*ports.books;
        let Some(snapshot) = Snapshot::of_head(books).map_err(|error| later(&error))? else {
            return Ok(Turn::Idle);
        };
        let state: State = snapshot.require(&Place::State).map_err(read)?;
        if state.stage != Stage::Duels {
            return Ok(Turn::Idle);
        }
        let round = state.current_round;
        let place = Place::Round(round, RoundFile::SourceAudit);
        let requests: AuditRequests = snapshot
            .find(&Place::Round(round, RoundFile::RequireAudit))
            .map_err(read)?
            .unwrap_or_default();
        let audits: SourceAudits = snapshot.find(&place).map_err(read)?.unwrap_or_default();
        let Some(audits) = decide(&requests, &audits) else { return Ok(Turn::Idle) };
        let path = place.to_string();
        let rests_on = [path.as_str(), "state.json"];
        let expected = expected_at(books, Some(snapshot.id()), rests_on);
        let draft = Draft {
            message: format!("Update source audits for round {round}"),
            changes: [(path.clone(), Some(audits.to_text()))].into(),
            author: ports.author.clone(),
            time: ports.clock.now(),
        };
        match publish(books, &draft, &expected.map_err(|error| later(&error))?) {
            Ok(_) | Err(PublishError::Conflict { .. }) => Ok(Turn::Again),
            Err(error) => Err(later(&error)),
        }
    }
}

impl Owner for Auditor {
    fn name(&self) -> &'static str {
        "auditor"
    }

    fn turn<'a>(&'a mut self, ports: &'a Ports) -> Pending<'a, Result<Turn, TurnError>> {
        Box::pin(async move {
            match self.settings.policy {
                Policy::People => Ok(Turn::Idle),
                Policy::PassAll => ports.blocking.run(|| self.look(ports)),
            }
        })
    }
}
