//! Fetching a file from an address that a stranger chose. The connection goes to addresses that were looked up and
//! checked here, on every redirect anew, so that a name cannot mean a public address first and a private one later.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url, header};

use crate::address;

/// How much is fetched, and how long that may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// What is longer is cut off here.
    pub bytes_max: usize,
    /// From the first look-up to the last byte, redirects included.
    pub time_max: Duration,
    /// Redirects followed.
    pub redirects_max: usize,
}

impl Limits {
    /// A module may have 2^20 bytes; of a longer one enough is read to see that it is.
    pub const MODULE: Self =
        Self { bytes_max: (1 << 20) + 4, time_max: Duration::from_secs(30), redirects_max: 3 };
}

/// Which addresses may be connected to.
pub type Policed = fn(IpAddr) -> bool;

/// Any address, for services whose callers are trusted.
pub const fn anywhere(_: IpAddr) -> bool {
    true
}

/// The public Internet.
pub fn in_public(address: IpAddr) -> bool {
    address::is_public(address)
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Not a URL of http or https.
    #[error("not an http or https URL")]
    Scheme,
    /// Begins as one and goes on as none.
    #[error("not an http or https URL")]
    Unparsable,
    /// An address that callers may not send us to.
    #[error("{host} is not on the public Internet (see --allow-private-urls)")]
    Private {
        /// As in the URL.
        host: String,
    },
    /// The other side answered, but not with the file.
    #[error("{0}")]
    Status(u16),
    /// More bytes than are taken.
    #[error("longer than {max} bytes")]
    TooLong {
        /// Our limit.
        max: usize,
    },
    /// Sent on too often.
    #[error("more than {max} redirects")]
    Redirects {
        /// Our limit.
        max: usize,
    },
    /// Not in time.
    #[error("no whole answer within {}", span(*max))]
    Time {
        /// Our limit.
        max: Duration,
    },
    /// Name, connection, TLS, HTTP.
    #[error("{0}")]
    Failed(String),
}

impl FetchError {
    /// Whether the same file may be had later: not in time, the connection failed or broke off, or status 408, 425, 429 or
    /// from 500 on.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Time { .. } | Self::Failed(_) => true,
            Self::Status(status) => matches!(*status, 408 | 425 | 429) || *status >= 500,
            Self::Scheme
            | Self::Unparsable
            | Self::Private { .. }
            | Self::TooLong { .. }
            | Self::Redirects { .. } => false,
        }
    }
}

/// Whole seconds as such, everything else in milliseconds.
fn span(time: Duration) -> String {
    if time.subsec_millis() == 0 {
        format!("{} s", time.as_secs())
    } else {
        format!("{} ms", time.as_millis())
    }
}

/// Fetches files.
#[derive(Debug, Clone)]
pub struct Fetcher {
    client: Client,
    may_connect: Policed,
    limits: Limits,
}

impl Fetcher {
    /// For files within `limits` from where `may_connect` allows.
    ///
    /// # Errors
    ///
    /// No TLS, or no resolver, on this machine.
    pub fn new(may_connect: Policed, limits: Limits) -> Result<Self, reqwest::Error> {
        // Another part of the program may have chosen one already.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = Client::builder()
            .dns_resolver(Looked::new(may_connect))
            .redirect(Policy::none())
            // A proxy would look names up itself.
            .no_proxy()
            .retry(reqwest::retry::never())
            .connect_timeout(Duration::from_secs(10))
            .pool_max_idle_per_host(1)
            .user_agent("crucible")
            .build()?;
        Ok(Self { client, may_connect, limits })
    }

    /// At most [`Limits::bytes_max`] bytes of what is there; a longer file is cut off.
    ///
    /// # Errors
    ///
    /// [`FetchError`].
    pub async fn fetch(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        let max = self.limits.time_max;
        let fetched = tokio::time::timeout(max, self.follow(url)).await;
        fetched.unwrap_or(Err(FetchError::Time { max }))
    }

    /// The whole file, if it has at most [`Limits::bytes_max`] bytes.
    ///
    /// # Errors
    ///
    /// [`FetchError`], [`FetchError::TooLong`] for a longer file.
    pub async fn fetch_whole(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        let max = self.limits.bytes_max;
        let limits = Limits { bytes_max: max.saturating_add(1), ..self.limits };
        let bytes = Self { limits, ..self.clone() }.fetch(url).await?;
        if bytes.len() > max { Err(FetchError::TooLong { max }) } else { Ok(bytes) }
    }

    async fn follow(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        let Limits { bytes_max, redirects_max, .. } = self.limits;
        let is_web = ["http://", "https://"].iter().any(|scheme| {
            url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        });
        let wrong = if is_web { FetchError::Unparsable } else { FetchError::Scheme };
        let mut url = Url::parse(url).map_err(|_| wrong)?;
        for _ in 0..=redirects_max {
            self.check(&url)?;
            let host = url.host_str().unwrap_or_default().to_owned();
            let answer = self.client.get(url.clone()).send().await;
            let mut answer = answer.map_err(|error| failure(&error, host))?;
            let next = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
            match (answer.status(), next) {
                (status, Some(next)) if is_redirect(status) => {
                    url = url.join(next).map_err(|_| FetchError::Scheme)?;
                }
                (status, _) if status.is_success() => {
                    let mut bytes = Vec::new();
                    while bytes.len() < bytes_max {
                        let chunk = answer.chunk().await;
                        let chunk = chunk.map_err(|error| failure(&error, String::new()))?;
                        let Some(chunk) = chunk else { break };
                        let room = bytes_max - bytes.len();
                        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
                    }
                    return Ok(bytes);
                }
                (status, _) => return Err(FetchError::Status(status.as_u16())),
            }
        }
        Err(FetchError::Redirects { max: redirects_max })
    }

    /// The scheme, and an address written as numbers; names are checked when they are looked up.
    fn check(&self, url: &Url) -> Result<(), FetchError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(FetchError::Scheme);
        }
        let host = url.host_str().ok_or(FetchError::Scheme)?;
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match literal {
            Ok(address) if !(self.may_connect)(address) => {
                Err(FetchError::Private { host: host.to_owned() })
            }
            _ => Ok(()),
        }
    }
}

const fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// The deepest cause says what happened; the outer ones repeat the URL.
fn failure(error: &reqwest::Error, host: String) -> FetchError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    if cause.is::<NoPublicAddress>() {
        return FetchError::Private { host };
    }
    FetchError::Failed(cause.to_string())
}

/// Looks names up and leaves out what may not be connected to.
pub(crate) struct Looked {
    may_connect: Arc<dyn Fn(IpAddr) -> bool + Send + Sync>,
}

impl Looked {
    pub(crate) fn new(may_connect: impl Fn(IpAddr) -> bool + Send + Sync + 'static) -> Self {
        Self { may_connect: Arc::new(may_connect) }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("no address that may be connected to")]
pub(crate) struct NoPublicAddress;

impl Resolve for Looked {
    fn resolve(&self, name: Name) -> Resolving {
        let may_connect = Arc::clone(&self.may_connect);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let good: Vec<SocketAddr> = found.filter(|address| may_connect(address.ip())).collect();
            if good.is_empty() {
                return Err(NoPublicAddress.into());
            }
            let good: Addrs = Box::new(good.into_iter());
            Ok(good)
        })
    }
}
