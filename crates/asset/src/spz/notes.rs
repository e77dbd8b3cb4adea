//! What a file says besides its splats: version, flags, vendor records.
//! Source: nianticlabs/spz, descriptions of the file format and of its extensions.

use crate::splats::Splats;

use super::error::Problem;
use super::frame::Frame;
use super::header::{FLAG_ANTIALIASED, Legacy};

/// Vendor record that says in which frame the values are stored.
const RECORD_COORDINATES: u32 = 0xADBE_0003;

/// Kinds of vendor records that are told one by one.
const KINDS_MAX: usize = 8;

/// What a file says besides its splats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notes {
    /// Version of the format, 1 to 4.
    pub version: u32,
    /// The splats were trained with antialiasing (a low-pass filter that keeps the opacity honest).
    pub is_antialiased: bool,
    /// The frame the values were stored in, where the file names one; what was read is in ours.
    pub frame: Option<Frame>,
    /// Kinds of the vendor records that are not kept, in the order of the file.
    pub other_records: Vec<u32>,
}

impl Notes {
    /// What splats have no place for, one line each.
    #[must_use]
    pub fn losses(&self) -> Vec<String> {
        let mut losses = Vec::new();
        if self.is_antialiased {
            losses.push("the mark that the splats were trained with antialiasing".to_owned());
        }
        let mut kinds = std::collections::BTreeMap::<u32, usize>::new();
        for kind in &self.other_records {
            *kinds.entry(*kind).or_default() += 1;
        }
        let named = kinds.iter().take(KINDS_MAX);
        losses.extend(named.map(|(kind, count)| format!("vendor records {kind:#010x}: {count}")));
        if kinds.len() > KINDS_MAX {
            losses.push(format!("vendor records of other kinds: {}", kinds.len() - KINDS_MAX));
        }
        losses
    }

    /// A record is a type, a length, and content. A broken tail ends the list, as in the reference.
    pub(super) fn of(header: &Legacy, records: &[u8]) -> Result<Self, Problem> {
        let mut notes = Self {
            version: header.version,
            is_antialiased: header.flags & FLAG_ANTIALIASED != 0,
            frame: None,
            other_records: Vec::new(),
        };
        let mut at = 0;
        while let Some([kind, n_bytes]) = words(records, at) {
            let content = at + 8;
            match (kind, words(records, content)) {
                (RECORD_COORDINATES, Some([0])) => {}
                (RECORD_COORDINATES, Some([found])) => {
                    let frame = Frame::from_number(found);
                    notes.frame = Some(frame.ok_or(Problem::Frame { at: content, found })?);
                }
                _ => notes.other_records.push(kind),
            }
            at = content.saturating_add(n_bytes as usize);
        }
        Ok(notes)
    }

    pub(super) fn to_our_frame(&self, splats: Splats) -> Splats {
        match self.frame {
            Some(frame) if frame != Frame::OURS => splats.transform(&frame.to_ours()),
            _ => splats,
        }
    }
}

/// The record that says that values are stored in `frame`.
pub(super) fn frame_record(frame: Frame) -> [u8; 12] {
    let mut record = [0; 12];
    for (raw, word) in
        record.as_chunks_mut::<4>().0.iter_mut().zip([RECORD_COORDINATES, 4, frame.number()])
    {
        *raw = word.to_le_bytes();
    }
    record
}

fn words<const N: usize>(bytes: &[u8], at: usize) -> Option<[u32; N]> {
    let bytes = bytes.get(at..)?.get(..4 * N)?;
    let mut words = [0; N];
    for (word, raw) in words.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *word = u32::from_le_bytes(*raw);
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_a_kind_are_one_line() {
        let notes = Notes {
            version: 4,
            is_antialiased: false,
            frame: None,
            other_records: vec![7, 0xADBE_0002, 7],
        };
        let expected = ["vendor records 0x00000007: 2", "vendor records 0xadbe0002: 1"];
        assert_eq!(notes.losses(), expected);
        let many = Notes { other_records: (0..1_000_000).collect(), ..notes };
        assert_eq!(many.losses().len(), 9);
    }
}
