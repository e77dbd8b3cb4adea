//! Ports that break their word, so that it can be seen that the simulation notices: each makes the owners behind it do what a mistake
//! in them would do.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use arena::ports::{Journals, Made, Order, OrderEnd, Ports, RepeatDone, Sink, Stop};
use arena::ports::{Web, WebError, WebLimits, Works};
use bytes::Bytes;
use chain::{Account, Block, Chain, ChainError, Keypair, Neuron, Pending, Receipt, Revealed};
use judge::{Description, Duel, DuelJudge, JudgeError, Parts, Verdict};
use ledger::batcher::Journal;
use ledger::files::duels::DuelWinner;
use ledger::repository::{Advance, CommitInfo, Draft, Id, Repository, RepositoryError};

use crate::executor::lock;
use crate::fault::{PlanError, words};

words! {
    /// Who breaks its word, and how.
    pub enum Sabotage {
        /// The branch moves wherever it was: what others committed meanwhile is gone.
        ForcesPush = "forces-push",
        /// Files that a commit rests on are compared with what they were when they were read, not with what they are.
        ComparesNothing = "compares-nothing",
        /// Every ninth commit is said to have landed and has not.
        LosesCommits = "loses-commits",
        /// Of every commit that moves the stage, the stage comes first, by itself.
        SplitsCommits = "splits-commits",
        /// Every fifth commit lands after the next one, and replaces it.
        ReordersCommits = "reorders-commits",
        /// Journals say that they have what they were given, and have nothing.
        ForgetsJournals = "forgets-journals",
        /// What pods made is said to be kept, and every fifth is not.
        DropsMade = "drops-made",
        /// The newest block is taken for one that stays.
        TrustsHead = "trusts-head",
        /// A server that is away is taken for one that says the file is gone.
        BlamesMiners = "blames-miners",
        /// A judge that is away is taken for one that says "draw".
        DrawsOnOutage = "draws-on-outage",
        /// Every fifth verdict is turned round.
        TurnsVerdicts = "turns-verdicts",
        /// Every ninth blob is said to be there and is not.
        LosesBlobs = "loses-blobs",
    }
}

impl Sabotage {
    /// The ports as they are with it. Blobs are not among these: [`crate::world`] has them.
    pub(crate) fn spoil(self, mut ports: Ports) -> Ports {
        match self {
            Self::ForcesPush
            | Self::ComparesNothing
            | Self::LosesCommits
            | Self::SplitsCommits
            | Self::ReordersCommits => {
                ports.books =
                    Arc::new(Books { how: self, inner: ports.books, told: Mutex::default() });
            }
            Self::ForgetsJournals => ports.journals = Arc::new(Forgetful(ports.journals)),
            Self::DropsMade => ports.works = Arc::new(Leaky(ports.works)),
            Self::TrustsHead => ports.chain = Arc::new(Hasty(ports.chain)),
            Self::BlamesMiners => ports.web = Arc::new(Blaming(ports.web)),
            Self::DrawsOnOutage | Self::TurnsVerdicts => {
                let calls = AtomicU32::new(0);
                ports.judge = Arc::new(Crooked { how: self, inner: ports.judge, calls });
            }
            Self::LosesBlobs => {}
        }
        ports
    }
}

/// True each `n`th time.
pub(crate) fn each(calls: &AtomicU32, n: u32) -> bool {
    calls.fetch_add(1, Ordering::Relaxed) % n == n - 1
}

#[derive(Debug, Default)]
struct Told {
    advances: u32,
    /// What was read last.
    seen: Option<Id>,
    /// The first part of a commit that was made two.
    halves: BTreeMap<Id, Id>,
    held: Option<Id>,
}

#[derive(Debug)]
struct Books {
    how: Sabotage,
    inner: Arc<dyn Repository>,
    told: Mutex<Told>,
}

impl Repository for Books {
    fn head(&self) -> Result<Option<Id>, RepositoryError> {
        self.inner.head()
    }

    fn file_id(&self, at: Id, path: &str) -> Result<Option<Id>, RepositoryError> {
        let seen = lock(&self.told).seen.filter(|_| self.how == Sabotage::ComparesNothing);
        self.inner.file_id(seen.unwrap_or(at), path)
    }

    fn content_id(&self, content: &[u8]) -> Id {
        self.inner.content_id(content)
    }

    fn read(&self, at: Id, path: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        lock(&self.told).seen = Some(at);
        self.inner.read(at, path)
    }

    fn list(&self, at: Id, folder: &str) -> Result<Vec<String>, RepositoryError> {
        self.inner.list(at, folder)
    }

    fn commit(&self, id: Id) -> Result<CommitInfo, RepositoryError> {
        self.inner.commit(id)
    }

    fn write_commit(&self, parent: Option<Id>, draft: &Draft) -> Result<Id, RepositoryError> {
        let (state, rest): (BTreeMap<_, _>, BTreeMap<_, _>) =
            draft.changes.clone().into_iter().partition(|(path, _)| path == "state.json");
        if self.how != Sabotage::SplitsCommits || state.is_empty() || rest.is_empty() {
            return self.inner.write_commit(parent, draft);
        }
        let half = self.inner.write_commit(parent, &Draft { changes: state, ..draft.clone() })?;
        let whole =
            self.inner.write_commit(Some(half), &Draft { changes: rest, ..draft.clone() })?;
        lock(&self.told).halves.insert(whole, half);
        Ok(whole)
    }

    fn advance(&self, from: Option<Id>, to: Id) -> Result<Advance, RepositoryError> {
        let (count, held, half) = {
            let mut told = lock(&self.told);
            told.advances += 1;
            (told.advances, told.held.take(), told.halves.get(&to).copied())
        };
        match (self.how, held, half) {
            (Sabotage::ForcesPush, ..) => self.inner.advance(self.inner.head()?, to),
            (Sabotage::LosesCommits, ..) if count.is_multiple_of(9) => Ok(Advance::Done),
            (Sabotage::SplitsCommits, _, Some(half)) => match self.inner.advance(from, half)? {
                Advance::Done => self.inner.advance(Some(half), to),
                Advance::Moved => Ok(Advance::Moved),
            },
            (Sabotage::ReordersCommits, Some(held), _) => {
                let done = self.inner.advance(from, to)?;
                self.inner.advance(self.inner.head()?, held)?;
                Ok(done)
            }
            (Sabotage::ReordersCommits, None, _) if count.is_multiple_of(5) => {
                lock(&self.told).held = Some(to);
                Ok(Advance::Done)
            }
            _ => self.inner.advance(from, to),
        }
    }
}

#[derive(Debug)]
struct Forgetful(Arc<dyn Journals>);

#[derive(Debug)]
struct Sieve(Box<dyn Journal>);

impl Journals for Forgetful {
    fn open(&self, name: &str) -> io::Result<Box<dyn Journal>> {
        Ok(Box::new(Sieve(self.0.open(name)?)))
    }
}

impl Journal for Sieve {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        self.0.read()
    }

    fn append(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&mut self, _: u64) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug)]
struct Leaky(Arc<dyn Works>);

struct Hole<'a> {
    sink: &'a dyn Sink,
    calls: AtomicU32,
}

impl Sink for Hole<'_> {
    fn put(&self, made: Made) -> Pending<'_, Result<(), String>> {
        if each(&self.calls, 5) {
            return Box::pin(std::future::ready(Ok(())));
        }
        self.sink.put(made)
    }

    fn repeat_done(&self, report: RepeatDone) -> Pending<'_, Result<(), String>> {
        self.sink.repeat_done(report)
    }
}

impl Works for Leaky {
    fn run<'a>(
        &'a self,
        order: &'a Order,
        sink: &'a dyn Sink,
        stop: &'a Stop,
    ) -> Pending<'a, Result<(OrderEnd, Option<String>), String>> {
        Box::pin(async move {
            let hole = Hole { sink, calls: AtomicU32::new(0) };
            self.0.run(order, &hole, stop).await
        })
    }
}

#[derive(Debug)]
struct Blaming(Arc<dyn Web>);

impl Web for Blaming {
    fn get<'a>(
        &'a self,
        url: &'a str,
        limits: &'a WebLimits,
    ) -> Pending<'a, Result<Bytes, WebError>> {
        Box::pin(async move {
            let page = self.0.get(url, limits).await;
            page.map_err(|error| if error.is_transient() { WebError::Status(410) } else { error })
        })
    }
}

#[derive(Debug)]
struct Crooked {
    how: Sabotage,
    inner: Arc<dyn DuelJudge>,
    calls: AtomicU32,
}

impl DuelJudge for Crooked {
    fn describe(&self) -> Description {
        self.inner.describe()
    }

    fn judge<'a>(
        &'a self,
        duel: &'a Duel,
        parts: Parts<'a>,
    ) -> judge::Pending<'a, Result<Verdict, JudgeError>> {
        Box::pin(async move {
            match self.inner.judge(duel, parts).await {
                Err(JudgeError::Outage(_)) if self.how == Sabotage::DrawsOnOutage => Ok(Verdict {
                    winner: DuelWinner::Draw,
                    detail: ledger::json::Json::Object(ledger::json::Object::new()),
                    evidence: None,
                }),
                Ok(mut verdict) if self.how == Sabotage::TurnsVerdicts && each(&self.calls, 5) => {
                    verdict.winner = match verdict.winner {
                        DuelWinner::Left => DuelWinner::Right,
                        DuelWinner::Right => DuelWinner::Left,
                        other => other,
                    };
                    Ok(verdict)
                }
                said => said,
            }
        })
    }
}

/// Everything as the chain has it, but which block is final.
#[derive(Debug)]
struct Hasty(Arc<dyn Chain>);

impl Chain for Hasty {
    fn head(&self) -> Pending<'_, Result<Block, ChainError>> {
        self.0.head()
    }

    fn finalized(&self) -> Pending<'_, Result<Block, ChainError>> {
        self.0.head()
    }

    fn block(&self, number: u64) -> Pending<'_, Result<Option<Block>, ChainError>> {
        self.0.block(number)
    }

    fn revealed(&self, at: Block, netuid: u16) -> Pending<'_, Result<Vec<Revealed>, ChainError>> {
        self.0.revealed(at, netuid)
    }

    fn neurons(&self, at: Block, netuid: u16) -> Pending<'_, Result<Vec<Neuron>, ChainError>> {
        self.0.neurons(at, netuid)
    }

    fn lock(
        &self,
        at: Block,
        coldkey: Account,
        netuid: u16,
    ) -> Pending<'_, Result<u64, ChainError>> {
        self.0.lock(at, coldkey, netuid)
    }

    fn weights(
        &self,
        at: Block,
        netuid: u16,
        uid: u16,
    ) -> Pending<'_, Result<Vec<(u16, u16)>, ChainError>> {
        self.0.weights(at, netuid, uid)
    }

    fn commit<'a>(
        &'a self,
        key: &'a Keypair,
        netuid: u16,
        data: &'a [u8],
        reveal: u64,
    ) -> Pending<'a, Result<Receipt, ChainError>> {
        self.0.commit(key, netuid, data, reveal)
    }

    fn set_weights<'a>(
        &'a self,
        key: &'a Keypair,
        netuid: u16,
        weights: &'a [(u16, f64)],
    ) -> Pending<'a, Result<Receipt, ChainError>> {
        self.0.set_weights(key, netuid, weights)
    }

    fn next_block(&self, after: u64) -> Pending<'_, Result<Block, ChainError>> {
        self.0.next_block(after)
    }
}
