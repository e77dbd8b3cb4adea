//! Files of strangers' servers in a competition: whole or not at all, without redirects, within limits on bytes, time and rate.
//!
//! Private addresses are refused unless an operator named them. A coded body is decoded as it comes, and its limit
//! counts what it decodes to, so that no small answer becomes a large file.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Url, header};
use tokio::time::Instant;

use crate::address::is_public;
use crate::coding::Body;
use crate::fetcher::{Looked, NoPublicAddress};

/// For so long no rate is asked for.
const RATE_FROM: Duration = Duration::from_secs(10);

/// Connections kept open to each server.
const IDLE_PER_HOST: usize = 8;

/// Addresses that may be asked although they are not public.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed(Vec<Allow>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Allow {
    /// A host as URLs have it, and a port.
    Host(String, u16),
    /// First address, and how many of its bits count.
    Network(IpAddr, u32),
}

/// A text that names no addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is no host:port (127.0.0.1:8080, [::1]:80, cdn.local:443) and no network (10.0.0.0/8, fd00::/8)"
)]
pub struct AllowedError(String);

impl Allowed {
    /// From texts: `host:port`, or a network such as `127.0.0.0/8`.
    ///
    /// # Errors
    ///
    /// [`AllowedError`] for the first that is neither.
    pub fn parse<S: AsRef<str>>(texts: &[S]) -> Result<Self, AllowedError> {
        let all = texts.iter().map(AsRef::as_ref);
        let parsed = all.map(|text| text.parse().map_err(|()| AllowedError(text.to_owned())));
        parsed.collect::<Result<_, _>>().map(Self)
    }

    fn has_network(&self, address: IpAddr) -> bool {
        self.0.iter().any(|allow| match *allow {
            Allow::Network(first, bits) => in_network(address, first, bits),
            Allow::Host(..) => false,
        })
    }

    fn has_host(&self, url: &Url) -> bool {
        let (host, port) = (url.host_str(), url.port_or_known_default());
        self.0.iter().any(|allow| match allow {
            Allow::Host(name, number) => host == Some(name.as_str()) && port == Some(*number),
            Allow::Network(..) => false,
        })
    }
}

fn in_network(address: IpAddr, first: IpAddr, bits: u32) -> bool {
    match (address, first) {
        (IpAddr::V4(address), IpAddr::V4(first)) => {
            let differ = u32::from(address) ^ u32::from(first);
            differ.leading_zeros() >= bits
        }
        (IpAddr::V6(address), IpAddr::V6(first)) => {
            let differ = u128::from(address) ^ u128::from(first);
            differ.leading_zeros() >= bits
        }
        _ => false,
    }
}

impl FromStr for Allow {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if let Some((first, bits)) = text.split_once('/') {
            let first: IpAddr = first.parse().map_err(|_| ())?;
            let bits: u32 = bits.parse().map_err(|_| ())?;
            let most = if first.is_ipv4() { 32 } else { 128 };
            return if bits <= most { Ok(Self::Network(first, bits)) } else { Err(()) };
        }
        let (host, port) = text.rsplit_once(':').ok_or(())?;
        let port = port.parse().map_err(|_| ())?;
        // As URLs have it: in lower case, addresses in one way of writing.
        let url = Url::parse(&format!("http://{host}/")).map_err(|_| ())?;
        let is_bare = url.path() == "/" && url.username().is_empty() && url.port().is_none();
        match url.host_str() {
            Some(host) if is_bare => Ok(Self::Host(host.to_owned(), port)),
            _ => Err(()),
        }
    }
}

/// Limits of one file.
#[derive(Debug, Clone, Copy)]
pub struct FileLimits {
    /// Bytes; a longer file is an error.
    pub bytes_max: usize,
    /// From the first look-up to the last byte.
    pub time_max: Duration,
    /// Bytes a second of the body, on average, once it has come for ten seconds.
    pub rate_min: Option<u64>,
}

/// Why there is no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GuardError {
    /// Not with the file; redirects are among these.
    #[error("HTTP {0}")]
    Status(u16),
    /// More bytes than allowed, said or sent.
    #[error("too large")]
    TooLarge,
    /// Not an http or https URL, or one with credentials.
    #[error("bad URL")]
    Url,
    /// An address that is not public and not allowed.
    #[error("refused address")]
    Refused,
    /// No name, no connection, or it broke off before there was an answer.
    #[error("no connection")]
    Connect,
    /// TLS failed.
    #[error("TLS failed")]
    Tls,
    /// Not in time.
    #[error("timeout")]
    Time,
    /// Too slowly.
    #[error("too slow")]
    Slow,
    /// Broken off, not HTTP, or coded in a way that is not known.
    #[error("broken body")]
    Body,
}

/// Fetches files of strangers.
#[derive(Clone)]
pub struct Guarded {
    /// Looks names up, and leaves out what is neither public nor in a network that is allowed.
    strict: Client,
    /// For hosts that an operator named.
    named: Client,
    allowed: Allowed,
}

impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").field("allowed", &self.allowed).finish_non_exhaustive()
    }
}

impl Guarded {
    /// From public addresses, and those `allowed`.
    ///
    /// # Errors
    ///
    /// No TLS, or no resolver, on this machine.
    pub fn new(allowed: Allowed) -> Result<Self, reqwest::Error> {
        // Another part of the program may have chosen one already.
        rustls::crypto::ring::default_provider().install_default().ok();
        let networks = allowed.clone();
        let strict =
            Looked::new(move |address| is_public(address) || networks.has_network(address));
        Ok(Self { strict: client(strict)?, named: client(Looked::new(|_| true))?, allowed })
    }

    /// One file.
    ///
    /// # Errors
    ///
    /// [`GuardError`].
    pub async fn get(&self, url: &str, limits: &FileLimits) -> Result<Vec<u8>, GuardError> {
        let whole = tokio::time::timeout(limits.time_max, self.file(url, limits)).await;
        whole.unwrap_or(Err(GuardError::Time))
    }

    async fn file(&self, url: &str, limits: &FileLimits) -> Result<Vec<u8>, GuardError> {
        let url = Url::parse(url).map_err(|_| GuardError::Url)?;
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        if !matches!(url.scheme(), "http" | "https") || has_credentials {
            return Err(GuardError::Url);
        }
        let client = if self.allowed.has_host(&url) { &self.named } else { self.strict_for(&url)? };
        let request = client.get(url).header(header::ACCEPT_ENCODING, "identity");
        let mut answer = request.send().await.map_err(|error| failure(&error))?;
        if !answer.status().is_success() {
            return Err(GuardError::Status(answer.status().as_u16()));
        }
        let mut codings = answer.headers().get_all(header::CONTENT_ENCODING).iter();
        let coding = codings.next().map(header::HeaderValue::as_bytes);
        let body = Body::new(coding, limits.bytes_max).filter(|_| codings.next().is_none());
        let mut body = body.ok_or(GuardError::Body)?;
        let said = answer.content_length();
        if said.is_some_and(|said| said > body.coded_max() as u64) {
            return Err(GuardError::TooLarge);
        }
        let since = Instant::now();
        loop {
            let chunk = match limits.rate_min {
                None => answer.chunk().await,
                Some(rate) => {
                    // What came so far is enough until then.
                    let enough = Duration::from_secs(body.came() as u64 / rate.max(1));
                    let until = since + enough.max(RATE_FROM);
                    let chunk = tokio::time::timeout_at(until, answer.chunk()).await;
                    chunk.map_err(|_| GuardError::Slow)?
                }
            };
            let Some(chunk) = chunk.map_err(|_| GuardError::Body)? else { return body.end() };
            body.push(&chunk)?;
        }
    }

    /// Addresses written as numbers are not looked up, so they are checked here.
    fn strict_for(&self, url: &Url) -> Result<&Client, GuardError> {
        let host = url.host_str().ok_or(GuardError::Url)?;
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match literal {
            Ok(address) if !is_public(address) && !self.allowed.has_network(address) => {
                Err(GuardError::Refused)
            }
            _ => Ok(&self.strict),
        }
    }
}

fn client(looked: Looked) -> Result<Client, reqwest::Error> {
    Client::builder()
        .dns_resolver(looked)
        .redirect(Policy::none())
        .no_proxy()
        .retry(reqwest::retry::never())
        .connect_timeout(Duration::from_secs(10))
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .user_agent("crucible")
        .build()
}

/// What kept a request from an answer.
fn failure(error: &reqwest::Error) -> GuardError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    if cause.is::<NoPublicAddress>() {
        GuardError::Refused
    } else if cause.is::<rustls::Error>() {
        GuardError::Tls
    } else if error.is_timeout() {
        GuardError::Time
    } else {
        GuardError::Connect
    }
}
