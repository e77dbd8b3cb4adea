//! Blobs of a competition, wherever they are kept.

use std::fmt;

use bytes::Bytes;

/// A blob to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its key, as `rounds/7/5Hot…/submitted/chair_01.js`. It comes from a file, so it may be anything.
    pub key: String,
    /// Bytes, at most.
    pub bytes_max: u64,
}

/// Why a blob could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// Nobody has it there.
    #[error("there is no such blob")]
    Missing,
    /// It has more bytes than were asked for.
    #[error("it is larger than it may be")]
    TooLarge,
    /// It may be there.
    #[error("{0}")]
    Failed(String),
}

/// Blobs by key.
pub trait Blobs: fmt::Debug {
    /// Reads some; one answer for each, in their order.
    fn read(&self, wanted: &[Wanted]) -> Vec<Result<Bytes, BlobError>>;
}

/// No blobs at all.
#[derive(Debug, Clone, Copy)]
pub struct NoBlobs;

impl Blobs for NoBlobs {
    fn read(&self, wanted: &[Wanted]) -> Vec<Result<Bytes, BlobError>> {
        wanted.iter().map(|_| Err(BlobError::Missing)).collect()
    }
}
