//! Other people's servers, over the network.

use std::time::Duration;

use bytes::Bytes;
use chain::Pending;
use fetch::{Allowed, FileLimits, GuardError};

use crate::ports::{Web, WebError, WebLimits};

/// [`Web`] that goes to public addresses and to those an operator named, follows no redirect, and keeps its limits.
#[derive(Debug, Clone)]
pub struct Guarded(fetch::Guarded);

/// Why there is no way to the network.
#[derive(Debug, thiserror::Error)]
pub enum GuardedError {
    /// A setting that names no addresses.
    #[error(transparent)]
    Allowed(#[from] fetch::AllowedError),
    /// No TLS, or no resolver.
    #[error("the network cannot be used: {0}")]
    Client(String),
}

impl Guarded {
    /// `allowed` are `host:port`s and networks (`127.0.0.0/8`) that may be asked although they are not public.
    ///
    /// # Errors
    ///
    /// [`GuardedError`].
    pub fn new<S: AsRef<str>>(allowed: &[S]) -> Result<Self, GuardedError> {
        let guarded = fetch::Guarded::new(Allowed::parse(allowed)?);
        guarded.map(Self).map_err(|error| GuardedError::Client(error.to_string()))
    }
}

impl Web for Guarded {
    fn get<'a>(
        &'a self,
        url: &'a str,
        limits: &'a WebLimits,
    ) -> Pending<'a, Result<Bytes, WebError>> {
        Box::pin(async move {
            let WebLimits { bytes_max, time_max, rate_min } = *limits;
            // A year is as good as for ever, and clocks can hold it.
            let time_max = time_max.min(Duration::from_secs(365 * 24 * 3600));
            let limits = FileLimits { bytes_max, time_max, rate_min };
            self.0.get(url, &limits).await.map(Bytes::from).map_err(|error| match error {
                GuardError::Status(status) => WebError::Status(status),
                GuardError::TooLarge => WebError::TooLarge,
                GuardError::Url => WebError::Kind("bad_url"),
                GuardError::Refused => WebError::Kind("refused_address"),
                GuardError::Connect => WebError::Kind("connect"),
                GuardError::Tls => WebError::Kind("tls"),
                GuardError::Time => WebError::Kind("timeout"),
                GuardError::Slow => WebError::Kind("slow"),
                GuardError::Body => WebError::Kind("body"),
            })
        })
    }
}
