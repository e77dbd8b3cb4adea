//! Files from addresses that strangers chose.
//!
//! A [`Fetcher`] connects only where it may ([`in_public`] by default of every service), looks names up once and connects to
//! what it looked up, follows redirects itself, and stops at limits on bytes and time. [`Guarded`] is for miners of a competition:
//! it follows no redirect, and asks for a rate too. This is an edge: it uses the network.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod address;
mod coding;
mod fetcher;
mod guarded;

pub use address::is_public;
pub use fetcher::{FetchError, Fetcher, Limits, Policed, anywhere, in_public};
pub use guarded::{Allowed, AllowedError, FileLimits, GuardError, Guarded};
pub use reqwest::Url;
