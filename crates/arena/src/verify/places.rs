//! Blobs where competitions keep them: in a folder, or behind an address, with a folder to keep what was fetched in.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use fetch::{FetchError, Fetcher, Limits};
use store::key_problem;

use super::{BlobError, Blobs, Wanted};

/// Requests at once.
const TOGETHER: usize = 16;

/// Bytes of evidence, at most.
const SMALL_MAX: usize = 8 << 20;

/// Bytes of any blob, at most.
const LARGE_MAX: usize = 200 << 20;

/// Tries for one blob, if the first ones fail in a way that may pass.
const TRIES: usize = 2;

/// Failures in a row after which a server is not asked any more: each may take all the time it has.
const FAILURES_MAX: usize = 32;

/// A folder as the local store keeps blobs.
#[derive(Debug)]
pub struct FolderBlobs(pub PathBuf);

impl FolderBlobs {
    fn one(&self, wanted: &Wanted) -> Result<Bytes, BlobError> {
        if key_problem(&wanted.key).is_some() {
            return Err(BlobError::Missing);
        }
        read(&self.0.join(&wanted.key), wanted.bytes_max)
    }
}

impl Blobs for FolderBlobs {
    fn read(&self, wanted: &[Wanted]) -> Vec<Result<Bytes, BlobError>> {
        wanted.iter().map(|one| self.one(one)).collect()
    }
}

/// A file of at most so many bytes.
fn read(path: &Path, bytes_max: u64) -> Result<Bytes, BlobError> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => BlobError::Missing,
        _ => BlobError::Failed(error.to_string()),
    };
    let file = fs_err::File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(BlobError::Missing);
    }
    if metadata.len() > bytes_max {
        return Err(BlobError::TooLarge);
    }
    let mut bytes = Vec::new();
    file.take(bytes_max).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes.into())
}

/// A server that has each blob at its key behind an address.
pub struct WebBlobs {
    runtime: tokio::runtime::Runtime,
    /// For evidence, which is small, and for everything else.
    small: Fetcher,
    large: Fetcher,
    base: String,
    cache: Option<PathBuf>,
    /// How many blobs failed since one did not.
    failed: AtomicUsize,
}

impl fmt::Debug for WebBlobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebBlobs").field("base", &self.base).finish_non_exhaustive()
    }
}

impl WebBlobs {
    /// Time for one try to get one blob.
    pub const TIME_MAX: Duration = Duration::from_secs(120);

    /// `cache`: a folder that keeps what was fetched. `time_max`: for one try to get one blob.
    ///
    /// # Errors
    ///
    /// No threads, or no HTTP client.
    pub fn new(
        base: &str,
        cache: Option<PathBuf>,
        time_max: Duration,
    ) -> Result<Self, std::io::Error> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let fetcher = |bytes_max| {
            let limits = Limits { bytes_max, time_max, redirects_max: 0 };
            // The user gave the address.
            Fetcher::new(fetch::anywhere, limits)
                .map_err(|error| std::io::Error::other(format!("no HTTP client: {error}")))
        };
        let (small, large) = (fetcher(SMALL_MAX)?, fetcher(LARGE_MAX)?);
        Ok(Self {
            runtime,
            small,
            large,
            base: base.trim_end_matches('/').to_owned(),
            cache,
            failed: AtomicUsize::new(0),
        })
    }

    /// From where it is kept.
    fn kept(&self, wanted: &Wanted) -> Option<Bytes> {
        read(&self.cache.as_ref()?.join(&wanted.key), wanted.bytes_max).ok()
    }

    /// Keeps it if that works; what does not is fetched again the next time.
    fn keep(&self, key: &str, bytes: &Bytes) {
        let Some(cache) = &self.cache else { return };
        let path = cache.join(key);
        let folder = path.parent().unwrap_or(cache);
        let write = || -> std::io::Result<()> {
            fs_err::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(bytes)?;
            file.persist(&path)?;
            Ok(())
        };
        write().ok();
    }

    fn url(&self, key: &str) -> String {
        let mut url = format!("{}/", self.base);
        for byte in key.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
                url.push(byte.into());
            } else {
                url.push_str(&format!("%{byte:02X}"));
            }
        }
        url
    }
}

impl Blobs for WebBlobs {
    fn read(&self, wanted: &[Wanted]) -> Vec<Result<Bytes, BlobError>> {
        let mut all = Vec::with_capacity(wanted.len());
        for part in wanted.chunks(TOGETHER) {
            let tasks: Vec<_> = part
                .iter()
                .map(|one| {
                    if key_problem(&one.key).is_some() {
                        return Err(Err(BlobError::Missing));
                    }
                    if let Some(kept) = self.kept(one) {
                        return Err(Ok(kept));
                    }
                    if self.failed.load(Ordering::Relaxed) >= FAILURES_MAX {
                        let why = format!(
                            "the server failed {FAILURES_MAX} times in a row, and is not asked any more"
                        );
                        return Err(Err(BlobError::Failed(why)));
                    }
                    let is_small = one.bytes_max <= SMALL_MAX as u64;
                    let fetcher = if is_small { &self.small } else { &self.large }.clone();
                    let (url, bytes_max) = (self.url(&one.key), one.bytes_max);
                    Ok(self.runtime.spawn(async move { get(&fetcher, &url, bytes_max).await }))
                })
                .collect();
            for (task, one) in tasks.into_iter().zip(part) {
                all.push(match task {
                    Err(known) => known,
                    Ok(task) => {
                        let got = self.runtime.block_on(task);
                        let got =
                            got.unwrap_or_else(|error| Err(BlobError::Failed(error.to_string())));
                        match &got {
                            Err(BlobError::Failed(_)) => {
                                self.failed.fetch_add(1, Ordering::Relaxed);
                            }
                            _ => self.failed.store(0, Ordering::Relaxed),
                        }
                        if let Ok(bytes) = &got {
                            self.keep(&one.key, bytes);
                        }
                        got
                    }
                });
            }
        }
        all
    }
}

/// One file.
async fn get(fetcher: &Fetcher, url: &str, bytes_max: u64) -> Result<Bytes, BlobError> {
    let mut tries = 1;
    loop {
        return match fetcher.fetch_whole(url).await {
            Ok(bytes) if bytes.len() as u64 > bytes_max => Err(BlobError::TooLarge),
            Ok(bytes) => Ok(bytes.into()),
            Err(FetchError::Status(404 | 410)) => Err(BlobError::Missing),
            Err(FetchError::TooLong { .. }) => Err(BlobError::TooLarge),
            Err(error) if error.is_transient() && tries < TRIES => {
                tries += 1;
                continue;
            }
            Err(error) => Err(BlobError::Failed(error.to_string())),
        };
    }
}
