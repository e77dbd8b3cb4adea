//! Compressed PLY: 3DGS splats in 16 bytes each, and one byte for each SH value, as PlayCanvas' tools write them.
//!
//! Facts: what PlayCanvas' splat-transform 3.7.0 reads and writes (its format has no other description). Element
//! `chunk` has bounds for every 256 splats in a row; element `vertex` has four words a splat; element `sh`, which may
//! be missing, has `f_rest_*` as bytes. Bits are counted from the top:
//!
//! | Word | Bits | Meaning |
//! |---|---|---|
//! | `packed_position` | 11 x, 10 y, 11 z | from `min_x …` to `max_x …` of the chunk |
//! | `packed_rotation` | 2, then 3 × 10 | number of the largest of w, x, y, z, then the others in this order, from −√½ to √½ |
//! | `packed_scale` | 11, 10, 11 | from `min_scale_x …` to `max_scale_x …`: logarithms |
//! | `packed_color` | 4 × 8 | 0.5 + 0.2820948 · `f_dc` from `min_r …` to `max_r …` (0 to 1 where the file has none); activated opacity |
//! | `f_rest_*` | 8 | steps of 1/32, from −4 to 4; there is no 0, ±1/64 is nearest |
//!
//! Values are taken as they are, as in [`crate::ply`]. Opacities of 0 and 255 have no finite logit; they are read as ∓16.
//!
//! [`read`] takes little- and big-endian files, chunks with and without bounds of colours, SH degrees 0 to 4, and
//! properties and elements that it does not know.
//!
//! What is lost in writing depends on how alike the splats of a chunk are, so [`Order::Compact`] puts those that are
//! near each other into one chunk: the splats are halved again and again where a step of the fixed point would be
//! largest. A position is then off by at most half a step of 1/2047 (y: 1/1023) of its chunk's box. Once lost, nothing
//! more is: positions, scales, rotations, opacities and SH come back bit for bit when what was read is written with
//! [`Order::Kept`] and read again, colours within 1e-6.

mod layout;
mod order;
mod read;
mod values;
mod write;

use std::io::{BufReader, Read, Write};

use crate::Splats;
use crate::ply::{Header, ReadError, losses};
pub(crate) use layout::is_kept;
pub use order::Order;
pub(crate) use read::read_records;
pub use write::WriteError;

/// Splats that share bounds.
const CHUNK_SPLATS: usize = 256;

/// Whether a PLY file that starts like this is a compressed one. The whole header need not be there: the line that tells
/// comes first, after comments.
#[must_use]
pub fn is_compressed(first_bytes: &[u8]) -> bool {
    let mut lines = first_bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.next() == Some(b"ply")
        && lines
            .take_while(|line| *line != b"end_header")
            .any(|line| line.starts_with(b"element chunk "))
}

pub(crate) fn is_layout_of(header: &Header) -> bool {
    header.find("chunk").is_some()
        && header.find("vertex").is_some_and(|idx| {
            let properties = &header.elements[idx].properties;
            properties.iter().any(|property| property.name == "packed_position")
        })
}

/// Reads a compressed PLY to its end. [`crate::ply::read`] takes both kinds.
///
/// `byte_len` is the length of the whole file where the caller knows it. Memory for all splats is reserved at once
/// only if that length has room for the counts of the header; otherwise it grows with the bytes that really come.
///
/// # Errors
/// [`ReadError`] names the line, the property or the byte, and the limit where one was passed.
pub fn read(reader: impl Read, byte_len: Option<u64>) -> Result<Splats, ReadError> {
    read_with_losses(reader, byte_len).map(|(splats, _)| splats)
}

/// [`read`], and what the file has besides its splats, one line each.
///
/// # Errors
/// As [`read`].
pub fn read_with_losses(
    reader: impl Read,
    byte_len: Option<u64>,
) -> Result<(Splats, Vec<String>), ReadError> {
    let mut reader = BufReader::with_capacity(64 << 10, reader);
    let header = Header::read(&mut reader)?;
    let splats = read_records(&mut reader, &header, byte_len)?;
    Ok((splats, losses(&header)))
}

/// Writes a compressed PLY, binary little-endian, with bounds of colours. Gives the order: entry `i` is the number,
/// among the splats given, of splat `i` of the file.
///
/// Beside the splats, 16 bytes each are held.
///
/// # Errors
/// [`WriteError`] names the first splat that cannot be stored (a value that is not finite, a quaternion of length zero);
/// nothing is written then. SH degree 4 is refused: no other reader knows it.
pub fn write(splats: &Splats, order: Order, writer: impl Write) -> Result<Vec<u32>, WriteError> {
    write::write(splats, order, writer)
}
