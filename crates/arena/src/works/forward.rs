//! Hands on what a session makes while it goes on making.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use fleet::session::{Row, Session};
use futures_util::StreamExt as _;
use futures_util::stream;
use store::Digest;
use tokio::sync::Notify;

use crate::ports::{Made, Order, RepeatDone, Sink, Stop};

/// Between two looks whether to stop.
const LOOK: Duration = Duration::from_millis(100);

/// After a first failure to hand something on; doubled with each further one, up to the second.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// How far a session is.
pub(super) struct Progress {
    state: Mutex<State>,
    news: Notify,
}

#[derive(Debug, Clone, Default)]
struct State {
    repeats: Vec<(BTreeMap<String, Row>, f64)>,
    is_over: bool,
    /// Why there are prompts without a row that nobody will make, if that is so.
    not_made: Option<&'static str>,
}

impl Progress {
    pub(super) fn new(session: &Session) -> Self {
        let progress = Self { state: Mutex::default(), news: Notify::new() };
        progress.note(session);
        progress
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, session: &Session) {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a session, far below 2^53")]
        let each = session
            .repeats()
            .iter()
            .map(|repeat| (repeat.rows.clone(), repeat.spent as f64 / 1000.0));
        self.state().repeats = each.collect();
        self.news.notify_one();
    }

    /// Nothing more will come.
    pub(super) fn end(&self, session: Option<(&Session, Option<&'static str>)>) {
        if let Some((session, not_made)) = session {
            self.note(session);
            self.state().not_made = not_made;
        }
        self.state().is_over = true;
        self.news.notify_one();
    }
}

/// What hands things on.
pub(super) struct Forward<'a> {
    pub(super) order: &'a Order,
    /// What stems are called in the session, where they are called something else.
    pub(super) aliases: &'a BTreeMap<String, String>,
    /// Where the modules are.
    pub(super) made: PathBuf,
    pub(super) progress: &'a Progress,
    pub(super) sink: &'a dyn Sink,
    pub(super) stop: &'a Stop,
    pub(super) at_once: usize,
}

impl Forward<'_> {
    /// Until everything was handed on and nothing more will come, or until the stop.
    pub(super) async fn run(self) -> Result<(), String> {
        let mut handed: BTreeSet<(u32, String)> = BTreeSet::new();
        let mut said: BTreeSet<u32> = BTreeSet::new();
        while !self.stop.is_set() {
            let state = self.progress.state().clone();
            let mut due = Vec::new();
            for (repeat, (rows, _)) in (1..).zip(&state.repeats) {
                for (stem, _) in &self.order.prompts {
                    let row = rows.get(self.aliases.get(stem).unwrap_or(stem));
                    let not_made = || state.not_made.map(|why| Row::Failed { reason: why.into() });
                    let Some(row) = row.cloned().or_else(not_made) else { continue };
                    if !handed.contains(&(repeat, stem.clone())) {
                        due.push((repeat, stem.clone(), row));
                    }
                }
            }
            if !due.is_empty() {
                let each = due.into_iter().map(|(repeat, stem, row)| self.hand(repeat, stem, row));
                let mut each = stream::iter(each).buffer_unordered(self.at_once);
                while let Some(one) = each.next().await {
                    handed.extend(one?);
                }
                continue;
            }
            for (repeat, (_, seconds)) in (1..).zip(&state.repeats) {
                let is_handed =
                    |(stem, _): &(String, String)| handed.contains(&(repeat, stem.clone()));
                if said.contains(&repeat) || !self.order.prompts.iter().all(is_handed) {
                    continue;
                }
                if self.say(repeat, *seconds, &state).await {
                    said.insert(repeat);
                }
            }
            if state.is_over {
                return Ok(());
            }
            tokio::time::timeout(LOOK, self.progress.news.notified()).await.ok();
        }
        Ok(())
    }

    /// One asset, until it is taken; nothing when the stop came first.
    async fn hand(
        &self,
        repeat: u32,
        stem: String,
        row: Row,
    ) -> Result<Option<(u32, String)>, String> {
        let asset = match row {
            Row::Failed { reason } => Err(reason),
            Row::Made { sha256, .. } => Ok(self.read(repeat, &stem, &sha256)?),
        };
        let mut pause = PAUSE;
        while !self.stop.is_set() {
            let made = Made { repeat, stem: stem.clone(), asset: asset.clone() };
            if self.sink.put(made).await.is_ok() {
                return Ok(Some((repeat, stem)));
            }
            self.wait(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
        Ok(None)
    }

    fn read(&self, repeat: u32, stem: &str, sha256: &str) -> Result<Bytes, String> {
        let name = self.aliases.get(stem).map_or(stem, String::as_str);
        let path = self.made.join(format!("generated_{repeat}")).join(format!("{name}.js"));
        let asset = Bytes::from(fs_err::read(&path).map_err(|error| error.to_string())?);
        if Digest::of(&asset).to_string() != sha256 {
            return Err(format!(
                "{}: not what was made; delete the order's folder",
                path.display()
            ));
        }
        Ok(asset)
    }

    async fn say(&self, repeat: u32, seconds: f64, state: &State) -> bool {
        let rows = &state.repeats[repeat as usize - 1].0;
        let generated = rows.values().filter(|row| !row.is_failed()).count();
        let generated = u32::try_from(generated).unwrap_or(u32::MAX);
        let all = u32::try_from(self.order.prompts.len()).unwrap_or(u32::MAX);
        let failed = all.saturating_sub(generated);
        let mut pause = PAUSE;
        while !self.stop.is_set() {
            let done = RepeatDone { repeat, generated, failed, seconds };
            if self.sink.repeat_done(done).await.is_ok() {
                return true;
            }
            self.wait(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
        false
    }

    /// Waits, unless the stop comes.
    async fn wait(&self, time: Duration) {
        let mut left = time;
        while !left.is_zero() && !self.stop.is_set() {
            let part = left.min(LOOK);
            tokio::time::sleep(part).await;
            left -= part;
        }
    }
}
