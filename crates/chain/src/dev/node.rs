//! The development chain as a [`Chain`].

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use blake2::{Blake2b, Digest as _, digest::consts::U32};
use fs_err as fs;
use sha2::Sha256;

use super::book::Book;
use super::call::{Call, Entry};
use super::genesis::{BYTES_MAX, Genesis, GenesisError};
use super::log::{Guard, Log};
use crate::timelock::{self, BeaconKey};
use crate::{
    Account, Block, Chain, ChainError, Clock, Keypair, Neuron, Pending, Receipt, Revealed, quantise,
};

/// How long to wait for the lock, in steps.
const LOCK_STEP: Duration = Duration::from_millis(5);
const LOCK_STEPS: u32 = 6000;

/// How long [`Chain::next_block`] waits.
const BLOCK_WAIT_MAX: Duration = Duration::from_secs(110);

/// Why a chain cannot be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// Of the disk.
    #[error(transparent)]
    Disk(#[from] io::Error),
    /// Of the genesis.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// There is one already.
    #[error("{0} has a chain already")]
    Exists(String),
}

/// A development chain.
#[derive(Debug)]
pub struct DevChain {
    log: Log,
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    book: Book,
    /// Bytes of the log that are in the book, and lines.
    read: u64,
    lines: u64,
    /// The highest head that anybody was told.
    told: u64,
}

impl DevChain {
    /// A chain of this process alone.
    ///
    /// # Errors
    ///
    /// [`GenesisError`].
    pub fn in_memory(genesis: Genesis, clock: Arc<dyn Clock>) -> Result<Self, GenesisError> {
        genesis.check()?;
        Ok(Self::new(genesis, Log::Memory(Mutex::default()), clock))
    }

    /// Makes a chain in a folder, which is made if need be.
    ///
    /// # Errors
    ///
    /// [`SetUpError`].
    pub fn create(folder: &Path, genesis: &Genesis) -> Result<(), SetUpError> {
        genesis.check()?;
        fs::create_dir_all(folder)?;
        let path = folder.join("genesis.json");
        if path.exists() {
            return Err(SetUpError::Exists(folder.display().to_string()));
        }
        let new = folder.join("genesis.json.new");
        fs::write(&new, genesis.to_text())?;
        fs::File::open(&new)?.sync_all()?;
        fs::rename(&new, &path)?;
        fs::File::open(folder)?.sync_all()?;
        Ok(())
    }

    /// Opens the chain of a folder; several processes may. `clock` should be the folder's [`super::DevClock`].
    ///
    /// # Errors
    ///
    /// [`SetUpError`].
    pub fn open(folder: &Path, clock: Arc<dyn Clock>) -> Result<Self, SetUpError> {
        let path = folder.join("genesis.json");
        let length = fs::metadata(&path)?.len();
        if length > BYTES_MAX {
            let problem = format!("{length} bytes, not up to {BYTES_MAX}");
            return Err(GenesisError { field: "file", problem }.into());
        }
        let genesis = Genesis::from_text(&fs::read_to_string(&path)?)?;
        Ok(Self::new(genesis, Log::Folder(folder.to_owned()), clock))
    }

    fn new(genesis: Genesis, log: Log, clock: Arc<dyn Clock>) -> Self {
        let book = Book::new(genesis);
        Self { log, clock, inner: Mutex::new(Inner { book, read: 0, lines: 0, told: 0 }) }
    }

    /// How it began.
    #[must_use]
    pub fn genesis(&self) -> Genesis {
        self.inner().book.genesis.clone()
    }

    /// The public key of the chain's beacon, whose rounds have the numbers of blocks.
    #[must_use]
    pub fn beacon_key(&self) -> BeaconKey {
        self.inner().book.beacon().key()
    }

    /// Signs a call and puts it into the next block.
    ///
    /// # Errors
    ///
    /// [`ChainError`].
    pub async fn submit(&self, signer: &Keypair, call: Call) -> Result<Receipt, ChainError> {
        self.submit_with(signer, |_, _, _| Ok(call)).await
    }

    /// Commits bytes as they are, without their length before them: miners may do so.
    ///
    /// # Errors
    ///
    /// [`ChainError`].
    pub async fn commit_bytes(
        &self,
        hotkey: &Keypair,
        netuid: u16,
        bytes: &[u8],
        after_blocks: u64,
    ) -> Result<Receipt, ChainError> {
        if bytes.len() > timelock::TEXT_MAX {
            let (found, most) = (bytes.len(), timelock::TEXT_MAX);
            return Err(ChainError::Refused(format!(
                "the text has {found} bytes, not up to {most}"
            )));
        }
        self.check_netuid(netuid)?;
        let seal = |book: &Book, head: u64, nonce: u64| {
            let reveal = head.saturating_add(after_blocks.max(2));
            let text = if book.genesis.sealed {
                let randomness = randomness(hotkey, nonce, bytes);
                let key = book.beacon().key();
                let sealed = timelock::seal(&key, reveal, bytes, &randomness);
                sealed.map_err(|error| ChainError::Malformed(error.to_string()))?
            } else {
                bytes.to_vec()
            };
            Ok(Call::Commit { text, reveal })
        };
        self.submit_with(hotkey, seal).await
    }

    async fn submit_with(
        &self,
        signer: &Keypair,
        call: impl FnOnce(&Book, u64, u64) -> Result<Call, ChainError>,
    ) -> Result<Receipt, ChainError> {
        let guard = self.lock(true).await?;
        let mut inner = self.inner();
        let head = self.catch_up(&guard, &mut inner)?;
        let (block, account) = (head + 1, signer.account());
        let nonce = inner.book.nonce(account);
        let call = call(&inner.book, head, nonce)?;
        if let Some(refusal) = inner.book.refusal(block, account, &call) {
            return Err(ChainError::Refused(refusal));
        }
        let entry = Entry::sign(&inner.book.genesis_hash, block, signer, nonce, call);
        let line = entry.line();
        guard.append(inner.read, &line).map_err(transient)?;
        inner.book.take(entry).map_err(ChainError::Malformed)?;
        inner.read += line.len() as u64;
        inner.lines += 1;
        Ok(Receipt { hash: Blake2b::<U32>::digest(&line).into(), at: head })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_netuid(&self, netuid: u16) -> Result<(), ChainError> {
        if self.inner().book.genesis.netuid == netuid {
            Ok(())
        } else {
            Err(ChainError::Refused(format!("there is no subnet {netuid}")))
        }
    }

    async fn lock(&self, to_write: bool) -> Result<Guard<'_>, ChainError> {
        for _ in 0..LOCK_STEPS {
            if let Some(guard) = self.log.lock(to_write).map_err(transient)? {
                return Ok(guard);
            }
            self.clock.sleep(LOCK_STEP).await;
        }
        Err(ChainError::Transient("another process holds the chain's lock".to_owned()))
    }

    /// Takes in what others added, and says which block it is. Blocks up to it do not change any more: who adds to the log holds
    /// the lock while it looks at the clock, and adds to a later one.
    fn catch_up(&self, guard: &Guard<'_>, inner: &mut Inner) -> Result<u64, ChainError> {
        let bytes = guard.lines(inner.read).map_err(transient)?;
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let number = inner.lines + 1;
            let wrong = |problem: String| {
                ChainError::Malformed(format!("line {number} of log.jsonl: {problem}"))
            };
            let entry: Entry =
                serde_json::from_slice(line).map_err(|error| wrong(error.to_string()))?;
            inner.book.take(entry).map_err(wrong)?;
            inner.read += line.len() as u64;
            inner.lines = number;
        }
        // The clock may go back; the chain does not.
        let by_clock = inner.book.genesis.block_at(self.clock.now());
        let by_log = inner.book.last_block().saturating_sub(1);
        inner.told = inner.told.max(by_clock).max(by_log);
        Ok(inner.told)
    }

    async fn read<T>(
        &self,
        look: impl FnOnce(&Book, u64) -> Result<T, ChainError>,
    ) -> Result<T, ChainError> {
        let guard = self.lock(false).await?;
        let mut inner = self.inner();
        let head = self.catch_up(&guard, &mut inner)?;
        look(&inner.book, head)
    }

    async fn read_at<T>(
        &self,
        at: Block,
        netuid: u16,
        look: impl FnOnce(&Book) -> T,
    ) -> Result<T, ChainError> {
        self.check_netuid(netuid)?;
        self.read(|book, head| {
            if at.number > head || book.block(at.number) != at {
                return Err(ChainError::UnknownBlock(at.number));
            }
            Ok(look(book))
        })
        .await
    }
}

/// For sealing: nobody without the key can foretell it, and the same run makes the same.
fn randomness(hotkey: &Keypair, nonce: u64, text: &[u8]) -> [u8; 32] {
    let mut message = b"sealing".to_vec();
    message.extend(nonce.to_le_bytes());
    message.extend(text);
    Sha256::digest(hotkey.sign(&message)).into()
}

#[expect(clippy::needless_pass_by_value, reason = "it is passed to map_err")]
fn transient(error: io::Error) -> ChainError {
    ChainError::Transient(error.to_string())
}

impl Chain for DevChain {
    fn head(&self) -> Pending<'_, Result<Block, ChainError>> {
        Box::pin(self.read(|book, head| Ok(book.block(head))))
    }

    fn block_time(&self) -> Pending<'_, Result<Duration, ChainError>> {
        Box::pin(self.read(|book, _| Ok(Duration::from_millis(book.genesis.block_ms))))
    }

    fn finalized(&self) -> Pending<'_, Result<Block, ChainError>> {
        Box::pin(
            self.read(|book, head| {
                Ok(book.block(head.saturating_sub(book.genesis.finality_blocks)))
            }),
        )
    }

    fn block(&self, number: u64) -> Pending<'_, Result<Option<Block>, ChainError>> {
        Box::pin(self.read(move |book, head| Ok((number <= head).then(|| book.block(number)))))
    }

    fn revealed(&self, at: Block, netuid: u16) -> Pending<'_, Result<Vec<Revealed>, ChainError>> {
        Box::pin(self.read_at(at, netuid, move |book| book.revealed(at.number)))
    }

    fn neurons(&self, at: Block, netuid: u16) -> Pending<'_, Result<Vec<Neuron>, ChainError>> {
        Box::pin(self.read_at(at, netuid, move |book| book.neurons(at.number)))
    }

    fn lock(
        &self,
        at: Block,
        coldkey: Account,
        netuid: u16,
    ) -> Pending<'_, Result<u64, ChainError>> {
        Box::pin(self.read_at(at, netuid, move |book| book.lock(at.number, coldkey)))
    }

    fn weights(
        &self,
        at: Block,
        netuid: u16,
        uid: u16,
    ) -> Pending<'_, Result<Vec<(u16, u16)>, ChainError>> {
        Box::pin(self.read_at(at, netuid, move |book| book.weights(at.number, uid)))
    }

    fn commit<'a>(
        &'a self,
        hotkey: &'a Keypair,
        netuid: u16,
        text: &'a [u8],
        after_blocks: u64,
    ) -> Pending<'a, Result<Receipt, ChainError>> {
        Box::pin(async move {
            let framed = timelock::framed(text);
            self.commit_bytes(hotkey, netuid, &framed, after_blocks).await
        })
    }

    fn set_weights<'a>(
        &'a self,
        hotkey: &'a Keypair,
        netuid: u16,
        weights: &'a [(u16, f64)],
    ) -> Pending<'a, Result<Receipt, ChainError>> {
        Box::pin(async move {
            self.check_netuid(netuid)?;
            let weights =
                quantise(weights).map_err(|error| ChainError::Refused(error.to_string()))?;
            self.submit(hotkey, Call::SetWeights { weights }).await
        })
    }

    fn next_block(&self, after: u64) -> Pending<'_, Result<Block, ChainError>> {
        Box::pin(async move {
            let until = self.clock.elapsed().saturating_add(BLOCK_WAIT_MAX);
            let next = self.inner().book.genesis.time_of(after.saturating_add(1));
            loop {
                let head = self.head().await?;
                if head.number > after {
                    return Ok(head);
                }
                let left = until.saturating_sub(self.clock.elapsed());
                if left.is_zero() {
                    return Err(ChainError::Transient(format!("no block after {after} yet")));
                }
                let wait = Duration::try_from(self.clock.now().duration_until(next));
                let wait = wait.unwrap_or_default().max(Duration::from_millis(1));
                self.clock.sleep(wait.min(left)).await;
            }
        })
    }
}
