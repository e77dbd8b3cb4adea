//! What can be wrong with an SPZ file, and what keeps splats from being written as one.

use crate::splats::{SplatCount, SplatsError};
use crate::unstorable::Unstorable;

use super::guard::{RATIO_FREE_BYTES, RATIO_MAX};

/// Which of the two wrappings a text is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Container {
    Spz,
    Spz404,
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{}{problem}", match container { Container::Spz => "spz", Container::Spz404 => "404-spz" })]
pub struct ReadError {
    container: Container,
    /// What is wrong, and where.
    pub problem: Problem,
}

impl ReadError {
    pub(crate) fn new(container: Container, problem: Problem) -> Self {
        Self { container, problem }
    }
}

/// What is wrong with a file. `Undefined` is a broken file; `TooMany` is a sound file that is bigger than we serve.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// A field of the header has a value without meaning.
    #[error(" header, byte {at}: {name} {found} is not defined")]
    Undefined {
        /// Byte within the header.
        at: usize,
        /// Name of the field.
        name: &'static str,
        /// Its value.
        found: String,
    },
    /// More splats than we hold.
    #[error(" header, byte 8: {found} splats, our limit is {max}")]
    TooMany {
        /// Splats announced.
        found: u64,
        /// The limit: [`SplatCount::MAX`], or that of the container.
        max: u64,
    },
    /// The file ends within the header.
    #[error(": the file ends at byte {byte}, within the header")]
    HeaderCut {
        /// Length of the file, bytes.
        byte: u64,
    },
    /// A field does not fit to the others.
    #[error(" header, byte {at}: {name} is {found}, {expected} is right for this file")]
    Wrong {
        /// Byte within the file.
        at: u64,
        /// Name of the field.
        name: String,
        /// Its value.
        found: u64,
        /// What the rest of the header asks for.
        expected: String,
    },
    /// The stored frame is not ours.
    #[error(" extension, byte {at}: coordinate system {found} is not read; 4 (right, up, back) is")]
    Frame {
        /// Byte within the extensions.
        at: usize,
        /// Number of the coordinate system.
        found: u32,
    },
    /// An attribute ends before its last splat.
    #[error(": the file ends in attribute {attribute}, in splat {splat} of {count}")]
    Cut {
        /// Attribute that is cut.
        attribute: &'static str,
        /// Whole splats before the cut.
        splat: usize,
        /// Splats announced.
        count: usize,
    },
    /// There is more than the header announces.
    #[error(": {part} goes on after the last of {count} splats: the header's count is too low")]
    GoesOn {
        /// Part of the file.
        part: &'static str,
        /// Splats announced.
        count: usize,
    },
    /// Unpacks to far more than splats do.
    #[error(
        ": {unpacked} bytes unpacked from {packed}: over {RATIO_MAX} times (our limit, beyond the first {RATIO_FREE_BYTES} bytes)"
    )]
    Ratio {
        /// Bytes unpacked, or to be unpacked.
        unpacked: u64,
        /// Bytes of the file they come from.
        packed: u64,
    },
    /// The compressed stream itself is broken.
    #[error(": the {codec} stream is broken: {message}")]
    Stream {
        /// gzip or zstd.
        codec: &'static str,
        /// Text of the decompressor.
        message: String,
    },
    /// The attributes do not fit together; cannot happen after a good header.
    #[error(": {0}")]
    Splats(#[from] SplatsError),
    /// The bytes could not be had.
    #[error(": reading failed: {0}")]
    Io(#[from] std::io::Error),
}

impl Problem {
    pub(super) fn undefined(at: usize, name: &'static str, found: impl std::fmt::Display) -> Self {
        Self::Undefined { at, name, found: found.to_string() }
    }

    pub(super) fn too_many(found: u32) -> Self {
        Self::TooMany { found: found.into(), max: SplatCount::MAX.into() }
    }
}

/// Why splats could not be written. Nothing was written, unless it is [`WriteError::Io`].
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A value has no place in the format.
    #[error("spz: {0}")]
    Unstorable(#[from] Unstorable),
    /// A position is outside of the fixed-point range; it would wrap around.
    #[error("spz: position of splat {splat_idx} has {value}, the limit is ±{limit}")]
    Position {
        /// Splat, from 0.
        splat_idx: usize,
        /// The coordinate, metres.
        value: f32,
        /// The largest that can be stored, metres.
        limit: f32,
    },
    /// The version has no room for the degree.
    #[error("spz: SH degree {found}, this version holds at most {max}")]
    ShDegree {
        /// Degree of the splats.
        found: u8,
        /// The highest that can be stored.
        max: u8,
    },
    /// More splats than readers of this container take.
    #[error("spz: {found} splats, the limit of this container is {max}")]
    TooMany {
        /// Number of splats.
        found: usize,
        /// The limit.
        max: usize,
    },
    /// The bytes could not be written.
    #[error("spz: writing failed: {0}")]
    Io(#[from] std::io::Error),
}
