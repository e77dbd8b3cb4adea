//! 3DGS PLY: the file that Gaussian-splat training writes.
//!
//! Facts: the PLY description of G. Turk (elements, scalar and list properties, three encodings) and the property
//! names of 3DGS training output: `x y z`, `nx ny nz`, `f_dc_0..2`, `f_rest_*`, `opacity`, `scale_0..2`, `rot_0..3`
//! (rendering specification §B.1). `f_rest_*` runs through all coefficients of red, then of green, then of blue;
//! [`SplatsParts::sh_rest`](crate::SplatsParts::sh_rest) is `[splat, coefficient, channel]`.
//!
//! What [`read`] takes:
//! - ASCII, binary little-endian and big-endian; lines of the header may end in CR LF;
//! - properties in any order and of any scalar type (`double` is rounded to `f32`), both naming schemes;
//! - properties and elements it does not know, lists among them: they are walked over, not kept;
//! - 0, 9, 24, 45 or 72 `f_rest_*`, with or without normals;
//! - numbers that are not finite and quaternions of length zero: they are values like any other here, and
//!   [`crate::stats`] counts them, [`crate::rules`] refuses them.
//!
//! What follows the last element is not kept. Less than one record of it (padding, a line break) is let pass; a whole
//! record or more means that the header's count is wrong, and is refused.

mod ascii;
mod binary;
mod dialect;
mod error;
mod header;
mod layout;
mod losses;
mod rows;
mod write;

use std::io::{BufRead, BufReader, Read};

pub(crate) use binary::{Input, at, refuse_more, skip_element, value_of};
pub(crate) use dialect::Remark;
pub use error::{HeaderError, ReadError};
pub use header::HEADER_BYTES_MAX;
pub use write::write;

pub(crate) use header::{Element, Encoding, Header, Kind, Scalar, is_rest};
pub(crate) use losses::losses;
pub(crate) use rows::grow;

use crate::{Splats, compressed_ply};
use layout::Layout;

/// Bytes read and decoded at a time. Two such buffers are held, so that one is filled while the other is decoded.
const CHUNK_BYTES: usize = 4 << 20;

/// Reads a 3DGS PLY to its end; a compressed one too ([`compressed_ply`] says what is different).
///
/// `byte_len` is the length of the whole file where the caller knows it. Memory for all splats is reserved at once
/// only if that length has room for the count the header gives; otherwise it grows with the bytes that really come.
/// Beyond the splats, two buffers of 4 MiB are held.
///
/// # Errors
/// [`ReadError`] names the line, the property or the byte, and the limit where one was passed.
pub fn read(reader: impl Read, byte_len: Option<u64>) -> Result<Splats, ReadError> {
    read_with_losses(reader, byte_len).map(|(splats, _)| splats)
}

/// [`read`], and what the file has besides its splats, one line each: elements, properties, comments.
///
/// # Errors
/// As [`read`].
pub fn read_with_losses(
    reader: impl Read,
    byte_len: Option<u64>,
) -> Result<(Splats, Vec<String>), ReadError> {
    let mut reader = BufReader::with_capacity(64 << 10, reader);
    let header = Header::read(&mut reader)?;
    let splats = if compressed_ply::is_layout_of(&header) {
        compressed_ply::read_records(&mut reader, &header, byte_len)
    } else {
        read_records(&mut reader, &header, byte_len)
    }?;
    Ok((splats, losses(&header)))
}

/// A plain PLY, and what in the header other readers stumble over.
pub(crate) fn read_with_dialect(
    reader: impl Read,
    byte_len: Option<u64>,
) -> Result<(Splats, Vec<Remark>), ReadError> {
    let mut reader = BufReader::with_capacity(64 << 10, reader);
    let header = Header::read(&mut reader)?;
    let splats = read_records(&mut reader, &header, byte_len)?;
    Ok((splats, dialect::remarks(&header)))
}

fn read_records(
    reader: &mut impl BufRead,
    header: &Header,
    byte_len: Option<u64>,
) -> Result<Splats, ReadError> {
    let layout = Layout::of(header)?;
    let parts = match header.encoding {
        Encoding::Ascii => ascii::read(reader, header, &layout, byte_len)?,
        Encoding::LittleEndian => binary::read::<false>(reader, header, &layout, byte_len)?,
        Encoding::BigEndian => binary::read::<true>(reader, header, &layout, byte_len)?,
    };
    Ok(Splats::new(parts)?)
}

#[cfg(test)]
mod tests;
