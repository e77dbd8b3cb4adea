//! What a judge is given, and what it answers.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use ledger::files::duels::DuelWinner;
use ledger::json::{Json, Object};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::{Call, Evidence};

/// An answer to come.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Two assets, one prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duel {
    /// Of the prompt.
    pub stem: String,
    /// URL of the prompt's picture.
    pub prompt: String,
    /// The defender's asset; nothing if it has no pictures.
    pub left: Option<Shown>,
    /// The challenger's asset; nothing if it has no pictures.
    pub right: Option<Shown>,
    /// The round's seed.
    pub seed: u32,
}

impl Duel {
    /// What is decided before any judge looks: who has no pictures loses, by every judge. Such a verdict has no evidence.
    #[must_use]
    pub fn by_default(&self) -> Option<Verdict> {
        let (winner, reason) = match (&self.left, &self.right) {
            (Some(_), Some(_)) => return None,
            (None, None) => (DuelWinner::Draw, "no previews on either side"),
            (None, Some(_)) => (DuelWinner::Right, "no preview from left"),
            (Some(_), None) => (DuelWinner::Left, "no preview from right"),
        };
        let detail = Json::Object(Object::from([("reason".to_owned(), Json::from(reason))]));
        Some(Verdict { winner, detail, evidence: None })
    }
}

/// Where the pictures of an asset are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Prefix of the view bundle, without `/` at its end: `{prefix}/white/front_left.png` …
    pub prefix: String,
}

impl Shown {
    /// URL of a view before white; names are those of `views::NAMES`.
    #[must_use]
    pub fn white(&self, view: &str) -> String {
        format!("{}/white/{view}.png", self.prefix)
    }

    /// URL of a view before gray.
    #[must_use]
    pub fn gray(&self, view: &str) -> String {
        format!("{}/gray/{view}.png", self.prefix)
    }

    /// URL of the sheet of four views.
    #[must_use]
    pub fn grid(&self) -> String {
        format!("{}/grid.png", self.prefix)
    }

    /// URL of the descriptors.
    #[must_use]
    pub fn embeddings(&self) -> String {
        format!("{}/embeddings.npz", self.prefix)
    }
}

/// A judge of duels.
pub trait DuelJudge: Send + Sync + fmt::Debug {
    /// What it is; the same for all of its duels.
    fn describe(&self) -> Description;

    /// Compares two assets. With `earlier` evidence of the same duel and the same judge, what that has is not asked again.
    ///
    /// # Errors
    ///
    /// [`JudgeError`]: there is no verdict, and the match has to stop.
    fn judge<'a>(
        &'a self,
        duel: &'a Duel,
        parts: Parts<'a>,
    ) -> Pending<'a, Result<Verdict, JudgeError>>;
}

/// What a judge is, as evidence names it: enough to get the same answers from the same inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// `multi-stage`, `single-question`, `perceptual`.
    pub name: String,
    /// Counts changes of questions, thresholds and arithmetic.
    pub version: u32,
    /// Model and revision, where there is one.
    pub model: Option<String>,
    /// Settings that change verdicts.
    pub settings: serde_json::Value,
}

/// What a judge works with.
#[derive(Clone, Copy)]
pub struct Parts<'a> {
    /// Where pictures come from.
    pub pictures: &'a dyn Pictures,
    /// Waits, between tries.
    pub sleep: &'a dyn Sleep,
    /// Calls in flight, of all duels together.
    pub budget: &'a Budget,
    /// Of an earlier run that ended or was broken off.
    pub earlier: Option<&'a Evidence>,
    /// Whether questions that came to no answer in the earlier run are asked again, though there was a verdict. Where there was
    /// none they are in any case.
    pub insist: bool,
    /// Told of each call as it is answered; nothing if nobody wants to know.
    pub notebook: Option<&'a dyn Notebook>,
}

/// Keeps the calls of a duel that is not over: what was paid for is not asked again, whatever happens before there is a verdict.
pub trait Notebook: Send + Sync {
    /// A call was answered. `inputs` has the SHA-256, in hex, of the pictures that were sent inside of it, by URL.
    fn answered(&self, call: &Call, inputs: &BTreeMap<String, String>);
}

impl fmt::Debug for Parts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("earlier", &self.earlier).finish_non_exhaustive()
    }
}

/// Waits.
pub trait Sleep: Send + Sync {
    /// Waits so long.
    fn sleep(&self, time: Duration) -> Pending<'_, ()>;
}

/// Pictures by URL.
pub trait Pictures: Send + Sync {
    /// The bytes; nothing if there are none at that URL, now and later.
    ///
    /// # Errors
    ///
    /// [`Outage`]: it could not be found out.
    fn get<'a>(&'a self, url: &'a str) -> Pending<'a, Result<Option<Bytes>, Outage>>;
}

/// Something of ours that does not work now and may work later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Outage(pub String);

/// How many calls may be in flight.
#[derive(Debug, Clone)]
pub struct Budget {
    places: Arc<Semaphore>,
    /// Whether a call had no answer: then no further one is begun.
    is_out: Arc<AtomicBool>,
}

impl Budget {
    /// So many, at least one.
    #[must_use]
    pub fn new(calls: usize) -> Self {
        let places = Arc::new(Semaphore::new(calls.clamp(1, Semaphore::MAX_PERMITS)));
        Self { places, is_out: Arc::default() }
    }

    /// Waits for a place; it is free again when what this returns is dropped.
    pub async fn take(&self) -> impl Drop + use<> {
        let permit = Arc::clone(&self.places).acquire_owned().await;
        permit.unwrap_or_else(|_| unreachable!("nobody closes it"))
    }

    /// A call had no answer: whoever waits for a place need not try as well.
    pub fn run_out(&self) {
        self.is_out.store(true, Ordering::SeqCst);
    }

    /// Whether a call had no answer.
    #[must_use]
    pub fn is_out(&self) -> bool {
        self.is_out.load(Ordering::SeqCst)
    }
}

/// A duel that was judged.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Never [`DuelWinner::Skipped`].
    pub winner: DuelWinner,
    /// For the report of the match.
    pub detail: Json,
    /// What it rests on; nothing for a duel won by default.
    pub evidence: Option<Evidence>,
}

/// Why there is no verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JudgeError {
    /// The model, or where pictures come from, does not answer. The match stops and goes on later.
    #[error("the judge is not to be had: {0}")]
    Outage(#[from] Outage),
    /// It will not get better: a wrong key, an unknown model. An operator has to look.
    #[error("the judge cannot judge: {0}")]
    Broken(String),
}
