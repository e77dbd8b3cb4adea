//! What can be wrong with a SOG file, and what keeps splats from being written as one.

use std::io;

use crate::splats::Unstorable;
use crate::splats::{SplatCount, SplatsError};
use crate::spz::{RATIO_FREE_BYTES, RATIO_MAX};

use super::{BYTES_MAX, META_BYTES_MAX};

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Longer than [`BYTES_MAX`].
    #[error("sog: the file has more than {BYTES_MAX} bytes, our limit")]
    TooLong,
    /// The zip archive, or an entry of it, is broken.
    #[error("sog{}: {message}", Entry(name))]
    Zip {
        /// The entry; empty for the archive as a whole.
        name: String,
        /// Text of the zip library.
        message: String,
    },
    /// `meta.json` is longer than [`META_BYTES_MAX`].
    #[error("sog, meta.json: more than {META_BYTES_MAX} bytes, our limit")]
    MetaTooLong,
    /// `meta.json` is not JSON, or has not the fields it needs.
    #[error("sog, meta.json: {0}")]
    Json(#[from] serde_json::Error),
    /// A version nobody has defined.
    #[error("sog, meta.json: version {found} is not read; 1 and 2 are")]
    Version {
        /// The version.
        found: u64,
    },
    /// A field has a value without meaning.
    #[error("sog, meta.json: {field} is {found}, {expected} is needed")]
    Field {
        /// Name of the field.
        field: String,
        /// Its value.
        found: String,
        /// What would be right.
        expected: String,
    },
    /// More splats than we hold.
    #[error("sog, meta.json: {found} splats, our limit is {max}", max = SplatCount::MAX)]
    TooMany {
        /// Splats announced.
        found: u64,
    },
    /// A picture is no WebP that can be decoded.
    #[error("sog, {name}: {message}")]
    Picture {
        /// Name of the entry.
        name: String,
        /// Text of the decoder.
        message: String,
    },
    /// A picture has too few pixels for the splats, or not the width it needs.
    #[error("sog, {name}: {width} × {height} pixels, {expected}")]
    Size {
        /// Name of the entry.
        name: String,
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
        /// What would be right.
        expected: String,
    },
    /// A pixel points beyond what it points into.
    #[error("sog, {name}: splat {splat_idx} has {found}, {limit}")]
    Texel {
        /// Name of the entry.
        name: String,
        /// Splat, from 0.
        splat_idx: usize,
        /// The number found.
        found: u32,
        /// What numbers there are.
        limit: String,
    },
    /// Unpacks to far more than splats do.
    #[error(
        "sog: {unpacked} bytes unpacked from {packed}: over {RATIO_MAX} times (our limit, beyond the first {RATIO_FREE_BYTES} bytes)"
    )]
    Ratio {
        /// Bytes to be unpacked.
        unpacked: u64,
        /// Bytes of the file.
        packed: u64,
    },
    /// The attributes do not fit together; cannot happen.
    #[error("sog: {0}")]
    Splats(#[from] SplatsError),
    /// The bytes could not be had.
    #[error("sog: reading failed: {0}")]
    Io(#[from] io::Error),
}

struct Entry<'a>(&'a str);

impl std::fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, ", {}", self.0) }
    }
}

/// Why splats could not be written. Nothing was written, unless it is [`WriteError::Io`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A value has no place in the format.
    #[error("sog: {0}")]
    Value(#[from] Unstorable),
    /// The format has three degrees.
    #[error("sog: SH degree {found}, the format holds at most 3")]
    ShDegree {
        /// Degree of the splats.
        found: u8,
    },
    /// The bytes could not be written.
    #[error("sog: writing failed: {0}")]
    Io(#[from] io::Error),
}
