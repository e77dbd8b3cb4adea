//! The ZIP of a batch: what is taken, what is refused, and that any bytes get an answer.

use std::io::{Cursor, Write};

use insta::assert_snapshot;
use pod::client::{Unpacked, unpack};
use pod::wire::batch::Caps;
use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// An archive of these entries, deflated.
pub(crate) fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in entries {
        zip.start_file(*name, options).expect("memory");
        zip.write_all(bytes).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

const CAPS: Caps = Caps {
    zip_bytes: 100_000,
    entries: 4,
    module_bytes: 50,
    manifest_bytes: 100,
    payload_bytes: 4096,
};

fn outcome(archive: &[u8]) -> String {
    match unpack(archive, &CAPS) {
        Err(error) => error.to_string(),
        Ok(Unpacked { modules, failed, notes }) => {
            let modules: Vec<String> =
                modules.iter().map(|(stem, bytes)| format!("{stem}:{}", bytes.len())).collect();
            format!("{} | {failed:?} | {}", modules.join(" "), notes.join("; "))
        }
    }
}

#[test]
fn what_is_taken() {
    assert_snapshot!(outcome(&archive(&[("a.js", b"1"), ("b2.js", b"22")])), @"a:1 b2:2 | {} | ");
    assert_snapshot!(
        outcome(&archive(&[("a.js", b"1"), ("_failed.json", br#"{"b": "no\nmemory", "c": 7}"#)])),
        @r#"a:1 | {"b": "no memory", "c": "7"} | "#
    );
    assert_snapshot!(outcome(&archive(&[("_failed.json", br#"{"a": ""}"#)])), @r#" | {"a": "no reason given"} | "#);
    assert_snapshot!(
        outcome(&archive(&[("out/deep/a.js", b"1"), ("../b.js", b"2"), ("out/a.js", b"333")])),
        @"a:3 b:1 | {} | out/a.js: a stem that was there already"
    );
    assert_snapshot!(
        outcome(&archive(&[("a.js", b"1"), ("A.js", b"2"), ("readme.txt", b"3"), (".js", b"4")])),
        @"a:1 | {} | A.js: neither a module nor the manifest; readme.txt: neither a module nor the manifest; .js: neither a module nor the manifest"
    );
    assert_snapshot!(
        outcome(&archive(&[("a.js", b"1"), ("_failed.json", b"[1]")])),
        @"a:1 | {} | _failed.json is not an object"
    );
    assert_snapshot!(
        outcome(&archive(&[("a.js", b"1"), ("_failed.json", b"{\"b\": \"\xff\"}")])),
        @"a:1 | {} | _failed.json is not JSON: invalid unicode code point at line 1 column 8"
    );
}

#[test]
fn what_is_refused() {
    assert_snapshot!(outcome(b""), @"not a ZIP archive: invalid Zip archive: Could not find EOCD");
    assert_snapshot!(outcome(b"hello"), @"not a ZIP archive: invalid Zip archive: Could not find EOCD");
    assert_snapshot!(outcome(&archive(&[])), @"the archive has neither modules nor reasons");
    assert_snapshot!(outcome(&archive(&[("x.txt", b"1")])), @"the archive has neither modules nor reasons");
    assert_snapshot!(outcome(&vec![0; 100_001]), @"the archive has 100001 bytes, the limit is 100000");
    assert_snapshot!(outcome(&archive(&[("a.js", &[b' '; 51])])), @"a.js is longer than 50 bytes");
    assert_snapshot!(outcome(&archive(&[("_failed.json", &[b' '; 101])])), @"_failed.json is longer than 100 bytes");
    let five = ["a.js", "b.js", "c.js", "d.js", "e.js"].map(|name| (name, &b"1"[..]));
    assert_snapshot!(outcome(&archive(&five)), @"the archive has more than 4 entries");
}

/// The bomb says in its directory that it is small.
#[test]
fn lengths_in_the_directory_are_not_believed() {
    let mut bomb = archive(&[("a.js", &vec![b' '; 1_000_000])]);
    let directory = find(&bomb, b"PK\x01\x02");
    bomb[directory + 24..directory + 28].copy_from_slice(&10_u32.to_le_bytes());
    assert_snapshot!(outcome(&bomb), @"a.js: File is larger than its declared uncompressed size");
}

#[test]
fn encrypted_unknown_and_broken_entries() {
    let good = archive(&[("a.js", b"hello hello hello hello")]);
    let directory = find(&good, b"PK\x01\x02");
    let changed = |at: &[usize], value: u8| {
        let mut bytes = good.clone();
        for at in at {
            bytes[*at] = value;
        }
        outcome(&bytes)
    };
    assert_snapshot!(changed(&[6, directory + 8], 1), @"a.js: unsupported Zip archive: Password required to decrypt file");
    assert_snapshot!(changed(&[8, directory + 10], 98), @"a.js: compression method not supported: 98");
    let data = 30 + "a.js".len();
    assert_snapshot!(changed(&[data, data + 1, data + 2], 0xff), @"a.js: corrupt deflate stream");
    assert_snapshot!(changed(&[14, directory + 16], 0), @"a.js: Invalid checksum");
}

/// A record of 22 bytes that claims 65,535 entries, and one of 64 bits that claims more than memory holds.
#[test]
fn claims_of_many_entries_cost_nothing() {
    let mut claim = archive(&[("a.js", b"1")]);
    let end = find(&claim, b"PK\x05\x06");
    claim[end + 8..end + 12].copy_from_slice(&[0xfe, 0xff, 0xfe, 0xff]);
    assert_snapshot!(outcome(&claim), @"the archive has more than 4 entries");

    let mut long = archive(&[("a.js", b"1")]);
    let end = find(&long, b"PK\x05\x06");
    let mut record = b"PK\x06\x06".to_vec();
    record.extend_from_slice(&44_u64.to_le_bytes());
    record.extend_from_slice(&[45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    record.extend_from_slice(&(1_u64 << 40).to_le_bytes());
    record.extend_from_slice(&(1_u64 << 40).to_le_bytes());
    record.extend_from_slice(&(1_u64 << 60).to_le_bytes());
    record.extend_from_slice(&10_u64.to_le_bytes());
    record.extend_from_slice(b"PK\x06\x07\0\0\0\0");
    record.extend_from_slice(&(end as u64).to_le_bytes());
    record.extend_from_slice(&1_u32.to_le_bytes());
    long.splice(end..end, record);
    let end = long.len() - 22;
    long[end + 8..end + 12].copy_from_slice(&[0xff; 4]);
    long[end + 16..end + 20].copy_from_slice(&[0xff; 4]);
    assert_snapshot!(outcome(&long), @"the archive has more than 4 entries");
}

fn find(bytes: &[u8], mark: &[u8]) -> usize {
    bytes.windows(mark.len()).rposition(|place| place == mark).expect("the mark")
}

proptest! {
    #[test]
    fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        unpack(&bytes, &CAPS).ok();
    }

    /// A good archive with some bytes changed: an answer, and never more than the caps allow.
    #[test]
    fn changed_archives_get_an_answer(
        changes in proptest::collection::vec((0_usize..400, any::<u8>()), 0..6),
        cut in 0_usize..400,
    ) {
        let mut bytes = archive(&[
            ("a.js", b"export default 1"),
            ("x/b.js", &[b'b'; 40]),
            ("_failed.json", br#"{"c": "no"}"#),
        ]);
        for (at, value) in changes {
            let at = at % bytes.len();
            bytes[at] = value;
        }
        bytes.truncate(bytes.len() - cut.min(bytes.len()) * usize::from(cut > 350));
        if let Ok(unpacked) = unpack(&bytes, &CAPS) {
            prop_assert!(unpacked.modules.len() <= CAPS.entries);
            prop_assert!(unpacked.modules.values().all(|module| module.len() <= CAPS.module_bytes));
        }
    }

    /// What one writes is what comes back.
    #[test]
    fn round_trip(
        modules in proptest::collection::btree_map("[a-z0-9]{1,8}", proptest::collection::vec(any::<u8>(), 0..50), 1..4),
    ) {
        let named: Vec<(String, &[u8])> =
            modules.iter().map(|(stem, bytes)| (format!("{stem}.js"), &bytes[..])).collect();
        let entries: Vec<(&str, &[u8])> = named.iter().map(|(name, bytes)| (&name[..], *bytes)).collect();
        let unpacked = unpack(&archive(&entries), &CAPS).expect("a good archive");
        prop_assert_eq!(unpacked.modules.len(), modules.len());
        for (stem, bytes) in &modules {
            prop_assert_eq!(&unpacked.modules[stem][..], &bytes[..]);
        }
        prop_assert!(unpacked.failed.is_empty() && unpacked.notes.is_empty());
    }
}
