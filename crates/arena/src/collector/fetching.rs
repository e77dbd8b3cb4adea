//! One file of a miner: fetched, looked at, stored.

use std::time::Duration;

use bytes::Bytes;
use ledger::files::outputs::AssetKind;
use store::{Blob, StoreError};

use super::manifest::Fetched;
use super::settings::Settings;
use crate::ports::{Ports, WebError, WebLimits};

/// Tries of a file at the store.
pub(super) const STORE_TRIES: u32 = 5;

/// How it ended.
#[derive(Debug)]
pub(super) enum End {
    /// It is in the store.
    Stored(Fetched),
    /// For good, with the reason for the row.
    Failed(String),
    /// For good too, and no server was asked.
    Unasked(String),
    /// Nothing of the miner's answered; that may be the network's fault.
    NoAnswer(String),
    /// Something of ours failed.
    Ours(String),
}

/// What to fetch.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) kind: AssetKind,
    pub(super) url: String,
    pub(super) key: String,
}

/// Where a miner has the asset of a prompt.
pub(super) fn url_of(cdn_url: &str, stem: &str, kind: AssetKind) -> String {
    format!("{}/{stem}.{}", cdn_url.trim_end_matches('/'), kind.extension())
}

/// Fetches and stores.
pub(super) async fn fetch(ports: &Ports, settings: &Settings, wanted: &Wanted) -> End {
    let word = wanted.kind.extension();
    let bytes_max = settings.bytes_max(wanted.kind);
    let limits = WebLimits {
        bytes_max,
        time_max: settings.file_time(bytes_max),
        rate_min: Some(settings.rate_min),
    };
    let asked = get(ports, settings, &wanted.url, &limits, WebError::may_change).await;
    let bytes = match asked {
        Ok(bytes) => bytes,
        Err(WebError::TooLarge) => return End::Failed(format!("{word}_too_large")),
        Err(error) => {
            let reason = format!("{word}_fetch_failed: {error}");
            return match error {
                WebError::Kind("connect" | "timeout") => End::NoAnswer(reason),
                WebError::Kind("refused_address" | "bad_url") => End::Unasked(reason),
                _ => End::Failed(reason),
            };
        }
    };
    let fetched_at = ports.clock.now();
    if bytes.is_empty() {
        return End::Failed(format!("{word}_empty"));
    }
    if bytes.len() > bytes_max {
        return End::Failed(format!("{word}_too_large"));
    }
    if wanted.kind == AssetKind::Module && std::str::from_utf8(&bytes).is_err() {
        return End::Failed(format!("{word}_not_utf8"));
    }
    match put(ports, &wanted.key, bytes, content_type(wanted.kind)).await {
        Ok(blob) => End::Stored(Fetched { sha256: blob.sha256, size: blob.size_bytes, fetched_at }),
        Err(StoreError::Key { .. }) => End::Failed(format!("{word}_upload_failed")),
        Err(error) => End::Ours(format!("storing {error}")),
    }
}

/// A file, in a few tries where another may help.
pub(super) async fn get(
    ports: &Ports,
    settings: &Settings,
    url: &str,
    limits: &WebLimits,
    may_help: fn(&WebError) -> bool,
) -> Result<Bytes, WebError> {
    let mut tries = 1;
    loop {
        match ports.web.get(url, limits).await {
            Err(error) if may_help(&error) && tries < settings.file_tries => {
                let pause = settings.file_retry_s.saturating_mul(1 << (tries - 1).min(8));
                ports.clock.sleep(Duration::from_secs(pause)).await;
                tries += 1;
            }
            end => return end,
        }
    }
}

/// A write to the store, in a few tries.
pub(super) async fn put(
    ports: &Ports,
    key: &str,
    content: Bytes,
    content_type: &'static str,
) -> Result<Blob, StoreError> {
    let mut tries = 1;
    loop {
        match ports.store.put(key, content.clone(), content_type).await {
            Err(StoreError::Failed { .. }) if tries < STORE_TRIES => {
                ports.clock.sleep(Duration::from_secs(1 << tries)).await;
                tries += 1;
            }
            end => return end,
        }
    }
}

const fn content_type(kind: AssetKind) -> &'static str {
    match kind {
        AssetKind::Module => "application/javascript",
        AssetKind::Mesh | AssetKind::Splats => "application/octet-stream",
    }
}
