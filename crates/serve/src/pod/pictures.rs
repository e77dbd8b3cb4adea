//! Pictures of prompts, from where the order says they are.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use fetch::{FetchError, Fetcher, Limits};
use tokio::time::{Instant, sleep, timeout_at};

use super::limits::{PICTURE_BYTES_MAX, REDIRECTS_MAX};
use super::words;

/// Waits before another try.
const WAITS: [Duration; 3] =
    [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(3)];

/// Fetches pictures.
#[derive(Debug)]
pub(super) struct Pictures {
    fetcher: Fetcher,
    /// For one picture, with every try.
    time_max: Duration,
}

impl Pictures {
    pub(super) fn new(time_max: Duration, allow_private_urls: bool) -> io::Result<Self> {
        let may_connect = if allow_private_urls { fetch::anywhere } else { fetch::in_public };
        let limits = Limits {
            bytes_max: PICTURE_BYTES_MAX,
            // Time for another try is left.
            time_max: time_max.div_f64(2.0),
            redirects_max: REDIRECTS_MAX,
        };
        Ok(Self { fetcher: Fetcher::new(may_connect, limits).map_err(io::Error::other)?, time_max })
    }

    /// The picture at a URL, or the reason for the manifest.
    pub(super) async fn fetch(&self, url: &str) -> Result<Bytes, String> {
        let end = Instant::now() + self.time_max;
        let mut last = None;
        for wait in WAITS.into_iter().map(Some).chain([None]) {
            let failure = match timeout_at(end, self.fetcher.fetch_whole(url)).await {
                Ok(Ok(picture)) => return Ok(picture.into()),
                Ok(Err(failure)) => failure,
                Err(_) => FetchError::Time { max: self.time_max },
            };
            let is_last = wait.is_none() || !failure.is_transient();
            last = Some(failure);
            let wait = wait.unwrap_or_default();
            if is_last || Instant::now() + wait >= end {
                break;
            }
            sleep(wait).await;
        }
        let reason = last.map_or_else(String::new, |failure| failure.to_string());
        Err(words::short(&format!("image download failed: {reason}")))
    }
}
