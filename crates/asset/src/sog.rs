//! SOG: PlayCanvas' splats in lossless WebP pictures, one pixel a splat; bundled in one zip file (`.sog`).
//!
//! Facts: the format description published with PlayCanvas' developer documentation (version 2), and for version 1 its
//! readers. `meta.json` names the pictures and holds the ranges and codebooks:
//!
//! | Picture | Pixel |
//! |---|---|
//! | means, low and high | 16 bits an axis between `mins` and `maxs` of sign(x) · ln(1 + \|x\|) |
//! | scales | one byte an axis: place of the log scale in a codebook of 256 |
//! | quats | the three smallest of w, x, y, z in bytes over ±√½; alpha is 252 + place of the largest, which is positive |
//! | sh0 | red, green, blue of `sh_dc` by a codebook of 256; alpha is the opacity |
//! | shN, labels | low and high byte of the place in a palette of harmonics, at most 65 536 entries |
//! | shN, centroids | the palette: 64 entries a row, a pixel a coefficient, bytes by a codebook of 256 |
//!
//! Version 1 has ranges in place of codebooks, and the logit of the opacity in place of the opacity.
//!
//! Values are taken as stored: no axis is turned. [`write()`] sorts splats along a Morton curve, so that neighbours in the
//! pictures are neighbours in space, and tells the order. Its codebooks and its palette minimise the squared error; its
//! pictures are written by an encoder of our own. Everything is lost a little, and opacities of 0 and 255
//! are read as in [`crate::spz`].

mod codebook;
mod error;
mod means;
mod meta;
mod palette;
mod pictures;
mod read;
mod rotation;
mod write;

use std::io::{Read, Write};

pub use error::{ReadError, WriteError};

use crate::Splats;

/// Bytes of a file that we read: a sound file of 2^24 splats has 300 MiB.
pub const BYTES_MAX: u64 = 512 << 20;
/// Bytes of `meta.json`: a sound one has 12 kB.
pub const META_BYTES_MAX: u64 = 1 << 20;
/// Entries of the palette of spherical harmonics.
pub const PALETTE_MAX: usize = 1 << 16;

/// What [`write()`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Splat i of the file was splat `order[i]`.
    pub order: Vec<u32>,
}

/// Reads a bundled SOG of version 1 or 2. `byte_len` is the length of the whole file where the caller knows it.
///
/// The file is held in memory, and its pictures unpacked beside it: about 40 bytes a splat.
///
/// # Errors
/// [`ReadError`] names the entry, the field or the pixel, and the limit where one was passed.
pub fn read(reader: impl Read, byte_len: Option<u64>) -> Result<Splats, ReadError> {
    read::read(reader, byte_len)
}

/// Writes a bundled SOG of version 2. The same splats give the same bytes.
///
/// # Errors
/// [`WriteError`] names the first splat that cannot be stored (a value that is not finite, a quaternion of length zero), or the
/// degree if it is above 3; nothing is written then.
pub fn write(splats: &Splats, writer: impl Write) -> Result<Written, WriteError> {
    write::write(splats, writer)
}
