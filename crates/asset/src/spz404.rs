//! 404-SPZ: what miners of the per-task subnet send ("compression 2"). SPZ version 2 in one zstd frame.
//!
//! Facts: neuron specification §1.8. Header and attributes are those of [`crate::spz`] versions 1 (read only) and 2;
//! only the wrapping differs. The frame carries its unpacked size, without which the subnet's decoder may fail.
//!
//! What is lost in writing is as in [`crate::spz`], but rotations are stored as x, y, z in 8 bits each (error 0.004; w
//! is computed from them, within 0.12 where it is near zero), and positions have to be within ±2048.

use std::io::{BufRead, BufReader, Read, Write};

use crate::splats::{ShDegree, SplatCount, Splats};
use crate::spz::{
    Container, Guard, Legacy, OneStream, Planes, Problem, ReadError, WriteError, one_frame,
    read_planes, refuse_unstorable, write_planes,
};

/// The most splats that the subnet's decoder takes.
pub const SPLATS_MAX: u32 = 10_000_000;
/// The highest SH degree that the subnet's decoder takes.
pub const SH_DEGREE_MAX: ShDegree = ShDegree::THREE;
/// Level of zstd, as the subnet's encoder has it.
const ZSTD_LEVEL: i32 = 1;
/// As the subnet's encoder has it: steps of a quarter millimetre, range ±2048.
const FRACTIONAL_BITS: u8 = 12;

/// Reads one frame, to the end of the file.
///
/// `byte_len` is the length of the whole file where the caller knows it; a header that asks for more splats than a
/// file of that length can hold is then refused at once. Memory grows with the bytes that are really unpacked.
///
/// # Errors
/// [`ReadError`] names the byte or the attribute, and the limit where one was passed.
pub fn read(reader: impl Read, byte_len: Option<u64>) -> Result<Splats, ReadError> {
    read_frame(reader, byte_len).map_err(|problem| ReadError::new(Container::Spz404, problem))
}

fn read_frame(reader: impl Read, byte_len: Option<u64>) -> Result<Splats, Problem> {
    let guard = Guard::default();
    let reader = BufReader::with_capacity(64 << 10, guard.watch(reader));
    let mut stream = OneStream::new(one_frame(reader)?, &guard, "zstd");
    let header = Legacy::parse(&stream.header()?, 1..=2)?;
    if header.sh_degree > SH_DEGREE_MAX {
        let found = header.sh_degree.get().to_string();
        return Err(Problem::Undefined { at: 12, name: "SH degree", found });
    }
    let count = header.splat_count.get();
    if count > SPLATS_MAX as usize {
        return Err(Problem::TooMany { found: count as u64, max: SPLATS_MAX.into() });
    }
    let planes = Planes::of(&header);
    Guard::refuse_announced(planes.total_bytes(), byte_len)?;
    let splats = read_planes(&planes, &mut stream)?;
    stream.rest(0, count)?;
    if !stream.into_decoder().finish().fill_buf()?.is_empty() {
        return Err(Problem::GoesOn { part: "the file", count });
    }
    Ok(splats)
}

/// Writes one frame.
///
/// # Errors
/// [`WriteError`] names the first splat that cannot be stored: a value that is not finite, a quaternion of length zero,
/// a position beyond ±2048. Also refused: SH degree 4, more than [`SPLATS_MAX`] splats. Nothing is written then.
pub fn write(splats: &Splats, writer: impl Write) -> Result<(), WriteError> {
    let (found, max) = (splats.sh_degree().get(), SH_DEGREE_MAX.get());
    if found > max {
        return Err(WriteError::ShDegree { found, max });
    }
    let (found, max) = (splats.len(), SPLATS_MAX as usize);
    let splat_count = SplatCount::new(found as u64).filter(|count| count.get() <= max);
    let header = Legacy {
        version: 2,
        splat_count: splat_count.ok_or(WriteError::TooMany { found, max })?,
        sh_degree: splats.sh_degree(),
        fractional_bits: refuse_unstorable(splats, FRACTIONAL_BITS, FRACTIONAL_BITS)?,
        flags: 0,
    };
    let planes = Planes::of(&header);
    let mut encoder = zstd::Encoder::new(writer, ZSTD_LEVEL)?;
    encoder.set_pledged_src_size(Some(Legacy::BYTES as u64 + planes.total_bytes()))?;
    encoder.write_all(&header.to_bytes())?;
    write_planes(splats, &planes, &mut encoder)?;
    encoder.finish()?.flush()?;
    Ok(())
}
