//! `.splat`: 32 bytes a splat and nothing else, the format of the first splat viewer of the web (antimatter15/splat).
//!
//! Facts: rendering specification §B.3. Little-endian: position 3 × `f32`, scale (not its logarithm) 3 × `f32`, colour
//! and opacity 4 × `u8`, quaternion w, x, y, z 4 × `u8` as q · 128 + 128. Values are taken as stored: no axis is turned.
//!
//! The file has no header, so nothing but its length and its values can tell that it is one: records whose position is
//! not finite, or whose scale is negative or not finite, are refused.
//!
//! Lost in writing: spherical harmonics above degree 0; opacity and colour become 1/255 steps (colours outside of black
//! and white are cut); rotations become unit quaternions in 1/128 steps. Positions are kept bit for bit.

use std::io::{self, Read, Write};

use rayon::prelude::*;

use crate::splats::Unstorable;
use crate::splats::{SplatCount, Splats, SplatsError, SplatsParts, bytes};
use crate::spz;

/// Bytes of one splat.
pub const RECORD_BYTES: usize = 32;
/// Records read, or encoded, at a time.
const CHUNK_SPLATS: usize = 32 << 10;
/// Records encoded by one task.
const BLOCK_SPLATS: usize = 1024;

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Not a whole number of records.
    #[error(".splat: the file has {found} bytes, a multiple of {RECORD_BYTES} is needed")]
    Length {
        /// Bytes of the file.
        found: u64,
    },
    /// More splats than we hold.
    #[error(".splat: more than {max} splats, our limit", max = SplatCount::MAX)]
    TooMany,
    /// A number that no splat has.
    #[error(".splat, byte {at}: {attribute} of splat {splat_idx} is {value}, which no splat has")]
    Value {
        /// Byte of the record.
        at: u64,
        /// Splat, from 0.
        splat_idx: usize,
        /// position or scale.
        attribute: &'static str,
        /// The number.
        value: f32,
    },
    /// The attributes do not fit together; cannot happen.
    #[error(".splat: {0}")]
    Splats(#[from] SplatsError),
    /// The bytes could not be had.
    #[error(".splat: reading failed: {0}")]
    Io(#[from] io::Error),
}

/// Why splats could not be written. Nothing was written, unless it is [`WriteError::Io`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A value has no place in the format.
    #[error(".splat: {0}")]
    Value(#[from] Unstorable),
    /// The exponential of the scale is infinite.
    #[error(".splat: log_scale of splat {splat_idx} is {value}, its scale is infinite")]
    Scale {
        /// Splat, from 0.
        splat_idx: usize,
        /// The logarithm.
        value: f32,
    },
    /// The bytes could not be written.
    #[error(".splat: writing failed: {0}")]
    Io(#[from] io::Error),
}

/// Reads a `.splat` to its end; `byte_len` is the length of the whole file where the caller knows it. Memory grows with
/// the bytes that come. A scale of 0 is read as 1.2e-38, opacities of 0 and 255 as in [`crate::spz`].
///
/// # Errors
/// [`ReadError`] names the byte and the splat.
pub fn read(mut reader: impl Read, byte_len: Option<u64>) -> Result<Splats, ReadError> {
    let mut parts = SplatsParts::default();
    if let Some(found) = byte_len {
        if found % RECORD_BYTES as u64 != 0 {
            return Err(ReadError::Length { found });
        }
        let count = SplatCount::new(found / RECORD_BYTES as u64).ok_or(ReadError::TooMany)?.get();
        // No more at once than a file of 4 MiB has; lengths may be wrong.
        reserve(&mut parts, count.min(128 << 10));
    }
    let mut chunk = Vec::new();
    loop {
        chunk.clear();
        reader.by_ref().take((CHUNK_SPLATS * RECORD_BYTES) as u64).read_to_end(&mut chunk)?;
        let (records, rest) = chunk.as_chunks::<RECORD_BYTES>();
        let first = parts.positions.len();
        if SplatCount::new((first + records.len()) as u64).is_none() {
            return Err(ReadError::TooMany);
        }
        for (idx, record) in records.iter().enumerate() {
            push(&mut parts, record).map_err(|(attribute, value)| {
                let splat_idx = first + idx;
                ReadError::Value {
                    at: (splat_idx * RECORD_BYTES) as u64,
                    splat_idx,
                    attribute,
                    value,
                }
            })?;
        }
        if !rest.is_empty() {
            let found = (first + records.len()) * RECORD_BYTES + rest.len();
            return Err(ReadError::Length { found: found as u64 });
        }
        if records.len() < CHUNK_SPLATS {
            return Ok(Splats::new(parts)?);
        }
    }
}

fn reserve(parts: &mut SplatsParts, count: usize) {
    parts.positions.reserve(count);
    parts.log_scales.reserve(count);
    parts.rotations.reserve(count);
    parts.raw_opacities.reserve(count);
    parts.sh_dc.reserve(count);
}

fn push(parts: &mut SplatsParts, record: &[u8; RECORD_BYTES]) -> Result<(), (&'static str, f32)> {
    let words = record.as_chunks::<4>().0;
    let [x, y, z, a, b, c] = [0, 1, 2, 3, 4, 5].map(|idx| f32::from_le_bytes(words[idx]));
    if let Some(value) = [x, y, z].into_iter().find(|value| !value.is_finite()) {
        return Err(("position", value));
    }
    if let Some(value) = [a, b, c].into_iter().find(|value| !(value.is_finite() && *value >= 0.0)) {
        return Err(("scale", value));
    }
    let [red, green, blue, alpha] = words[6];
    parts.positions.push([x, y, z]);
    parts.log_scales.push([a, b, c].map(bytes::log_scale_of));
    parts.rotations.push(words[7].map(|byte| (f32::from(byte) - 128.0) / 128.0));
    parts.raw_opacities.push(spz::opacity_from(alpha));
    parts.sh_dc.push([red, green, blue].map(bytes::dc_from));
    Ok(())
}

/// Writes a `.splat` in the order of the splats. The module text says what is lost.
///
/// # Errors
/// [`WriteError`] names the first splat that cannot be stored: a value that is not finite, a quaternion of length zero.
pub fn write(splats: &Splats, mut writer: impl Write) -> Result<(), WriteError> {
    splats.refuse_unstorable()?;
    let log_scales = splats.parts().log_scales.par_iter().enumerate();
    let infinite = log_scales.find_map_first(|(splat_idx, log_scale)| {
        let value = *log_scale.iter().find(|value| libm::expf(**value).is_infinite())?;
        Some(WriteError::Scale { splat_idx, value })
    });
    if let Some(error) = infinite {
        return Err(error);
    }
    let mut buffer = Vec::new();
    for start in (0..splats.len()).step_by(CHUNK_SPLATS) {
        buffer.resize(CHUNK_SPLATS.min(splats.len() - start), [0; RECORD_BYTES]);
        buffer.par_iter_mut().with_min_len(BLOCK_SPLATS).enumerate().for_each(|(idx, record)| {
            *record = encode(splats, start + idx);
        });
        writer.write_all(buffer.as_flattened())?;
    }
    writer.flush()?;
    Ok(())
}

fn encode(splats: &Splats, splat_idx: usize) -> [u8; RECORD_BYTES] {
    let splat = splats.get(splat_idx);
    let active = splat.activate();
    let mut record = [0; RECORD_BYTES];
    let (words, _) = record.as_chunks_mut::<4>();
    for axis in 0..3 {
        words[axis] = active.position[axis].to_le_bytes();
        words[3 + axis] = active.scale[axis].to_le_bytes();
        words[6][axis] = bytes::dc_to(splat.sh_dc[axis]);
    }
    words[6][3] = spz::opacity_to(splat.raw_opacity);
    words[7] = active.rotation.map(|component| (component * 128.0 + 128.0).round() as u8);
    record
}
