//! Places and money: a provider that counts the pods that are there, and refuses one more when all places are taken or a cap is
//! reached. A place belongs to a pod, not to an order, so an order that waits for a machine keeps nobody from working.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fleet::cost::{Book, Caps, Lease};
use fleet::provider::{Pending, Provider, ProviderError, Seen, Spec};
use secrecy::SecretString;

/// Longest book that is read, in bytes.
const BOOK_BYTES_MAX: u64 = 64 << 20;

/// Every pod that is there, and what each one ever cost.
#[derive(Debug)]
pub(super) struct Meter {
    path: PathBuf,
    book: Book,
    caps: Caps,
    places: usize,
    /// Provider and identifier, and for whom.
    there: BTreeMap<(String, String), String>,
    /// Being asked for.
    asked: usize,
}

impl Meter {
    pub(super) fn open(path: PathBuf, caps: Caps, places: usize) -> Result<Self, String> {
        let book = read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { path, book, caps, places: places.max(1), there: BTreeMap::new(), asked: 0 })
    }

    /// The first cap that is reached by what an account's pods have cost.
    pub(super) fn over(&self, account: &str, round: u32, now: f64) -> Option<String> {
        let over = self.book.over(&self.caps, now).into_iter().find(|over| {
            self.book.leases().iter().any(|lease| {
                lease.account == account
                    && lease.round == Some(round)
                    && over.running.contains(&(lease.provider.clone(), lease.id.clone()))
            })
        })?;
        Some(format!("pods cost {}, the cap is {}", over.spent, over.cap))
    }

    fn write(&self) -> std::io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer(&mut file, &self.book)?;
        file.flush()?;
        file.as_file().sync_data()?;
        file.persist(&self.path)?;
        Ok(())
    }

    pub(super) fn gone(&mut self, provider: &str, id: &str, now: f64) {
        if self.there.remove(&(provider.to_owned(), id.to_owned())).is_some() {
            self.book.close(provider, id, now);
            // What could not be written now is written with the next pod.
            self.write().ok();
        }
    }
}

fn read(path: &Path) -> std::io::Result<Book> {
    let found = match fs_err::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Book::default()),
        found => found?,
    };
    if found.len() > BOOK_BYTES_MAX {
        return Err(std::io::Error::other(format!("longer than {BOOK_BYTES_MAX} bytes")));
    }
    Ok(serde_json::from_slice(&fs_err::read(path)?)?)
}

/// A provider as one order sees it.
pub(super) struct Metered {
    pub(super) provider: Arc<dyn Provider>,
    pub(super) meter: Arc<Mutex<Meter>>,
    pub(super) account: String,
    pub(super) round: u32,
    /// Seconds since 1970.
    pub(super) now: fn() -> f64,
}

impl fmt::Debug for Metered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metered").field("provider", &self.provider).finish_non_exhaustive()
    }
}

/// Gives a place back unless it was taken.
struct Asked<'a>(&'a Mutex<Meter>);

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        lock(self.0).asked -= 1;
    }
}

pub(super) fn lock(meter: &Mutex<Meter>) -> MutexGuard<'_, Meter> {
    // Nothing panics while it holds the lock.
    meter.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Metered {
    fn refuse(&self, detail: String) -> ProviderError {
        ProviderError::Capacity { provider: self.provider.name().to_owned(), detail }
    }

    /// A place for one more.
    fn ask(&self) -> Result<Asked<'_>, ProviderError> {
        let mut meter = lock(&self.meter);
        let (now, caps) = ((self.now)(), meter.caps);
        if let Some(over) = meter.book.refuses(&self.account, Some(self.round), &caps, now) {
            return Err(self.refuse(format!("pods cost {}, the cap is {}", over.spent, over.cap)));
        }
        if meter.there.len() + meter.asked >= meter.places {
            return Err(self.refuse(format!("all {} places for pods are taken", meter.places)));
        }
        meter.asked += 1;
        Ok(Asked(&self.meter))
    }

    /// A pod is there.
    fn there(&self, seen: &Seen) {
        let mut meter = lock(&self.meter);
        let now = (self.now)();
        let key = (self.provider.name().to_owned(), seen.id.clone());
        let is_new = meter.there.insert(key, self.account.clone()).is_none();
        meter.book.open(Lease {
            provider: self.provider.name().to_owned(),
            id: seen.id.clone(),
            name: seen.name.clone(),
            account: self.account.clone(),
            round: Some(self.round),
            price_per_hour: seen.price_per_hour,
            started_at: seen.created_at.unwrap_or(now),
            ended_at: None,
        });
        if is_new {
            meter.write().ok();
        }
    }
}

impl Provider for Metered {
    fn name(&self) -> &str {
        self.provider.name()
    }

    fn list(&self) -> Pending<'_, Result<Vec<Seen>, ProviderError>> {
        self.provider.list()
    }

    fn get<'a>(&'a self, id: &'a str) -> Pending<'a, Result<Option<Seen>, ProviderError>> {
        Box::pin(async move {
            let seen = self.provider.get(id).await?;
            match &seen {
                Some(seen) => self.there(seen),
                None => lock(&self.meter).gone(self.provider.name(), id, (self.now)()),
            }
            Ok(seen)
        })
    }

    fn deploy<'a>(&'a self, spec: &'a Spec) -> Pending<'a, Result<Seen, ProviderError>> {
        Box::pin(async move {
            let asked = self.ask()?;
            let seen = self.provider.deploy(spec).await?;
            self.there(&seen);
            drop(asked);
            Ok(seen)
        })
    }

    fn delete<'a>(&'a self, id: &'a str) -> Pending<'a, Result<(), ProviderError>> {
        self.provider.delete(id)
    }

    fn logs<'a>(
        &'a self,
        id: &'a str,
        lines: usize,
    ) -> Pending<'a, Result<Vec<String>, ProviderError>> {
        self.provider.logs(id, lines)
    }

    fn bearer(&self) -> Option<&SecretString> {
        self.provider.bearer()
    }
}
