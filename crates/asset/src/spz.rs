//! SPZ: Niantic's compressed splats, versions 1 to 4.
//!
//! Facts: the format description and the field layout published with nianticlabs/spz (versions 1–3: one gzip stream;
//! version 4: plain header, table of contents, one zstd stream per attribute). Checked against other implementations:
//! see `tests/it/spz_golden.rs`.
//!
//! The stored frame is right, up, back (right-handed, +Y up, +Z towards the viewer), which is ours, so values are taken
//! as they are; a file that says it is stored in another frame is refused. Order of SH coefficients and their signs
//! are those of 3DGS PLY.
//!
//! What is lost in writing (all values are stored in 8 bits but positions and rotations):
//!
//! | Attribute | Stored | Largest error within the range |
//! |---|---|---|
//! | position | 24-bit fixed point, 12 fractional bits, fewer only where a position is beyond ±2048 | 1/8192 |
//! | log scale | 1/16 steps from −10 to 5.9375, clamped | 1/32 |
//! | rotation | smallest three, 9 bits and sign each | 0.0024 per component |
//! | opacity | 1/255 steps of the activated value | 1/510 |
//! | `sh_dc` | 1/38.25 steps within ±3.333, clamped | 1/76.5 |
//! | SH degree 1; above | 1/16; 1/8 steps within −1 to 0.9922, clamped | 1/32; 1/16 (near 1: 1/16; 1/8) |
//!
//! Opacities of 0 and 255 have no finite logit; they are read as ∓16 (1.1e-7 away from 0 and 1), so that an asset
//! stays finite whatever it went through.

mod check;
mod error;
mod guard;
mod header;
mod planes;
mod read;
mod values;
mod write;

use std::io::{Read, Write};

pub(crate) use check::refuse_unstorable;
pub(crate) use error::Container;
pub use error::{Problem, ReadError, WriteError};
pub(crate) use guard::Guard;
pub use guard::{RATIO_FREE_BYTES, RATIO_MAX};
pub(crate) use header::Legacy;
pub(crate) use planes::Planes;
pub(crate) use read::{OneStream, one_frame, read_planes};
pub(crate) use values::{opacity_from, opacity_to};
pub(crate) use write::write_planes;

use crate::Splats;

/// The versions we write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// One gzip stream: what most viewers of 2025 read.
    V3,
    /// One zstd stream per attribute: smaller and several times faster.
    V4,
}

/// Reads SPZ versions 1 to 4, to the end.
///
/// `byte_len` is the length of the whole file where the caller knows it; a header that asks for more splats than a
/// file of that length can hold is then refused at once. Memory grows with the bytes that are really unpacked.
///
/// # Errors
/// [`ReadError`] names the byte or the attribute, and the limit where one was passed.
pub fn read(reader: impl Read, byte_len: Option<u64>) -> Result<Splats, ReadError> {
    read::read(reader, byte_len).map_err(|problem| ReadError::new(Container::Spz, problem))
}

/// Writes SPZ. The module text says what is lost.
///
/// # Errors
/// [`WriteError`] names the first splat that cannot be stored (a value that is not finite, a quaternion of length zero, a
/// position beyond ±8,388,607); nothing is written then. SH degree 4 needs [`Version::V4`].
pub fn write(splats: &Splats, version: Version, writer: impl Write) -> Result<(), WriteError> {
    write::write(splats, version, writer)
}
