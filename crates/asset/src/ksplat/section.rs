//! Sections: their headers, their buckets, their splats.

use crate::splats::{ShDegree, SplatsParts, bytes};
use crate::spz::{self, half_from};

use super::header::{HEADER_BYTES, Header, Level, SECTION_HEADER_BYTES};
use super::{Bytes, ReadError, field, sh_degree};

/// Stored positions are this far from the middle of a bucket at most, where the header has zero.
const STEPS: u32 = 32_767;
/// Bytes of the centre of a bucket.
const CENTRE_BYTES: u64 = 12;

/// One section, found to be whole.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) sh_degree: ShDegree,
    /// Where its header is.
    at: u64,
    splat_count: u64,
    buckets: Buckets,
    /// Where its splats are, and how long each is.
    splats_at: u64,
    splat_bytes: u64,
}

/// Boxes whose middles positions are relative to; first those that are full, then the others.
#[derive(Debug)]
struct Buckets {
    /// Splats of a full one.
    size: u64,
    count: u64,
    full: u64,
    /// Where the sizes of the others are, and how many.
    sizes_at: u64,
    partly_full: u64,
    centres_at: u64,
    /// Metres between two stored positions.
    step: f32,
    /// The stored position of the middle.
    middle: u32,
}

impl Section {
    /// All sections, and that they have as many splats as the header says.
    pub(super) fn read_all(file: Bytes<'_>, header: &Header) -> Result<Vec<Self>, ReadError> {
        let mut sections = Vec::new();
        let heads = (0..u64::from(header.section_count))
            .map(|idx| HEADER_BYTES + idx * SECTION_HEADER_BYTES);
        let mut at = HEADER_BYTES + u64::from(header.section_count) * SECTION_HEADER_BYTES;
        let mut splat_count = 0_u64;
        for head in heads {
            // Unused headers are zeros.
            if file.u32(head) == 0 && file.u32(head + 4) == 0 {
                continue;
            }
            let (section, next) = Self::read(file, header, head, at)?;
            splat_count += section.splat_count;
            if splat_count > header.splat_count.get() as u64 {
                break;
            }
            at = next;
            sections.push(section);
        }
        if splat_count == header.splat_count.get() as u64 {
            Ok(sections)
        } else {
            let expected = format!("what the sections have ({splat_count} or more)");
            Err(field(16, "number of splats", header.splat_count.get(), expected))
        }
    }

    /// The section whose header is at `head` and whose content starts at `at`; and where it ends.
    fn read(
        file: Bytes<'_>,
        header: &Header,
        head: u64,
        at: u64,
    ) -> Result<(Self, u64), ReadError> {
        let number = |offset: u64| u64::from(file.u32(head + offset));
        let (splat_count, room) = (number(0), number(4));
        if splat_count > room {
            return Err(field(
                head,
                "number of splats",
                splat_count,
                format!("at most {room}, the room of the section,"),
            ));
        }
        let sh_degree = sh_degree(head + 40, file.u16(head + 40))?;
        let (count, full, partly_full) = (number(12), number(32), number(36));
        let centre_bytes = u64::from(file.u16(head + 20));
        let splat_bytes = splat_bytes(header.level, sh_degree);
        // None of these products of 32-bit numbers leaves 64 bits.
        let centres_at = at + 4 * partly_full;
        let splats_at = centres_at + centre_bytes * count;
        file.slice("the buckets of a section", at, splats_at - at)?;
        file.slice("the splats of a section", splats_at, splat_bytes * splat_count)?;
        let mut buckets = Buckets {
            size: number(8),
            count,
            full,
            sizes_at: at,
            partly_full,
            centres_at,
            step: 0.0,
            middle: 0,
        };
        if header.level != Level::Plain && splat_count > 0 {
            if full + partly_full > count {
                return Err(field(
                    head + 12,
                    "number of buckets",
                    count,
                    format!("at least {}", full + partly_full),
                ));
            }
            if centre_bytes != CENTRE_BYTES {
                return Err(field(
                    head + 20,
                    "bytes of a bucket",
                    centre_bytes,
                    CENTRE_BYTES.to_string(),
                ));
            }
            let block = file.f32(head + 16);
            if !block.is_finite() {
                return Err(field(head + 16, "side of a bucket", block, "a finite number"));
            }
            buckets.middle = match file.u32(head + 24) {
                0 => STEPS,
                middle => middle,
            };
            buckets.step = block / 2.0 / buckets.middle as f32;
        }
        let section = Self { sh_degree, at: head, splat_count, buckets, splats_at, splat_bytes };
        Ok((section, splats_at + splat_bytes * room))
    }

    /// Puts the splats behind those that are there.
    pub(super) fn append(
        &self,
        file: Bytes<'_>,
        header: &Header,
        parts: &mut SplatsParts,
    ) -> Result<(), ReadError> {
        let records = file.slice(
            "the splats of a section",
            self.splats_at,
            self.splat_bytes * self.splat_count,
        )?;
        let mut records = records.chunks_exact(self.splat_bytes as usize);
        match header.level {
            Level::Plain => records.try_for_each(|record| {
                let (words, rest) = record.as_chunks::<4>();
                let floats = |range: std::ops::Range<usize>| {
                    words[range].iter().map(|word| f32::from_le_bytes(*word))
                };
                let mut values = [0.0; 10];
                values.iter_mut().zip(floats(0..10)).for_each(|(value, float)| *value = float);
                debug_assert!(rest.is_empty(), "all values have four bytes");
                self.push(parts, values, words[10], floats(11..words.len()));
                Ok(())
            }),
            Level::Halves | Level::Bytes => {
                let mut centres = self.buckets.of_splats(file, self.splat_count);
                records.try_for_each(|record| {
                    let centre = centres.next().ok_or_else(|| {
                        let expected = format!("at least {}", self.splat_count);
                        field(self.at + 32, "number of splats in all buckets", "less", expected)
                    })?;
                    let (pairs, _) = record.as_chunks::<2>();
                    let mut values = [0.0; 10];
                    for (value, pair) in values.iter_mut().zip(pairs) {
                        *value = half_from(*pair);
                    }
                    for axis in 0..3 {
                        let stored = f32::from(u16::from_le_bytes(pairs[axis]));
                        values[axis] = (stored - self.buckets.middle as f32) * self.buckets.step
                            + centre[axis];
                    }
                    let colour = [record[20], record[21], record[22], record[23]];
                    let rest = &record[24..];
                    if header.level == Level::Halves {
                        let halves = rest.as_chunks::<2>().0.iter().map(|pair| half_from(*pair));
                        self.push(parts, values, colour, halves);
                    } else {
                        let span = header.harmonics_max - header.harmonics_min;
                        let levels = rest
                            .iter()
                            .map(|byte| header.harmonics_min + f32::from(*byte) / 255.0 * span);
                        self.push(parts, values, colour, levels);
                    }
                    Ok(())
                })
            }
        }
    }

    /// `values`: position, scale, rotation. `harmonics`: by band, and within a band by channel.
    fn push(
        &self,
        parts: &mut SplatsParts,
        values: [f32; 10],
        [red, green, blue, alpha]: [u8; 4],
        harmonics: impl Iterator<Item = f32>,
    ) {
        let [x, y, z, a, b, c, rotation @ ..] = values;
        parts.positions.push([x, y, z]);
        parts.log_scales.push([a, b, c].map(bytes::log_scale_of));
        parts.rotations.push(rotation);
        parts.raw_opacities.push(spz::opacity_from(alpha));
        parts.sh_dc.push([red, green, blue].map(bytes::dc_from));
        let start = parts.sh_rest.len();
        parts.sh_rest.resize(start + parts.sh_degree.rest_values(), 0.0);
        let rest = &mut parts.sh_rest[start..];
        for (idx, value) in harmonics.take(self.sh_degree.rest_values()).enumerate() {
            // The band that holds value `idx`, and where that band starts, in coefficients.
            let (start, size) = match idx {
                0..9 => (0, 3),
                9..24 => (3, 5),
                _ => (8, 7),
            };
            let (channel, coefficient) = ((idx - 3 * start) / size, (idx - 3 * start) % size);
            rest[3 * (start + coefficient) + channel] = value;
        }
    }
}

impl Buckets {
    /// The centre for each splat, as many as the buckets have, but at most `splat_count`.
    fn of_splats<'a>(
        &'a self,
        file: Bytes<'a>,
        splat_count: u64,
    ) -> impl Iterator<Item = [f32; 3]> + 'a {
        let sizes = (0..self.full).map(|_| self.size).chain(
            (0..self.partly_full).map(move |idx| u64::from(file.u32(self.sizes_at + 4 * idx))),
        );
        sizes.enumerate().take(self.count as usize).flat_map(move |(bucket, size)| {
            let at = self.centres_at + bucket as u64 * CENTRE_BYTES;
            let centre = [0, 4, 8].map(|offset| file.f32(at + offset));
            std::iter::repeat_n(centre, size.min(splat_count) as usize)
        })
    }
}

fn splat_bytes(level: Level, sh_degree: ShDegree) -> u64 {
    let n_rest = sh_degree.rest_values() as u64;
    match level {
        Level::Plain => 44 + 4 * n_rest,
        Level::Halves => 24 + 2 * n_rest,
        Level::Bytes => 24 + n_rest,
    }
}
