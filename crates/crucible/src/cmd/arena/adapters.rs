//! What owners work with, on this machine.

use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use arena::ports::{Entropy, Journals, Studio};
use bytes::Bytes;
use chain::Pending;
use ledger::batcher::{FileJournal, Journal};
use tokio::sync::Semaphore;
use views::{Bundle, Kind, Maker, ViewsError};

/// The operating system's randomness.
#[derive(Debug)]
pub(super) struct System;

impl Entropy for System {
    fn u32(&self) -> io::Result<u32> {
        let mut bytes = [0; 4];
        getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(u32::from_le_bytes(bytes))
    }
}

/// Journals as files of a folder.
#[derive(Debug)]
pub(super) struct Folder(pub(super) PathBuf);

impl Journals for Folder {
    fn open(&self, name: &str) -> io::Result<Box<dyn Journal>> {
        fs_err::create_dir_all(&self.0)?;
        Ok(Box::new(FileJournal::open(&self.0.join(format!("{name}.journal")))?))
    }
}

/// Makes view bundles on threads of this process.
pub(super) struct Here {
    maker: Maker,
    free: Arc<Semaphore>,
}

impl fmt::Debug for Here {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Here").finish_non_exhaustive()
    }
}

impl Here {
    /// So many at the same time.
    pub(super) fn new(maker: Maker, parallel: NonZeroUsize) -> Self {
        Self { maker, free: Arc::new(Semaphore::new(parallel.get())) }
    }
}

impl Studio for Here {
    fn bundle(
        &self,
        kind: Kind,
        asset: Bytes,
        prompt: Bytes,
    ) -> Pending<'_, Result<Bundle, ViewsError>> {
        Box::pin(async move {
            let permit = Arc::clone(&self.free).acquire_owned().await;
            let maker = self.maker.clone();
            let work = move || {
                let bundle = maker.bundle(kind, &asset, &prompt);
                drop(permit);
                bundle
            };
            let made = tokio::task::spawn_blocking(work).await;
            made.unwrap_or_else(|error| Err(ViewsError::Outage(error.to_string())))
        })
    }
}
