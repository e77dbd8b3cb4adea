//! Sets a validator's weights by `leader.json`.
//!
//! It looks at what the chain has before it sets anything, so it may be started anew at any time; and it looks again afterwards,
//! at the weights themselves too.

mod decide;

pub use decide::{Goal, Seen, Step, decide};

use std::time::Duration;

use chain::{Block, ChainError, Pending};
use jiff::Timestamp;
use ledger::files::config::Config;
use ledger::files::leader::Leaders;
use ledger::files::state::State;
use ledger::repository::{ReadError, Snapshot};
use ledger::{Place, Stage};
use serde::Deserialize;

use crate::notify::notices;
use crate::owner::{Owner, Turn, TurnError};
use crate::patience::within;
use crate::ports::{Ports, Validator};

/// How weights are set. The original's numbers, except where one says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The subnet.
    pub netuid: u16,
    /// Gets what the leader does not.
    pub owner_uid: u16,
    /// From one setting to the next, in seconds; at least 60.
    pub interval_s: u64,
    /// One try may take so long, in seconds; at least 60.
    pub iteration_timeout_s: u64,
    /// After a failure, counted from its end: a random time from here …
    pub retry_min_s: u64,
    /// … to here, in seconds; at least 10 both.
    pub retry_max_s: u64,
    /// A change of the leader so near is waited for, in seconds; at least 60.
    pub leader_wait_s: u64,
    /// For so many blocks it is looked whether the weights landed.
    pub confirmations: u32,
    /// Whether the stored weights are compared too; not possible where the subnet hides them for an epoch.
    pub verify_stored: bool,
    /// Whether the last leader is paid for ever after the competition's end, as in the original, or as long as a round would have
    /// lasted.
    pub keep_paying: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            netuid: 17,
            owner_uid: 199,
            interval_s: 1800,
            iteration_timeout_s: 600,
            retry_min_s: 240,
            retry_max_s: 360,
            leader_wait_s: 1500,
            confirmations: 3,
            verify_stored: true,
            keep_paying: false,
        }
    }
}

impl Settings {
    /// The first thing that makes no sense.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let Self { interval_s, iteration_timeout_s, retry_min_s, retry_max_s, .. } = *self;
        let least = [
            ("interval_s", interval_s, 60),
            ("iteration_timeout_s", iteration_timeout_s, 60),
            ("retry_min_s", retry_min_s, 10),
            ("retry_max_s", retry_max_s, 10),
            ("leader_wait_s", self.leader_wait_s, 60),
            ("confirmations", self.confirmations.into(), 1),
        ];
        if let Some((name, found, least)) = least.iter().find(|(_, found, least)| found < least) {
            return Some(format!("{name} is {found}; use {least} or more"));
        }
        (retry_min_s > retry_max_s)
            .then(|| format!("retry_min_s, {retry_min_s}, is more than retry_max_s, {retry_max_s}"))
    }
}

/// Sets weights.
#[derive(Debug)]
pub struct Setter {
    settings: Settings,
    validator: Validator,
    /// After a failure. Who begins anew tries at once.
    not_before: Option<Timestamp>,
}

/// What a try came to.
enum Done {
    /// They are set, as far as the chain says.
    Set,
    /// Nothing is due for so many seconds.
    Later(u64),
}

/// What the repository says.
struct Books {
    leaders: Leaders,
    /// Days after the last leader's block; nothing while the competition goes on.
    ended: Option<i64>,
}

impl Setter {
    /// With these settings, for this validator.
    #[must_use]
    pub fn new(settings: Settings, validator: Validator) -> Self {
        Self { settings, validator, not_before: None }
    }

    async fn set(&mut self, ports: &Ports) -> Result<Turn, TurnError> {
        let doing = "setting weights";
        if let Some(problem) = self.settings.problem() {
            return Err(TurnError::operator(doing, problem));
        }
        if ports.stop.is_set() {
            return Ok(Turn::Idle);
        }
        let begin = ports.clock.now();
        if let Some(then) = self.not_before.filter(|then| *then > begin) {
            return Ok(Turn::Until(then));
        }
        let time = Duration::from_secs(self.settings.iteration_timeout_s);
        let books = ports.blocking.run(|| self.read(ports)).map_err(|error| match error {
            ReadError::File(error) => TurnError::operator(doing, error),
            ReadError::Repository(error) => TurnError::later(doing, error),
        })?;
        let Some(books) = books else { return Ok(Turn::Idle) };
        let done = within(ports.clock.as_ref(), time, self.attempt(ports, &books)).await;
        let failure = match done {
            Some(Ok(Done::Set)) => return Ok(until(begin, self.settings.interval_s)),
            Some(Ok(Done::Later(seconds))) => return Ok(until(ports.clock.now(), seconds)),
            Some(Err(reason)) => reason,
            None => format!("it took longer than {} s", time.as_secs()),
        };
        ports.notify.tell(notices::weights_failed(&failure));
        let Settings { retry_min_s, retry_max_s, .. } = self.settings;
        // Without randomness the shortest time does.
        let random = u64::from(ports.entropy.u32().unwrap_or(0));
        let seconds = retry_min_s + random % (retry_max_s - retry_min_s + 1);
        let then = until(ports.clock.now(), seconds);
        if let Turn::Until(then) = then {
            self.not_before = Some(then);
        }
        Ok(then)
    }

    fn read(&self, ports: &Ports) -> Result<Option<Books>, ReadError> {
        let Some(snapshot) = Snapshot::of_head(ports.books.as_ref())? else { return Ok(None) };
        let leaders = snapshot.require(&Place::Leader)?;
        // Validators pay by leader.json; another file that is being mended does not stop them.
        let state = snapshot.find::<State>(&Place::State).ok().flatten();
        let is_over = state.is_some_and(|state| state.stage == Stage::Finished);
        let config = snapshot.find::<Config>(&Place::Config).ok().flatten();
        let days = config.filter(|_| is_over && !self.settings.keep_paying);
        let ended = days.map(|config| config.round_duration_days);
        Ok(Some(Books { leaders, ended }))
    }

    async fn attempt(&self, ports: &Ports, books: &Books) -> Result<Done, String> {
        let netuid = self.settings.netuid;
        let words = |error: ChainError| error.to_string();
        let head = ports.chain.head().await.map_err(words)?;
        let block_time = ports.chain.block_time().await.map_err(words)?;
        let neurons = ports.chain.neurons(head, netuid).await.map_err(words)?;
        let own = self.validator.hotkey.account();
        let Some(me) = neurons.iter().find(|neuron| neuron.hotkey == own) else {
            return Err(format!("{own} is not registered on subnet {netuid}"));
        };
        let stored = ports.chain.weights(head, netuid, me.uid).await.map_err(words)?;
        let seen = Seen {
            leaders: &books.leaders,
            ended: books.ended,
            block: head.number,
            block_time,
            neurons: &neurons,
            last_update: me.last_update,
            stored: &stored,
        };
        let goal = match decide(&seen, &self.settings)? {
            Step::Wait { seconds } => return Ok(Done::Later(seconds)),
            Step::Set(goal) => goal,
        };
        let sent = ports.chain.set_weights(&self.validator.hotkey, netuid, &goal.shares).await;
        match sent {
            // Whether it was taken is seen below.
            Ok(_) | Err(ChainError::Transient(_)) => {}
            Err(error) => return Err(error.to_string()),
        }
        self.confirm(ports, head, &goal).await?;
        Ok(Done::Set)
    }

    /// Looks at the next blocks until the weights are there.
    async fn confirm(&self, ports: &Ports, from: Block, goal: &Goal) -> Result<(), String> {
        let mut after = from.number;
        let mut problem = String::new();
        for _ in 0..self.settings.confirmations {
            if ports.stop.is_set() {
                return Err("it was told to stop before the weights were confirmed".to_owned());
            }
            match self.look(ports, after, from.number, goal).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err((block, why))) => {
                    after = block;
                    problem = why;
                }
                Err(error) => problem = error.to_string(),
            }
        }
        Err(problem)
    }

    async fn look(
        &self,
        ports: &Ports,
        after: u64,
        from: u64,
        goal: &Goal,
    ) -> Result<Result<(), (u64, String)>, ChainError> {
        let netuid = self.settings.netuid;
        let block = ports.chain.next_block(after).await?;
        let neurons = ports.chain.neurons(block, netuid).await?;
        let own = self.validator.hotkey.account();
        let not_yet = |why: String| Ok(Err((block.number, why)));
        let Some(me) = neurons.iter().find(|neuron| neuron.hotkey == own) else {
            return not_yet(format!("{own} is not registered any more"));
        };
        if me.last_update < from {
            return not_yet(format!(
                "the chain took the weights, but did not set them by block {}",
                block.number
            ));
        }
        if self.settings.verify_stored {
            let stored = ports.chain.weights(block, netuid, me.uid).await?;
            if !goal.is_met_by(&stored) {
                return not_yet(format!("the chain has {stored:?}, not {:?}", goal.weights));
            }
        }
        Ok(Ok(()))
    }
}

fn until(from: Timestamp, seconds: u64) -> Turn {
    Turn::Until(from.saturating_add(Duration::from_secs(seconds)).unwrap_or(Timestamp::MAX))
}

impl Owner for Setter {
    fn name(&self) -> &'static str {
        "weights"
    }

    fn turn<'a>(&'a mut self, ports: &'a Ports) -> Pending<'a, Result<Turn, TurnError>> {
        Box::pin(self.set(ports))
    }
}
