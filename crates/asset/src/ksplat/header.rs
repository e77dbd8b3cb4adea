//! The header of the file.

use crate::splats::SplatCount;

use super::{Bytes, ReadError, field};

/// Bytes of the header, and of that of a section.
pub(super) const HEADER_BYTES: u64 = 4096;
pub(super) const SECTION_HEADER_BYTES: u64 = 1024;
/// Limits of harmonics at level 2 where the header has zeros.
const HARMONICS_LIMIT: f32 = 1.5;

/// How numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Plain,
    Halves,
    Bytes,
}

#[derive(Debug)]
pub(super) struct Header {
    pub(super) level: Level,
    /// Headers of sections, used or not.
    pub(super) section_count: u32,
    pub(super) splat_count: SplatCount,
    pub(super) harmonics_min: f32,
    pub(super) harmonics_max: f32,
}

impl Header {
    pub(super) fn read(file: Bytes<'_>) -> Result<Self, ReadError> {
        let head = file.slice("the header", 0, HEADER_BYTES)?;
        let (major, minor) = (head[0], head[1]);
        if major != 0 || minor < 1 {
            return Err(field(0, "version", format!("{major}.{minor}"), "0.1 or later of 0"));
        }
        let section_count = file.u32(4);
        file.slice(
            "the headers of sections",
            HEADER_BYTES,
            u64::from(section_count) * SECTION_HEADER_BYTES,
        )?;
        let found = u64::from(file.u32(16));
        let splat_count = SplatCount::new(found).ok_or(ReadError::TooMany { at: 16, found })?;
        let level = match file.u16(20) {
            0 => Level::Plain,
            1 => Level::Halves,
            2 => Level::Bytes,
            found => return Err(field(20, "compression level", found, "0, 1 or 2")),
        };
        let limit = |at: u64, name, otherwise| match file.f32(at) {
            0.0 => Ok(otherwise),
            limit if limit.is_finite() => Ok(limit),
            found => Err(field(at, name, found, "a finite number")),
        };
        Ok(Self {
            level,
            section_count,
            splat_count,
            harmonics_min: limit(36, "lowest harmonic", -HARMONICS_LIMIT)?,
            harmonics_max: limit(40, "highest harmonic", HARMONICS_LIMIT)?,
        })
    }
}
