//! A world for the collector: everything in memory, and as bad as a test wants it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use arena::ports::{Blocking, Notify, Ports, Stop, Studio, Web, WebError, WebLimits};
use bytes::Bytes;
use chain::{
    Account, Block, Chain, ChainError, Clock, Keypair, Neuron, Pending, Receipt, Revealed,
};
use jiff::Timestamp;
use ledger::repository::{Author, MemoryRepository, Repository};
use store::Store;
use views::{Bundle, Kind, ViewsError};

use crate::fakes::{Memory, Nobody, Told};

/// Time that goes on when nothing else does.
#[derive(Debug, Default)]
struct FakeClock(Mutex<Sleepers>);

#[derive(Debug, Default)]
struct Sleepers {
    elapsed: Duration,
    next: u64,
    waiting: BTreeMap<(Duration, u64), Waker>,
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        let start = Timestamp::constant(1_930_000_000, 0);
        start.checked_add(self.elapsed()).unwrap()
    }

    fn elapsed(&self) -> Duration {
        self.0.lock().unwrap().elapsed
    }

    fn sleep(&self, time: Duration) -> Pending<'_, ()> {
        let until = self.elapsed() + time;
        Box::pin(std::future::poll_fn(move |cx| {
            let mut sleepers = self.0.lock().unwrap();
            if sleepers.elapsed >= until {
                return Poll::Ready(());
            }
            sleepers.next += 1;
            let key = (until, sleepers.next);
            sleepers.waiting.insert(key, cx.waker().clone());
            Poll::Pending
        }))
    }
}

thread_local! {
    static CLOCK: Arc<FakeClock> = Arc::default();
}

#[derive(Debug, Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Runs a test to its end; where it only waits, time goes on at once.
pub(super) fn run<T>(test: impl Future<Output = T>) -> T {
    let clock = CLOCK.with(Arc::clone);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut test = std::pin::pin!(test);
    loop {
        if let Poll::Ready(value) = test.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        if !woken.0.swap(false, Ordering::SeqCst) {
            let mut sleepers = clock.0.lock().unwrap();
            let ((until, _), sleeper) = sleepers.waiting.pop_first().expect("it waits for nothing");
            sleepers.elapsed = sleepers.elapsed.max(until);
            drop(sleepers);
            sleeper.wake();
            woken.0.store(false, Ordering::SeqCst);
        }
    }
}

/// What a server does with a request.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    File(Bytes),
    Error(WebError),
    /// Fails so often, then does not.
    Flaky(usize, Bytes),
    /// Answers with a status so often, then not.
    After(u16, usize, Bytes),
    /// Answers after so long.
    Slow(Duration, Bytes),
}

/// Servers by the URL of their files; 404 for everything else.
#[derive(Debug, Default)]
pub(super) struct FakeWeb {
    pub(super) files: Mutex<BTreeMap<String, Reply>>,
    pub(super) asked: Mutex<Vec<String>>,
    /// How URLs begin that are away, and from when to when.
    pub(super) away: Mutex<Vec<(&'static str, Duration, Duration)>>,
    pub(super) running: AtomicUsize,
    pub(super) running_max: AtomicUsize,
}

impl FakeWeb {
    pub(super) fn set(&self, url: &str, reply: Reply) {
        self.files.lock().unwrap().insert(url.to_owned(), reply);
    }

    /// From now on nothing that begins so answers for so long.
    pub(super) fn go_away(&self, prefix: &'static str, after: Duration, time: Duration) {
        let from = CLOCK.with(Arc::clone).elapsed() + after;
        self.away.lock().unwrap().push((prefix, from, from + time));
    }

    fn is_away(&self, url: &str) -> bool {
        let now = CLOCK.with(Arc::clone).elapsed();
        let away = self.away.lock().unwrap();
        away.iter().any(|(prefix, from, to)| url.starts_with(prefix) && (*from..*to).contains(&now))
    }

    pub(super) fn asked_for(&self, part: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|url| url.contains(part)).count()
    }
}

impl Web for FakeWeb {
    fn get<'a>(
        &'a self,
        url: &'a str,
        limits: &'a WebLimits,
    ) -> Pending<'a, Result<Bytes, WebError>> {
        self.asked.lock().unwrap().push(url.to_owned());
        let reply = self.files.lock().unwrap().get(url).cloned();
        if self.is_away(url) {
            return Box::pin(async move {
                CLOCK.with(Arc::clone).sleep(limits.time_max.min(Duration::from_secs(10))).await;
                Err(WebError::Kind("timeout"))
            });
        }
        Box::pin(async move {
            let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
            self.running_max.fetch_max(running, Ordering::SeqCst);
            let end = match reply {
                None => Err(WebError::Status(404)),
                Some(Reply::Error(error)) => Err(error),
                Some(Reply::File(bytes)) if bytes.len() > limits.bytes_max => {
                    Err(WebError::TooLarge)
                }
                Some(Reply::File(bytes)) => Ok(bytes),
                Some(Reply::Flaky(times, bytes)) => {
                    let asked = self.asked_for(url);
                    if asked > times { Ok(bytes) } else { Err(WebError::Status(503)) }
                }
                Some(Reply::After(status, times, bytes)) => {
                    let asked = self.asked_for(url);
                    if asked > times { Ok(bytes) } else { Err(WebError::Status(status)) }
                }
                Some(Reply::Slow(time, bytes)) => {
                    CLOCK.with(Arc::clone).sleep(time.min(limits.time_max)).await;
                    if time > limits.time_max { Err(WebError::Kind("slow")) } else { Ok(bytes) }
                }
            };
            self.running.fetch_sub(1, Ordering::SeqCst);
            end
        })
    }
}

/// Draws anything but what begins with `bad` (a rule is broken), `crash` (the studio fails each time) or `endless` (it takes the
/// time there is), and `late` as long as
/// it is not tried once more after the last try.
#[derive(Debug, Default)]
pub(super) struct FakeStudio {
    pub(super) down: AtomicBool,
    late: AtomicU64,
    pub(super) drawn: AtomicUsize,
    /// Tries that took the time there is.
    pub(super) endless: AtomicUsize,
}

impl Studio for FakeStudio {
    fn bundle(
        &self,
        _: Kind,
        asset: Bytes,
        prompt: Bytes,
    ) -> Pending<'_, Result<Bundle, ViewsError>> {
        Box::pin(async move {
            let is_late = asset.starts_with(b"late")
                && self.late.fetch_add(1, Ordering::SeqCst)
                    < arena::collector::Settings::default().drawing_tries.into();
            if self.down.load(Ordering::SeqCst) || asset.starts_with(b"crash") || is_late {
                return Err(ViewsError::Outage("no sandbox".to_owned()));
            }
            if asset.starts_with(b"endless") {
                self.endless.fetch_add(1, Ordering::SeqCst);
                CLOCK.with(Arc::clone).sleep(Duration::from_secs(300)).await;
                return Err(ViewsError::Slow("not done within 300 s".to_owned()));
            }
            if asset.starts_with(b"bad") {
                return Err(ViewsError::Invalid("it has no default export".to_owned()));
            }
            self.drawn.fetch_add(1, Ordering::SeqCst);
            let picture = Bytes::from([&asset[..asset.len().min(8)], &prompt].concat());
            Ok(Bundle {
                white: vec![picture.clone(); 8],
                gray: vec![picture.clone(); 4],
                grid: picture.clone(),
                embeddings: picture,
            })
        })
    }
}

/// A chain that stands where a test puts it.
#[derive(Debug, Default)]
pub(super) struct FakeChain {
    pub(super) head: AtomicU64,
    pub(super) finalized: AtomicU64,
    pub(super) revealed: Mutex<Vec<Revealed>>,
    pub(super) neurons: Mutex<Vec<Neuron>>,
    pub(super) locks: Mutex<BTreeMap<Account, u64>>,
    /// Blocks before this one are forgotten.
    pub(super) forgotten: AtomicU64,
}

fn block(number: u64) -> Block {
    Block { number, hash: [number.to_le_bytes()[0]; 32] }
}

impl FakeChain {
    pub(super) fn go_to(&self, number: u64) {
        self.head.store(number, Ordering::SeqCst);
        self.finalized.store(number, Ordering::SeqCst);
    }

    fn known<T>(&self, at: Block, value: T) -> Result<T, ChainError> {
        let known = at.number >= self.forgotten.load(Ordering::SeqCst);
        if known { Ok(value) } else { Err(ChainError::UnknownBlock(at.number)) }
    }
}

impl Chain for FakeChain {
    fn head(&self) -> Pending<'_, Result<Block, ChainError>> {
        Box::pin(async { Ok(block(self.head.load(Ordering::SeqCst))) })
    }

    fn finalized(&self) -> Pending<'_, Result<Block, ChainError>> {
        Box::pin(async { Ok(block(self.finalized.load(Ordering::SeqCst))) })
    }

    fn block(&self, number: u64) -> Pending<'_, Result<Option<Block>, ChainError>> {
        let there = number <= self.head.load(Ordering::SeqCst);
        Box::pin(async move { Ok(there.then(|| block(number))) })
    }

    fn revealed(&self, at: Block, _: u16) -> Pending<'_, Result<Vec<Revealed>, ChainError>> {
        let revealed = self.revealed.lock().unwrap().clone();
        Box::pin(async move { self.known(at, revealed) })
    }

    fn neurons(&self, at: Block, _: u16) -> Pending<'_, Result<Vec<Neuron>, ChainError>> {
        let neurons = self.neurons.lock().unwrap().clone();
        Box::pin(async move { self.known(at, neurons) })
    }

    fn lock(&self, at: Block, coldkey: Account, _: u16) -> Pending<'_, Result<u64, ChainError>> {
        let lock = self.locks.lock().unwrap().get(&coldkey).copied().unwrap_or(0);
        Box::pin(async move { self.known(at, lock) })
    }

    fn weights(
        &self,
        _: Block,
        _: u16,
        _: u16,
    ) -> Pending<'_, Result<Vec<(u16, u16)>, ChainError>> {
        unreachable!("the collector sets no weights")
    }

    fn commit<'a>(
        &'a self,
        _: &'a Keypair,
        _: u16,
        _: &'a [u8],
        _: u64,
    ) -> Pending<'a, Result<Receipt, ChainError>> {
        unreachable!("the collector commits to nothing")
    }

    fn set_weights<'a>(
        &'a self,
        _: &'a Keypair,
        _: u16,
        _: &'a [(u16, f64)],
    ) -> Pending<'a, Result<Receipt, ChainError>> {
        unreachable!("the collector sets no weights")
    }

    fn next_block(&self, _: u64) -> Pending<'_, Result<Block, ChainError>> {
        unreachable!("the collector waits for no block")
    }
}

/// All of it.
#[derive(Debug)]
pub(super) struct World {
    pub(super) books: Arc<MemoryRepository>,
    pub(super) chain: Arc<FakeChain>,
    pub(super) web: Arc<FakeWeb>,
    pub(super) studio: Arc<FakeStudio>,
    pub(super) told: Arc<Told>,
    pub(super) ports: Ports,
}

impl World {
    pub(super) fn new() -> Self {
        let books = Arc::new(MemoryRepository::new());
        let chain = Arc::new(FakeChain::default());
        let web = Arc::new(FakeWeb::default());
        let studio = Arc::new(FakeStudio::default());
        let told = Arc::new(Told::default());
        let ports = Ports {
            clock: CLOCK.with(Arc::clone),
            entropy: Arc::new(Nobody),
            books: Arc::clone(&books) as Arc<dyn Repository>,
            author: Author {
                name: "Collector".to_owned(),
                email: "collector@localhost".to_owned(),
            },
            journals: Arc::new(Memory::default()),
            store: Store::memory("https://cdn.test"),
            chain: Arc::clone(&chain) as Arc<dyn Chain>,
            web: Arc::clone(&web) as Arc<dyn Web>,
            studio: Arc::clone(&studio) as Arc<dyn Studio>,
            judge: Arc::new(Nobody),
            builds: Arc::new(Nobody),
            works: Arc::new(Nobody),
            notify: Arc::clone(&told) as Arc<dyn Notify>,
            stop: Stop::new(),
            blocking: Blocking::Here,
        };
        Self { books, chain, web, studio, told, ports }
    }

    /// Commits by hand.
    pub(super) fn write(&self, files: &[(&str, Option<&str>)]) {
        let changes =
            files.iter().map(|(path, text)| ((*path).to_owned(), text.map(str::to_owned)));
        let draft = ledger::repository::Draft {
            message: "By hand".to_owned(),
            changes: changes.collect(),
            author: self.ports.author.clone(),
            time: self.ports.clock.now(),
        };
        ledger::repository::publish(&*self.books, &draft, &BTreeMap::new()).unwrap();
    }

    /// A file as it is now.
    pub(super) fn read(&self, path: &str) -> Option<String> {
        let head = self.books.head().unwrap()?;
        let bytes = self.books.read(head, path).unwrap()?;
        Some(String::from_utf8(bytes).unwrap())
    }

    /// Messages of all commits, newest first.
    pub(super) fn messages(&self) -> Vec<String> {
        let mut messages = Vec::new();
        let mut at = self.books.head().unwrap();
        while let Some(id) = at {
            let commit = self.books.commit(id).unwrap();
            messages.push(commit.message);
            at = commit.parents.first().copied();
        }
        messages
    }

    pub(super) fn titles(&self) -> Vec<String> {
        self.told.titles()
    }
}
