//! KSPLAT: the file of mkkellogg's `GaussianSplats3D`, versions 0.1 and later of major version 0. Reading only.
//!
//! Facts: the published source of that viewer. Little-endian: a header of 4096 bytes, a header of 1024 bytes for each
//! section there is room for, then the sections: sizes of buckets that are not full, centres of buckets, splats.
//!
//! | Level | Position | Scale, rotation | Harmonics |
//! |---|---|---|---|
//! | 0 | 3 × `f32` | 3 and 4 × `f32` | `f32` |
//! | 1 | 3 × `u16` about the centre of a bucket | half floats | half floats |
//! | 2 | as level 1 | as level 1 | bytes between two limits in the header |
//!
//! Colour and opacity are four bytes at every level, as in [`crate::splat`]; scales are no logarithms (0 and below are
//! read as 1.2e-38), quaternions are w, x, y, z. Harmonics run through each band by channel. Sections may have different degrees:
//! the missing bands of the lower ones are zeros. Values are taken as stored: no axis is turned.

mod header;
mod section;

use std::io::{self, Read};

use crate::splats::{ShDegree, SplatCount, Splats, SplatsError, SplatsParts};
use header::Header;
use section::Section;

/// Bytes of a file that we read.
pub const BYTES_MAX: u64 = 1 << 30;

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Longer than [`BYTES_MAX`].
    #[error("ksplat: the file has more than {BYTES_MAX} bytes, our limit")]
    TooLong,
    /// The file ends too early for what its headers announce.
    #[error("ksplat: the file ends at byte {len}, {part} needs {needed} bytes from byte {at} on")]
    Cut {
        /// Bytes of the file.
        len: u64,
        /// What is cut.
        part: &'static str,
        /// Where that starts.
        at: u64,
        /// How long it is.
        needed: u64,
    },
    /// A field has a value without meaning, or one that does not fit to the others.
    #[error("ksplat, byte {at}: {name} is {found}, {expected} is needed")]
    Field {
        /// Byte of the field.
        at: u64,
        /// Its name.
        name: &'static str,
        /// Its value.
        found: String,
        /// What would be right.
        expected: String,
    },
    /// More splats than we hold.
    #[error("ksplat, byte {at}: {found} splats, our limit is {max}", max = SplatCount::MAX)]
    TooMany {
        /// Byte of the field.
        at: u64,
        /// Splats announced.
        found: u64,
    },
    /// The attributes do not fit together; cannot happen.
    #[error("ksplat: {0}")]
    Splats(#[from] SplatsError),
    /// The bytes could not be had.
    #[error("ksplat: reading failed: {0}")]
    Io(#[from] io::Error),
}

/// Reads a KSPLAT to its end; `byte_len` is the length of the whole file where the caller knows it. The file is held in
/// memory beside the splats.
///
/// # Errors
/// [`ReadError`] names the byte and the field, and the limit where one was passed.
pub fn read(mut reader: impl Read, byte_len: Option<u64>) -> Result<Splats, ReadError> {
    if byte_len.is_some_and(|len| len > BYTES_MAX) {
        return Err(ReadError::TooLong);
    }
    let mut file = Vec::new();
    reader.by_ref().take(BYTES_MAX + 1).read_to_end(&mut file)?;
    if file.len() as u64 > BYTES_MAX {
        return Err(ReadError::TooLong);
    }
    let file = Bytes(&file);
    let header = Header::read(file)?;
    let sections = Section::read_all(file, &header)?;
    let sh_degree = sections.iter().map(|section| section.sh_degree).max().unwrap_or_default();
    // The sections were found to be in the file, so there are bytes for every splat.
    let mut parts = SplatsParts { sh_degree, ..SplatsParts::default() };
    for section in &sections {
        section.append(file, &header, &mut parts)?;
    }
    Ok(Splats::new(parts)?)
}

/// The file, with numbers at places.
#[derive(Debug, Clone, Copy)]
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// `needed` bytes from `at` on.
    fn slice(self, part: &'static str, at: u64, needed: u64) -> Result<&'a [u8], ReadError> {
        let len = self.0.len() as u64;
        match at.checked_add(needed) {
            Some(end) if end <= len => Ok(&self.0[at as usize..end as usize]),
            _ => Err(ReadError::Cut { len, part, at, needed }),
        }
    }

    /// A number of a header that was found to be there.
    fn u32(self, at: u64) -> u32 {
        let at = at as usize;
        self.0[at..].first_chunk().map_or(0, |word| u32::from_le_bytes(*word))
    }

    fn u16(self, at: u64) -> u16 {
        self.u32(at) as u16
    }

    fn f32(self, at: u64) -> f32 {
        f32::from_bits(self.u32(at))
    }
}

fn field(
    at: u64,
    name: &'static str,
    found: impl ToString,
    expected: impl Into<String>,
) -> ReadError {
    ReadError::Field { at, name, found: found.to_string(), expected: expected.into() }
}

/// Degrees 0 to 3.
fn sh_degree(at: u64, found: u16) -> Result<ShDegree, ReadError> {
    (u8::try_from(found).ok().and_then(ShDegree::new))
        .filter(|degree| *degree <= ShDegree::THREE)
        .ok_or_else(|| field(at, "degree of the harmonics", found, "0 to 3"))
}
