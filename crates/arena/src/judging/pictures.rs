//! Pictures for judges: what the competition stored is read from its store, everything else from the web.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chain::Clock;
use judge::{Outage, Pending};
use store::{Store, StoreError};

use crate::ports::{Web, WebLimits};

/// Bytes of a picture or of descriptors, at most.
pub const PICTURE_BYTES_MAX: usize = 32 << 20;

/// Time for a picture from the web, tries and pauses not counted.
const TIME_MAX: Duration = Duration::from_secs(60);

/// Pauses between tries of what may work later.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];

/// Pictures by URL.
pub struct Pictures {
    store: Store,
    web: Arc<dyn Web>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Pictures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pictures").finish_non_exhaustive()
    }
}

impl Pictures {
    /// Of this store, and of this web.
    #[must_use]
    pub fn new(store: Store, web: Arc<dyn Web>, clock: Arc<dyn Clock>) -> Self {
        Self { store, web, clock }
    }

    async fn look(&self, url: &str) -> Result<Option<Bytes>, Outage> {
        if let Some(key) = self.store.key_of(url) {
            return match self.store.get(&key, PICTURE_BYTES_MAX as u64).await {
                Ok(found) => Ok(found),
                Err(StoreError::TooLarge { .. } | StoreError::Key { .. }) => Ok(None),
                Err(error) => Err(Outage(outage(&error))),
            };
        }
        let limits =
            WebLimits { bytes_max: PICTURE_BYTES_MAX, time_max: TIME_MAX, rate_min: Some(4096) };
        let mut pauses = PAUSES.into_iter();
        loop {
            match self.web.get(url, &limits).await {
                Ok(found) => return Ok(Some(found)),
                Err(error) if !error.is_transient() => return Ok(None),
                Err(error) => match pauses.next() {
                    Some(pause) => self.clock.sleep(pause).await,
                    None => {
                        return Err(Outage(outage(&format!("{}: {error}", ledger::shorten(url)))));
                    }
                },
            }
        }
    }
}

/// An error in at most 200 characters.
fn outage(error: &dyn fmt::Display) -> String {
    error.to_string().chars().filter(|c| !c.is_control()).take(200).collect()
}

impl judge::Pictures for Pictures {
    fn get<'a>(&'a self, url: &'a str) -> Pending<'a, Result<Option<Bytes>, Outage>> {
        Box::pin(self.look(url))
    }
}
