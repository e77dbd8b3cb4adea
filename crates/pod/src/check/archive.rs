//! What is wrong with an archive of results. Unlike a client, which wants the modules, this wants every fault.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};

use serde_json::Value;
use zip::{CompressionMethod, ZipArchive};

use super::report::Outcome;
use super::rule::{self, Rule};
use crate::wire::batch::{Caps, MANIFEST};

/// An archive, read as far as it can be.
#[derive(Debug, Default)]
pub(super) struct Archive {
    /// Modules by stem.
    pub(super) modules: BTreeMap<String, Vec<u8>>,
    /// Reasons by stem.
    pub(super) failed: BTreeMap<String, String>,
    /// Stems that are there in any way, read or not.
    pub(super) named: BTreeSet<String>,
    pub(super) has_manifest: bool,
    /// The manifest is there and cannot be read.
    is_blind: bool,
    /// Not an archive, or one over the limits as a whole; nothing of it was read.
    pub(super) is_unreadable: bool,
    /// What was found on the way.
    pub(super) faults: Vec<(Rule, Outcome, String)>,
}

/// Where the end of the central directory says how many entries there are, counted from its signature.
const END_ENTRIES: usize = 10;
const END_BYTES: usize = 22;
/// Longest comment after it.
const COMMENT_MAX: usize = 65_535;

/// Reads an archive of which no more than [`Caps::zip_bytes`] may be there, and holds it to the rules that need no list of
/// stems.
pub(super) fn read(bytes: &[u8], caps: Caps) -> Archive {
    let mut archive = Archive::default();
    if bytes.len() > caps.zip_bytes {
        return archive.unreadable(format!("more than {} bytes", caps.zip_bytes));
    }
    let mut zip = match ZipArchive::new(Cursor::new(bytes)) {
        Ok(zip) => zip,
        Err(error) => {
            return archive.unreadable(format!("{} bytes that are no ZIP: {error}", bytes.len()));
        }
    };
    if zip.len() > caps.entries {
        return archive.unreadable(format!("{} entries", zip.len()));
    }
    if let Some(entries) = entries_said(bytes).filter(|entries| *entries != zip.len()) {
        let names = zip.len();
        archive.fail(rule::B_ONCE, format!("{entries} entries with only {names} names"));
    }
    for idx in 0..zip.len() {
        archive.entry(&mut zip, idx, caps);
    }
    archive
}

impl Archive {
    fn fail(&mut self, rule: Rule, came: String) {
        self.faults.push((rule, Outcome::Fail, came));
    }

    fn unreadable(mut self, came: String) -> Self {
        self.fail(rule::B_CAPS, came);
        self.is_unreadable = true;
        self
    }

    fn entry(&mut self, zip: &mut ZipArchive<Cursor<&[u8]>>, idx: usize, caps: Caps) {
        let (name, size, is_encrypted, method) = match zip.by_index_raw(idx) {
            Ok(entry) if entry.is_dir() => return,
            Ok(entry) => {
                let name = match entry.name() {
                    Ok(name) => name.into_owned(),
                    Err(error) => return self.fail(rule::B_CAPS, format!("entry {idx}: {error}")),
                };
                (name, entry.size(), entry.encrypted(), entry.compression())
            }
            Err(error) => return self.fail(rule::B_CAPS, format!("entry {idx}: {error}")),
        };
        let file = name.rsplit('/').next().unwrap_or(&name);
        let stem = file.strip_suffix(".js");
        let is_manifest = file == MANIFEST;
        if !is_manifest && stem.is_none() {
            let came = format!("{name} is neither a .js nor {MANIFEST}");
            return self.faults.push((rule::B_STRANGERS, Outcome::Warn, came));
        }
        if stem.is_some_and(|stem| !self.named.insert(stem.to_owned())) {
            self.fail(rule::B_ONCE, format!("{file} is there twice"));
        }
        if !is_encrypted && method != CompressionMethod::Deflated {
            self.fail(rule::B_DEFLATE, format!("{name} is {method}, not deflated"));
        }
        self.has_manifest |= is_manifest;
        let max = if is_manifest { caps.manifest_bytes } else { caps.module_bytes };
        let content = match () {
            () if is_encrypted => Err("is encrypted".into()),
            () if size > max as u64 => Err(format!("has {size} bytes, more than {max}")),
            () => unpack(zip, idx, max),
        };
        match (content, stem) {
            (Ok(content), Some(stem)) => drop(self.modules.insert(stem.to_owned(), content)),
            (Ok(content), None) => self.manifest(&content),
            (Err(why), _) => {
                self.is_blind |= is_manifest;
                self.fail(rule::B_CAPS, format!("{name} {why}"));
            }
        }
    }

    fn manifest(&mut self, content: &[u8]) {
        match serde_json::from_slice(content) {
            Ok(Value::Object(reasons)) if reasons.is_empty() => {
                self.fail(rule::B_NO_MANIFEST, format!("{MANIFEST} is there and empty"));
            }
            Ok(Value::Object(reasons)) => {
                let text = |reason: Value| match reason {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                self.failed =
                    reasons.into_iter().map(|(stem, reason)| (stem, text(reason))).collect();
            }
            Ok(_) => {
                self.is_blind = true;
                self.fail(rule::B_NO_MANIFEST, format!("{MANIFEST} is no object"));
            }
            Err(error) => {
                self.is_blind = true;
                self.fail(rule::B_NO_MANIFEST, format!("{MANIFEST} is no JSON: {error}"));
            }
        }
    }

    /// Holds it to the stems that were asked for. `earlier` are those of batches before.
    pub(super) fn compare(&mut self, stems: &BTreeSet<String>, earlier: &BTreeSet<String>) {
        for stem in stems {
            match (self.named.contains(stem), self.failed.contains_key(stem)) {
                (true, true) => {
                    self.fail(rule::B_ONCE, format!("{stem} is a .js and a key of {MANIFEST}"));
                }
                (false, false) if !self.is_blind => {
                    self.fail(rule::B_ONCE, format!("{stem} is neither a .js nor in {MANIFEST}"));
                }
                _ => {}
            }
        }
        let found: Vec<String> = self.named.iter().chain(self.failed.keys()).cloned().collect();
        for stem in found.into_iter().filter(|stem| !stems.contains(stem)) {
            if earlier.contains(&stem) {
                self.fail(rule::B_NEXT, format!("{stem} of an earlier batch is still there"));
            } else {
                let came = format!("{stem} was not asked for");
                self.faults.push((rule::B_STRANGERS, Outcome::Warn, came));
            }
        }
    }
}

fn unpack(zip: &mut ZipArchive<Cursor<&[u8]>>, idx: usize, max: usize) -> Result<Vec<u8>, String> {
    let cannot = |why: String| format!("cannot be unpacked: {why}");
    let mut content = Vec::new();
    let entry = zip.by_index(idx).map_err(|error| cannot(error.to_string()))?;
    // One more than may be: a directory can lie about sizes.
    let mut entry = entry.take(max as u64 + 1);
    entry.read_to_end(&mut content).map_err(|error| cannot(error.to_string()))?;
    if content.len() > max { Err(format!("unpacks to more than {max} bytes")) } else { Ok(content) }
}

/// How many entries the archive says it has; the reader keeps one of those with the same name.
fn entries_said(bytes: &[u8]) -> Option<usize> {
    let from = bytes.len().saturating_sub(END_BYTES + COMMENT_MAX);
    let tail = bytes.get(from..)?;
    let at = tail.windows(4).rposition(|four| four == b"PK\x05\x06")?;
    let said = tail.get(at + END_ENTRIES..)?.first_chunk::<2>()?;
    let said = u16::from_le_bytes(*said);
    // All ones: the number stands elsewhere.
    (said != u16::MAX).then_some(said.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        for (name, content) in entries {
            zip.start_file(*name, options).expect("memory");
            zip.write_all(content).expect("memory");
        }
        zip.finish().expect("memory").into_inner()
    }

    fn faults(bytes: &[u8], stems: &[&str]) -> Vec<String> {
        let mut archive = read(bytes, Caps { module_bytes: 100, ..Caps::default() });
        let set = |stems: &[&str]| stems.iter().map(|&stem| stem.to_owned()).collect();
        archive.compare(&set(stems), &set(&["old"]));
        let line = |(rule, _, came): &(Rule, Outcome, String)| format!("{} {came}", rule.code);
        archive.faults.iter().map(line).collect()
    }

    #[test]
    fn every_fault_of_an_archive_is_told() {
        let good = zip(&[("folder/a.js", b"1"), (MANIFEST, br#"{"b": "image download failed"}"#)]);
        assert_eq!(faults(&good, &["a", "b"]), [""; 0]);
        let bad = zip(&[
            ("a.js", &[b'x'; 101]),
            ("b.js", b"1"),
            ("old.js", b"1"),
            (MANIFEST, br#"{"b": 7}"#),
        ]);
        insta::assert_snapshot!(faults(&bad, &["a", "b"]).join("\n"), @r"
        B18 a.js has 101 bytes, more than 100
        B10a b is a .js and a key of _failed.json
        B12 old of an earlier batch is still there
        ");
        let twice = zip(&[("x/a.js", b"1"), ("y/a.js", b"1"), (MANIFEST, b"[]")]);
        insta::assert_snapshot!(faults(&twice, &["a"]).join("\n"), @r"
        B10a a.js is there twice
        B10b _failed.json is no object
        ");
        insta::assert_snapshot!(faults(b"PK nothing", &[]).join("\n"), @"B18 10 bytes that are no ZIP: invalid Zip archive: Could not find EOCD");
    }

    #[test]
    fn two_entries_of_one_name_are_counted() {
        let mut bytes = zip(&[("a.js", b"1"), ("b.js", b"2")]);
        for at in 0..bytes.len() - 4 {
            if &bytes[at..at + 4] == b"b.js" {
                bytes[at] = b'a';
            }
        }
        assert_eq!(faults(&bytes, &["a"]), ["B10a 2 entries with only 1 names"]);
    }

    proptest! {
        #[test]
        fn any_bytes_get_an_answer(at in 0_usize..200, byte: u8, cut in 0_usize..200) {
            let mut bytes = zip(&[("a.js", b"one"), (MANIFEST, br#"{"b": "no"}"#)]);
            let len = bytes.len();
            bytes[at % len] = byte;
            bytes.truncate(len - cut % len);
            let archive = read(&bytes, Caps::default());
            prop_assert!(archive.modules.len() <= 2);
        }
    }
}
