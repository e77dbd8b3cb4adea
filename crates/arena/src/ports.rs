//! Everything outside of a competition's rules, as traits: what owners of stages work with.
//!
//! Owners do nothing but call these, so that a simulation can stand behind them, and break every one of them at every call.
//! They spawn nothing and know no runtime: what runs at once is joined with `futures_util`.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use chain::{Chain, Clock, Keypair, Pending};
use judge::DuelJudge;
use ledger::Round;
use ledger::batcher::Journal;
use ledger::files::builds::BuildStatus;
use ledger::files::submissions::Submission;
use ledger::repository::{Author, Repository};
use serde::{Deserialize, Serialize};
use store::Store;
use views::{Bundle, Kind, ViewsError};

use crate::notify::notices::PodTrouble;

/// What a process of a competition works with.
#[derive(Clone)]
pub struct Ports {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness that nobody can foresee.
    pub entropy: Arc<dyn Entropy>,
    /// The state's repository.
    pub books: Arc<dyn Repository>,
    /// Who commits.
    pub author: Author,
    /// What outlives a crash of this process, and is nobody else's.
    pub journals: Arc<dyn Journals>,
    /// Blobs.
    pub store: Store,
    /// The chain.
    pub chain: Arc<dyn Chain>,
    /// Other people's servers.
    pub web: Arc<dyn Web>,
    /// Makes view bundles.
    pub studio: Arc<dyn Studio>,
    /// Judges duels.
    pub judge: Arc<dyn DuelJudge>,
    /// Makes images of miners' repositories.
    pub builds: Arc<dyn Builds>,
    /// Runs miners' images.
    pub works: Arc<dyn Works>,
    /// Tells people.
    pub notify: Arc<dyn Notify>,
    /// Set when the process is to end.
    pub stop: Stop,
    /// How to do what blocks.
    pub blocking: Blocking,
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ports").finish_non_exhaustive()
    }
}

/// Randomness that nobody can foresee.
pub trait Entropy: Send + Sync + fmt::Debug {
    /// 32 bits.
    ///
    /// # Errors
    ///
    /// Of the operating system.
    fn u32(&self) -> io::Result<u32>;
}

/// Journals by name: `collector`, `judge` …
pub trait Journals: Send + Sync + fmt::Debug {
    /// Opens one, or makes it.
    ///
    /// # Errors
    ///
    /// Of the disk, and when another process has it.
    fn open(&self, name: &str) -> io::Result<Box<dyn Journal>>;
}

/// Limits of one file of somebody else's server. All are of the whole, redirects and retries of the connection included.
#[derive(Debug, Clone, Copy)]
pub struct WebLimits {
    /// Bytes of the body, decompressed.
    pub bytes_max: usize,
    /// From the first connection to the last byte.
    pub time_max: Duration,
    /// Bytes a second, on average, once ten seconds are over; nothing for no minimum.
    pub rate_min: Option<u64>,
}

/// Why a file could not be had from somebody else's server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebError {
    /// The server answered with this status.
    #[error("HTTP {0}")]
    Status(u16),
    /// More bytes than allowed, said or sent.
    #[error("too large")]
    TooLarge,
    /// A word of ours for what happened: `connect`, `timeout`, `slow`, `tls`, `body`, `refused_address`, `bad_url`.
    #[error("{0}")]
    Kind(&'static str),
}

impl WebError {
    /// Whether a file that should be there may be there at another try: whatever the status says but that it is gone for good.
    #[must_use]
    pub fn may_change(&self) -> bool {
        match self {
            Self::Status(code) => *code != 410,
            other => other.is_transient(),
        }
    }

    /// Whether another try may help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Status(code) => !(400..500).contains(code) || matches!(code, 408 | 425 | 429),
            Self::TooLarge => false,
            Self::Kind(kind) => !matches!(*kind, "refused_address" | "bad_url"),
        }
    }
}

/// Other people's servers, all of them hostile.
pub trait Web: Send + Sync + fmt::Debug {
    /// One file; follows no redirect.
    ///
    /// # Errors
    ///
    /// [`WebError`].
    fn get<'a>(
        &'a self,
        url: &'a str,
        limits: &'a WebLimits,
    ) -> Pending<'a, Result<Bytes, WebError>>;
}

/// Makes view bundles.
pub trait Studio: Send + Sync + fmt::Debug {
    /// Of an asset, with the picture of its prompt.
    ///
    /// # Errors
    ///
    /// [`ViewsError`].
    fn bundle(
        &self,
        kind: Kind,
        asset: Bytes,
        prompt: Bytes,
    ) -> Pending<'_, Result<Bundle, ViewsError>>;
}

/// How the build of an image stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildSeen {
    /// How it stands.
    pub status: BuildStatus,
    /// The image, once there is one.
    pub image: Option<String>,
}

/// Makes images of miners' repositories.
pub trait Builds: Send + Sync + fmt::Debug {
    /// How the builds of a round stand, by hotkey; starts them if that is its job. Nothing at all while that cannot be known yet
    /// (a list that is not there is no list of failures).
    ///
    /// # Errors
    ///
    /// In words; it may work later.
    fn look<'a>(
        &'a self,
        round: Round,
        submissions: &'a [(String, Submission)],
    ) -> Pending<'a, Result<Option<BTreeMap<String, BuildSeen>>, String>>;
}

/// Assets to be made by a miner's image.
#[derive(Debug, Clone)]
pub struct Order {
    /// In which round.
    pub round: Round,
    /// Whose: a hotkey, or `leader`.
    pub hotkey: String,
    /// The image.
    pub image: String,
    /// What is asked for.
    pub kind: Kind,
    /// Stem and URL of each prompt.
    pub prompts: Vec<(String, String)>,
    /// The round's seed.
    pub seed: u32,
    /// How often all of them are made, from 1.
    pub repeats: u32,
}

/// What a miner's image made of one prompt.
#[derive(Debug, Clone)]
pub struct Made {
    /// Which time, from 1.
    pub repeat: u32,
    /// Which prompt.
    pub stem: String,
    /// The asset, or why there is none.
    pub asset: Result<Bytes, String>,
}

/// Takes what is made, as it is made.
pub trait Sink: Send + Sync {
    /// Keeps one asset; the same one may come again. The order goes on when it is kept.
    ///
    /// # Errors
    ///
    /// In words: it is brought again later.
    fn put(&self, made: Made) -> Pending<'_, Result<(), String>>;

    /// A repeat is whole: assets made, prompts failed, seconds the pods worked.
    ///
    /// # Errors
    ///
    /// In words: it is said again later.
    fn repeat_done(&self, report: RepeatDone) -> Pending<'_, Result<(), String>>;

    /// Something is wrong with a pod; the order goes on as it can. For people: nothing follows from it.
    fn trouble(&self, trouble: PodTrouble, reason: &str) {
        let _ = (trouble, reason);
    }
}

/// A repeat that is whole.
#[derive(Debug, Clone, PartialEq)]
pub struct RepeatDone {
    /// Which, from 1.
    pub repeat: u32,
    /// Assets made.
    pub generated: u32,
    /// Prompts without an asset.
    pub failed: u32,
    /// Seconds that count.
    pub seconds: f64,
}

/// How an order ended.
#[derive(Debug, Clone, PartialEq)]
pub enum OrderEnd {
    /// All repeats are whole.
    Completed,
    /// The miner's fault, with the reason for its report.
    Rejected(String),
    /// It was told to stop; it can be taken up again.
    Stopped,
}

/// Runs miners' images.
pub trait Works: Send + Sync + fmt::Debug {
    /// Carries an order out, or on from where it stood, until its end or until `stop`. When it returns no pod of it is left.
    /// Pods' statistics are the text of `pod_stats.json`.
    ///
    /// # Errors
    ///
    /// In words; ours, not the miner's, and it may work later.
    fn run<'a>(
        &'a self,
        order: &'a Order,
        sink: &'a dyn Sink,
        stop: &'a Stop,
    ) -> Pending<'a, Result<(OrderEnd, Option<String>), String>>;

    /// Ends what is left of orders that nobody takes up again. No order runs meanwhile.
    ///
    /// # Errors
    ///
    /// In words; it may work later.
    fn clear(&self, keep: Keep) -> Pending<'_, Result<(), String>> {
        let _ = keep;
        Box::pin(std::future::ready(Ok(())))
    }
}

/// What is left of orders when others are cleared away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Nothing.
    Nothing,
    /// Of this round what was made and how long that took; its pods end.
    Made(Round),
    /// All of this round: its orders are taken up again at once.
    Round(Round),
}

/// Something people should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What happened.
    pub title: String,
    /// 0xRRGGBB.
    pub colour: u32,
    /// In a few sentences; may be empty.
    pub text: String,
    /// Name, value, and whether it stands beside others.
    pub fields: Vec<(String, String, bool)>,
}

/// Tells people. Never waits and never fails.
pub trait Notify: Send + Sync + fmt::Debug {
    /// Tells them, if it can.
    fn tell(&self, notice: Notice);
}

/// Set once, when something is to end.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    own: Arc<AtomicBool>,
    above: Vec<Arc<AtomicBool>>,
}

impl Stop {
    /// Not set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One more, which is set by itself and whenever this one is.
    #[must_use]
    pub fn child(&self) -> Self {
        let above = self.above.iter().chain([&self.own]).cloned().collect();
        Self { own: Arc::default(), above }
    }

    /// Sets it.
    pub fn set(&self) {
        self.own.store(true, Ordering::SeqCst);
    }

    /// Whether it is set.
    #[must_use]
    pub fn is_set(&self) -> bool {
        std::iter::once(&self.own).chain(&self.above).any(|flag| flag.load(Ordering::SeqCst))
    }
}

/// How to do what blocks: repositories and journals do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocking {
    /// Where one stands: simulations and tests.
    Here,
    /// So that other tasks of tokio's threads go on.
    Tokio,
}

impl Blocking {
    /// Does it.
    pub fn run<T>(self, work: impl FnOnce() -> T) -> T {
        match self {
            Self::Here => work(),
            Self::Tokio => tokio::task::block_in_place(work),
        }
    }
}

/// Key and place of a validator.
#[derive(Debug, Clone)]
pub struct Validator {
    /// It signs.
    pub hotkey: Keypair,
}
