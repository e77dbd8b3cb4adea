//! Owner of `finalizing`: the leader's entry, the next round's calendar.
//!
//! What it does is one commit: `state.json`, `rounds/{n+1}/schedule.json` and, if somebody's weight changes, `leader.json`. It
//! lands only if nothing it rests on changed; see docs/chain.md for what is checked before.

mod decide;
mod files;

pub use decide::{Closing, Next, decide};
pub use files::{Files, Nobody};

use std::time::Duration;

use chain::Pending;
use ledger::repository::{Draft, PublishError};
use ledger::{JsonFile as _, Place, RoundFile};
use serde::Deserialize;

use crate::notify::notices;
use crate::outbox::Outbox;
use crate::owner::{Owner, Turn, TurnError};
use crate::patience::within;
use crate::ports::{Notice, Ports};

/// How rounds are closed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The next round waits in `paused` for an operator to open it.
    pub pause_on_stage_end: bool,
    /// The chain may take so long to say its block, in seconds.
    pub chain_timeout_s: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { pause_on_stage_end: false, chain_timeout_s: 120 }
    }
}

/// Closes rounds.
#[derive(Debug)]
pub struct Rounds {
    settings: Settings,
    outbox: Outbox,
}

impl Rounds {
    /// With these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, outbox: Outbox::new("rounds") }
    }

    async fn close(&self, ports: &Ports) -> Result<Turn, TurnError> {
        self.outbox.catch_up(ports);
        let files = ports.blocking.run(|| Files::read(ports.books.as_ref()))?;
        let Some(files) = files.filter(|_| !ports.stop.is_set()) else { return Ok(Turn::Idle) };
        let time = Duration::from_secs(self.settings.chain_timeout_s);
        let head = within(ports.clock.as_ref(), time, ports.chain.head()).await;
        let reading = "reading the chain's block";
        let head = head.ok_or_else(|| TurnError::later(reading, "it takes too long"))?;
        let block = head.map_err(|error| TurnError::later(reading, error))?.number;
        let block_time = within(ports.clock.as_ref(), time, ports.chain.block_time()).await;
        let block_time =
            block_time.ok_or_else(|| TurnError::later(reading, "it takes too long"))?;
        let block_time = block_time.map_err(|error| TurnError::later(reading, error))?;
        let now = ports.clock.now();
        let next = decide(&Closing {
            files: &files,
            now,
            block,
            block_time,
            pause: self.settings.pause_on_stage_end,
        })?;

        let round = files.state.current_round;
        let mut changes = vec![(Place::State, next.state.to_text())];
        if let Some(schedule) = &next.schedule {
            let place = Place::Round(next.state.current_round, RoundFile::Schedule);
            changes.push((place, schedule.to_text()));
        }
        if let Some(leaders) = &next.leaders {
            changes.push((Place::Leader, leaders.to_text()));
        }
        let changes = changes.into_iter().map(|(place, text)| (place.to_string(), Some(text)));
        let draft = Draft {
            message: next.message.clone(),
            changes: changes.collect(),
            author: ports.author.clone(),
            time: now,
        };
        let (was, leaders) = (files.leaders.latest(), next.leaders.as_ref());
        let leads = leaders.unwrap_or(&files.leaders).latest();
        let change = leads.filter(|_| next.is_change);
        let mut news: Vec<Notice> =
            change.map(|is| notices::leader_changed(round, was, is)).into_iter().collect();
        news.push(if next.schedule.is_some() {
            notices::next_round(round, next.state.current_round, next.start, leads)
        } else {
            notices::competition_ended(round)
        });
        match self.outbox.publish(ports, &draft, &files.rests_on, news) {
            Ok(_) => Ok(Turn::Idle),
            Err(PublishError::Conflict { .. }) => Ok(Turn::Again),
            Err(error) => Err(TurnError::later(format!("closing round {round}"), error)),
        }
    }
}

impl Owner for Rounds {
    fn name(&self) -> &'static str {
        "rounds"
    }

    fn turn<'a>(&'a mut self, ports: &'a Ports) -> Pending<'a, Result<Turn, TurnError>> {
        Box::pin(self.close(ports))
    }
}
