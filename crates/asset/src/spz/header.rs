//! SPZ headers, little-endian: 16 bytes in versions 1 to 3 (and in 404-SPZ), 32 bytes in version 4.
//! Source: nianticlabs/spz, description of the file format.

use crate::splats::{ShDegree, SplatCount};

use super::error::Problem;

/// First four bytes of every header.
pub(crate) const MAGIC: &[u8; 4] = b"NGSP";
/// Flag: trained with antialiasing.
pub(super) const FLAG_ANTIALIASED: u8 = 1;
/// Flag: vendor records follow (version 4: before the table of contents; before that: after the last attribute).
pub(super) const FLAG_EXTENSIONS: u8 = 2;
/// The reference decoder computes `1 << bits` in 32 bits with sign.
pub(super) const FRACTIONAL_BITS_MAX: u8 = 30;
/// What the reference writes: steps of a quarter millimetre, range ±2048 m.
pub(crate) const FRACTIONAL_BITS: u8 = 12;

/// What all headers have in common. Each field is one that we can hold, so it is safe to allocate from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Legacy {
    pub(crate) version: u32,
    pub(crate) splat_count: SplatCount,
    pub(crate) sh_degree: ShDegree,
    pub(crate) fractional_bits: u8,
    pub(crate) flags: u8,
}

impl Legacy {
    pub(crate) const BYTES: usize = 16;

    /// The 15 bytes that all versions agree on. `versions` are those which the container may hold.
    pub(crate) fn parse(
        raw: &[u8; Self::BYTES],
        versions: std::ops::RangeInclusive<u32>,
    ) -> Result<Self, Problem> {
        let word = |at: usize| u32::from_le_bytes([raw[at], raw[at + 1], raw[at + 2], raw[at + 3]]);
        if !raw.starts_with(MAGIC) {
            let found = format!("\"{}\"", raw[..4].escape_ascii());
            return Err(Problem::undefined(0, "magic", found));
        }
        let version = word(4);
        if !versions.contains(&version) {
            return Err(Problem::undefined(4, "version", version));
        }
        let splat_count =
            SplatCount::new(word(8).into()).ok_or_else(|| Problem::too_many(word(8)))?;
        let sh_degree =
            ShDegree::new(raw[12]).ok_or_else(|| Problem::undefined(12, "SH degree", raw[12]))?;
        if raw[13] > FRACTIONAL_BITS_MAX {
            return Err(Problem::undefined(13, "number of fractional bits", raw[13]));
        }
        Ok(Self { version, splat_count, sh_degree, fractional_bits: raw[13], flags: raw[14] })
    }

    pub(crate) fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut raw = [0; Self::BYTES];
        raw[..4].copy_from_slice(MAGIC);
        raw[4..8].copy_from_slice(&self.version.to_le_bytes());
        raw[8..12].copy_from_slice(&(self.splat_count.get() as u32).to_le_bytes());
        raw[12..15].copy_from_slice(&[self.sh_degree.get(), self.fractional_bits, self.flags]);
        raw
    }
}

/// Header of version 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct V4 {
    pub(super) common: Legacy,
    pub(super) stream_count: u8,
    /// Bytes from the start of the file to the table of contents.
    pub(super) toc_offset: u32,
}

impl V4 {
    pub(super) const BYTES: usize = 32;

    pub(super) fn parse(raw: &[u8; Self::BYTES]) -> Result<Self, Problem> {
        let mut first = [0; Legacy::BYTES];
        first.copy_from_slice(&raw[..Legacy::BYTES]);
        let common = Legacy::parse(&first, 4..=4)?;
        let toc_offset = u32::from_le_bytes([raw[16], raw[17], raw[18], raw[19]]);
        if (toc_offset as usize) < Self::BYTES {
            return Err(Problem::undefined(16, "offset of the table of contents", toc_offset));
        }
        Ok(Self { common, stream_count: raw[15], toc_offset })
    }

    pub(super) fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut raw = [0; Self::BYTES];
        raw[..16].copy_from_slice(&self.common.to_bytes());
        raw[15] = self.stream_count;
        raw[16..20].copy_from_slice(&self.toc_offset.to_le_bytes());
        raw
    }
}
