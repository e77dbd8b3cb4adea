//! Ports for owners that use books, chain and notices alone: in memory, on a clock that is moved by who sleeps.

use std::future::{Future, pending};
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use arena::ports::{Blocking, Entropy, Notice, Ports, Stop};
use chain::{
    Account, Block, Chain, ChainError, Keypair, ManualClock, Neuron, Pending, Receipt, Revealed,
};
use ledger::repository::{
    Author, CommitInfo, Draft, MemoryRepository, Repository as _, Snapshot, publish,
};
use store::Store;

use crate::fakes::{Memory, Nobody, Told};

/// Runs what waits for nothing but the clock.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits for something else than the clock"),
    }
}

/// Always the same.
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u32);

impl Entropy for Dice {
    fn u32(&self) -> io::Result<u32> {
        Ok(self.0)
    }
}

/// What is wrong with the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Nothing,
    /// It never says its head.
    Silent,
    /// It takes weights, and forgets them.
    Forgets,
    /// It takes weights, and says that it did not answer.
    AnswerLost,
    /// It shows other weights than were set.
    Lies,
}

/// A chain with a fault.
#[derive(Debug)]
pub(crate) struct Faulty<C> {
    chain: C,
    fault: Mutex<Fault>,
    pub(crate) sent: AtomicU32,
}

impl<C> Faulty<C> {
    fn fault(&self) -> Fault {
        *self.fault.lock().unwrap()
    }
}

impl<C: Chain> Chain for Faulty<C> {
    fn head(&self) -> Pending<'_, Result<Block, ChainError>> {
        if self.fault() == Fault::Silent { Box::pin(pending()) } else { self.chain.head() }
    }

    fn finalized(&self) -> Pending<'_, Result<Block, ChainError>> {
        self.chain.finalized()
    }

    fn block(&self, number: u64) -> Pending<'_, Result<Option<Block>, ChainError>> {
        self.chain.block(number)
    }

    fn revealed(&self, at: Block, netuid: u16) -> Pending<'_, Result<Vec<Revealed>, ChainError>> {
        self.chain.revealed(at, netuid)
    }

    fn neurons(&self, at: Block, netuid: u16) -> Pending<'_, Result<Vec<Neuron>, ChainError>> {
        self.chain.neurons(at, netuid)
    }

    fn lock(
        &self,
        at: Block,
        coldkey: Account,
        netuid: u16,
    ) -> Pending<'_, Result<u64, ChainError>> {
        self.chain.lock(at, coldkey, netuid)
    }

    fn weights(
        &self,
        at: Block,
        netuid: u16,
        uid: u16,
    ) -> Pending<'_, Result<Vec<(u16, u16)>, ChainError>> {
        if self.fault() == Fault::Lies {
            return Box::pin(async { Ok(vec![(0, 1), (1, 65_535)]) });
        }
        self.chain.weights(at, netuid, uid)
    }

    fn commit<'a>(
        &'a self,
        hotkey: &'a Keypair,
        netuid: u16,
        text: &'a [u8],
        after_blocks: u64,
    ) -> Pending<'a, Result<Receipt, ChainError>> {
        self.chain.commit(hotkey, netuid, text, after_blocks)
    }

    fn set_weights<'a>(
        &'a self,
        hotkey: &'a Keypair,
        netuid: u16,
        weights: &'a [(u16, f64)],
    ) -> Pending<'a, Result<Receipt, ChainError>> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            if self.fault() == Fault::Forgets {
                return Ok(Receipt { hash: [0; 32], at: 0 });
            }
            let done = self.chain.set_weights(hotkey, netuid, weights).await?;
            match self.fault() {
                Fault::AnswerLost => Err(ChainError::Transient("connection reset".to_owned())),
                _ => Ok(done),
            }
        })
    }

    fn next_block(&self, after: u64) -> Pending<'_, Result<Block, ChainError>> {
        self.chain.next_block(after)
    }
}

/// A competition's books, a chain that may be faulty, and what people were told.
pub(crate) struct World<C> {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) books: Arc<MemoryRepository>,
    pub(crate) chain: Arc<Faulty<C>>,
    told: Arc<Told>,
    pub(crate) ports: Ports,
}

impl<C: Chain + 'static> World<C> {
    pub(crate) fn new(clock: Arc<ManualClock>, chain: C) -> Self {
        let books = Arc::new(MemoryRepository::new());
        let told = Arc::new(Told::default());
        let (fault, sent) = (Mutex::new(Fault::Nothing), AtomicU32::new(0));
        let chain = Arc::new(Faulty { chain, fault, sent });
        let author = Author { name: "Rounds".to_owned(), email: "rounds@example".to_owned() };
        let ports = Ports {
            clock: clock.clone(),
            entropy: Arc::new(Dice(7)),
            books: books.clone(),
            author,
            journals: Arc::new(Memory::default()),
            store: Store::memory("http://blobs"),
            chain: chain.clone(),
            web: Arc::new(Nobody),
            studio: Arc::new(Nobody),
            judge: Arc::new(Nobody),
            builds: Arc::new(Nobody),
            works: Arc::new(Nobody),
            notify: told.clone(),
            stop: Stop::new(),
            blocking: Blocking::Here,
        };
        Self { clock, books, chain, told, ports }
    }

    pub(crate) fn breaks(&self, fault: Fault) {
        *self.chain.fault.lock().unwrap() = fault;
    }

    /// Commits files, whatever was there.
    pub(crate) fn write(&self, files: &[(&str, Option<&str>)]) {
        let change =
            |(path, text): &(&str, Option<&str>)| ((*path).to_owned(), text.map(str::to_owned));
        let draft = Draft {
            message: "by hand".to_owned(),
            changes: files.iter().map(change).collect(),
            author: self.ports.author.clone(),
            time: self.ports.clock.now(),
        };
        publish(self.books.as_ref(), &draft, &std::collections::BTreeMap::new()).unwrap();
    }

    pub(crate) fn text(&self, path: &str) -> Option<String> {
        let head = self.books.head().unwrap().unwrap();
        self.books.read(head, path).unwrap().map(|bytes| String::from_utf8(bytes).unwrap())
    }

    /// Message of the newest commit.
    pub(crate) fn last_commit(&self) -> CommitInfo {
        let snapshot = Snapshot::of_head(self.books.as_ref()).unwrap().unwrap();
        self.books.commit(snapshot.id()).unwrap()
    }

    /// Titles of what people were told since they were last asked.
    pub(crate) fn told(&self) -> Vec<String> {
        self.notices().into_iter().map(|notice| notice.title).collect()
    }

    pub(crate) fn notices(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.told.0.lock().unwrap())
    }
}
