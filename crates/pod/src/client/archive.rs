//! The ZIP of a batch, read as what a stranger sent.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use bytes::Bytes;
use serde_json::Value;
use zip::ZipArchive;

use super::error::DETAIL_MAX;
use super::text::short;
use crate::wire::batch::{Caps, MANIFEST, is_stem};

/// What was in the archive.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unpacked {
    /// Modules by stem.
    pub modules: BTreeMap<String, Bytes>,
    /// Reasons by stem, from the manifest: at most 200 characters each, without control characters.
    pub failed: BTreeMap<String, String>,
    /// What was noticed and is no failure: entries that were passed over, a manifest that is none.
    pub notes: Vec<String>,
}

/// Why an archive is not taken. All of it is refused then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// More bytes than we take.
    #[error("the archive has {bytes} bytes, the limit is {max}")]
    TooLong {
        /// How many.
        bytes: usize,
        /// [`Caps::zip_bytes`].
        max: usize,
    },
    /// More entries than we take.
    #[error("the archive has more than {max} entries")]
    TooMany {
        /// [`Caps::entries`].
        max: usize,
    },
    /// An entry that unpacks to more bytes than we take, whatever the directory says.
    #[error("{name} is longer than {max} bytes")]
    EntryTooLong {
        /// Its name, cut.
        name: String,
        /// [`Caps::module_bytes`] or [`Caps::manifest_bytes`].
        max: usize,
    },
    /// Not a ZIP.
    #[error("not a ZIP archive: {0}")]
    NotZip(String),
    /// An entry that cannot be read: encrypted, an unknown method, a broken stream, a wrong checksum.
    #[error("{name}: {detail}")]
    Entry {
        /// Its name, cut.
        name: String,
        /// Why, cut.
        detail: String,
    },
    /// Neither a module nor a reason.
    #[error("the archive has neither modules nor reasons")]
    Empty,
}

/// Notes kept of one archive; the rest is counted.
const NOTES_MAX: usize = 20;

/// Reads the archive of a batch.
///
/// Only the part of a name after the last `/` counts. `STEM.js` with a good stem is a module, [`MANIFEST`] holds reasons, other
/// entries are passed over unread; of two of one name the later one counts. A manifest that is not a JSON object in UTF-8 is
/// noted and passed over.
///
/// # Errors
///
/// [`ArchiveError`]: beyond `caps`, or not readable. Reading stops there, and never holds more than `caps` allow.
pub fn unpack(archive: &[u8], caps: &Caps) -> Result<Unpacked, ArchiveError> {
    if archive.len() > caps.zip_bytes {
        return Err(ArchiveError::TooLong { bytes: archive.len(), max: caps.zip_bytes });
    }
    let too_many = ArchiveError::TooMany { max: caps.entries };
    if claimed_entries(archive) > caps.entries as u64 {
        return Err(too_many);
    }
    let opened = ZipArchive::new(Cursor::new(archive));
    let mut zip =
        opened.map_err(|error| ArchiveError::NotZip(short(&error.to_string(), DETAIL_MAX)))?;
    if zip.len() > caps.entries {
        return Err(too_many);
    }
    let mut unpacked = Unpacked::default();
    let mut notes = Notes::default();
    for index in 0..zip.len() {
        let Some(Ok(name)) = zip.name_for_index(index).map(|name| name.map(String::from)) else {
            notes.add(format!("entry {index}: its name is no text"));
            continue;
        };
        let base = name.rsplit('/').next().unwrap_or_default();
        let shown = short(&name, 80);
        if base == MANIFEST {
            let bytes = entry(&mut zip, index, &shown, caps.manifest_bytes)?;
            manifest(&bytes, &mut unpacked.failed, &mut notes);
        } else if let Some(stem) = base.strip_suffix(".js").filter(|stem| is_stem(stem)) {
            let bytes = entry(&mut zip, index, &shown, caps.module_bytes)?;
            if unpacked.modules.insert(stem.to_owned(), Bytes::from(bytes)).is_some() {
                notes.add(format!("{shown}: a stem that was there already"));
            }
        } else if !base.is_empty() {
            notes.add(format!("{shown}: neither a module nor the manifest"));
        }
    }
    if unpacked.modules.is_empty() && unpacked.failed.is_empty() {
        return Err(ArchiveError::Empty);
    }
    unpacked.notes = notes.end();
    Ok(unpacked)
}

/// The largest number of entries that any directory record claims. The library trusts that number for its tables, so it is
/// looked at first.
fn claimed_entries(archive: &[u8]) -> u64 {
    // The record at the end, 22 bytes and a comment of up to 65535; its 64-bit sister has a locator right before it.
    const TAIL: usize = 22 + 65_535 + 20;
    let tail = &archive[archive.len().saturating_sub(TAIL)..];
    let short_counts = places(tail, b"PK\x05\x06").filter_map(|place| {
        let count = place.get(10..12)?;
        Some(u64::from(u16::from_le_bytes([count[0], count[1]])))
    });
    let has_long = places(tail, b"PK\x06\x07").next().is_some();
    let searched = if has_long { archive } else { &[] };
    let long_counts = places(searched, b"PK\x06\x06").filter_map(|place| {
        let count = place.get(32..40)?.try_into().ok()?;
        Some(u64::from_le_bytes(count))
    });
    // With a 64-bit record the short one says 65535 and means "look there".
    let short_counts = short_counts.filter(|count| !(has_long && *count == 0xffff));
    short_counts.chain(long_counts).max().unwrap_or(0)
}

/// What follows each place of `mark`, the mark included.
fn places<'a>(bytes: &'a [u8], mark: &'static [u8; 4]) -> impl Iterator<Item = &'a [u8]> {
    let at = (0..bytes.len().saturating_sub(3)).filter(move |at| bytes[*at..].starts_with(mark));
    at.map(move |at| &bytes[at..])
}

/// Unpacks one entry, to at most `max` bytes.
fn entry(
    zip: &mut ZipArchive<Cursor<&[u8]>>,
    index: usize,
    shown: &str,
    max: usize,
) -> Result<Vec<u8>, ArchiveError> {
    let broken = |detail: String| ArchiveError::Entry {
        name: shown.to_owned(),
        detail: short(&detail, DETAIL_MAX),
    };
    let file = zip.by_index(index).map_err(|error| broken(error.to_string()))?;
    let mut bytes = Vec::new();
    let read = file.take(max as u64 + 1).read_to_end(&mut bytes);
    if bytes.len() > max {
        return Err(ArchiveError::EntryTooLong { name: shown.to_owned(), max });
    }
    read.map_err(|error| broken(error.to_string()))?;
    Ok(bytes)
}

fn manifest(bytes: &[u8], failed: &mut BTreeMap<String, String>, notes: &mut Notes) {
    let reasons = match serde_json::from_slice(bytes) {
        Ok(Value::Object(reasons)) => reasons,
        Ok(_) => return notes.add(format!("{MANIFEST} is not an object")),
        Err(error) => return notes.add(format!("{MANIFEST} is not JSON: {error}")),
    };
    for (stem, reason) in reasons {
        if !is_stem(&stem) {
            notes.add(format!("{MANIFEST}: {:?} is not a stem", short(&stem, 40)));
            continue;
        }
        let reason = match reason {
            Value::String(reason) => reason,
            other => other.to_string(),
        };
        let reason = short(&reason, DETAIL_MAX);
        let reason = if reason.is_empty() { "no reason given".to_owned() } else { reason };
        failed.insert(stem, reason);
    }
}

#[derive(Debug, Default)]
struct Notes {
    kept: Vec<String>,
    left_out: usize,
}

impl Notes {
    fn add(&mut self, note: String) {
        if self.kept.len() < NOTES_MAX {
            self.kept.push(note);
        } else {
            self.left_out += 1;
        }
    }

    fn end(mut self) -> Vec<String> {
        if self.left_out > 0 {
            self.kept.push(format!("and {} more", self.left_out));
        }
        self.kept
    }
}
