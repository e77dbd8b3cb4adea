//! The ZIP of a batch: `{stem}.js` of what was made, `_failed.json` of what was not, within what orchestrators take.
//! The same modules and reasons give the same bytes.

use std::collections::BTreeMap;
use std::io::{self, Seek, Write};

use pod::wire::batch::{Caps, MANIFEST};
use zip::write::{PreparedZipFile, SimpleFileOptions};
use zip::{CompressionMethod, ZipWriter};

use super::state::Outcome;
use super::words;

/// Kept free for the manifest and the end of the archive.
const RESERVE_BYTES: u64 = 32 << 10;
/// What an entry takes besides its name, twice, and its bytes: both headers.
const HEADERS_BYTES: u64 = 30 + 46;

/// Writes the archive. `read` gives the module of a stem; one that cannot be had, or does not fit any more, goes into
/// the manifest.
///
/// # Errors
///
/// `out` cannot be written.
pub(super) fn write<W: Write + Seek>(
    out: W,
    outcomes: &BTreeMap<String, Outcome>,
    caps: Caps,
    read: impl Fn(&str) -> io::Result<Vec<u8>>,
) -> io::Result<W> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .unix_permissions(0o644);
    let mut zip = ZipWriter::new(out);
    let mut failed = BTreeMap::new();
    let mut written = RESERVE_BYTES;
    for (stem, outcome) in outcomes {
        let module = match outcome {
            Outcome::Made => read(stem).map_err(|error| format!("the module was lost: {error}")),
            Outcome::Failed(reason) => Err(reason.clone()),
        };
        let reason = match module {
            Ok(module) => {
                let name = format!("{stem}.js");
                let name_bytes = name.len() as u64;
                let entry = PreparedZipFile::from_data(name, options, &module)?;
                written += entry.compressed_size() + 2 * name_bytes + HEADERS_BYTES;
                if written <= caps.zip_bytes as u64 {
                    zip.add_prepared_file(entry)?;
                    continue;
                }
                format!("no room left in the archive of {} bytes", caps.zip_bytes)
            }
            Err(reason) => reason,
        };
        failed.insert(stem.as_str(), words::short(&reason));
    }
    if !failed.is_empty() {
        zip.start_file(MANIFEST, options)?;
        zip.write_all(manifest(failed, caps.manifest_bytes).as_bytes())?;
    }
    zip.finish().map_err(io::Error::other)
}

/// The reasons as JSON, all cut shorter until they fit.
fn manifest(mut failed: BTreeMap<&str, String>, bytes_max: usize) -> String {
    loop {
        // A map of texts is always JSON.
        let json = serde_json::to_string(&failed).unwrap_or_default();
        let longest = failed.values().map(|reason| reason.chars().count()).max().unwrap_or(0);
        if json.len() <= bytes_max || longest == 0 {
            return json;
        }
        failed.values_mut().for_each(|reason| *reason = words::cut(reason, longest - 1));
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use super::*;

    const CAPS: Caps = Caps {
        zip_bytes: 64 << 20,
        entries: 100,
        module_bytes: 1 << 20,
        manifest_bytes: 16 << 10,
        payload_bytes: 4096,
    };

    fn outcomes(of: &[(&str, Result<(), &str>)]) -> BTreeMap<String, Outcome> {
        let one = |(stem, outcome): &(&str, Result<(), &str>)| {
            let outcome = outcome
                .map_or_else(|reason| Outcome::Failed(reason.to_owned()), |()| Outcome::Made);
            ((*stem).to_owned(), outcome)
        };
        of.iter().map(one).collect()
    }

    fn pack(
        outcomes: &BTreeMap<String, Outcome>,
        caps: Caps,
        read: impl Fn(&str) -> io::Result<Vec<u8>>,
    ) -> Vec<u8> {
        write(Cursor::new(Vec::new()), outcomes, caps, read).expect("memory").into_inner()
    }

    /// Names with texts.
    fn unpack(archive: &[u8]) -> Vec<(String, String)> {
        let mut zip = zip::ZipArchive::new(Cursor::new(archive)).expect("a ZIP");
        let mut entries = Vec::new();
        for idx in 0..zip.len() {
            let mut entry = zip.by_index(idx).expect("an entry");
            assert_eq!(entry.compression(), CompressionMethod::Deflated);
            let mut text = String::new();
            entry.read_to_string(&mut text).expect("a text");
            entries.push((entry.name().expect("a name").into_owned(), text));
        }
        entries
    }

    #[test]
    fn what_was_made_and_what_was_not() {
        let read = |stem: &str| Ok(format!("// {stem}").into_bytes());
        let all = outcomes(&[("a", Ok(())), ("b", Ok(()))]);
        let names = |archive: &[u8]| unpack(archive).into_iter().map(|(name, _)| name).collect();
        let archive = pack(&all, CAPS, read);
        let found: Vec<String> = names(&archive);
        assert_eq!(found, ["a.js", "b.js"]);
        assert_eq!(archive, pack(&all, CAPS, read), "the same bytes");

        let some = outcomes(&[("a", Ok(())), ("b", Err("no\nmodel")), ("c", Ok(()))]);
        let lost =
            |stem: &str| if stem == "c" { Err(io::Error::other("gone")) } else { read(stem) };
        insta::assert_debug_snapshot!(unpack(&pack(&some, CAPS, lost)), @r#"
        [
            (
                "a.js",
                "// a",
            ),
            (
                "_failed.json",
                "{\"b\":\"no model\",\"c\":\"the module was lost: gone\"}",
            ),
        ]
        "#);
        assert_eq!(unpack(&pack(&BTreeMap::new(), CAPS, read)), []);
    }

    #[test]
    fn never_more_than_is_taken() {
        // What deflate cannot make smaller.
        let noise = |seed: u64| {
            let next = |x: &mut u64| {
                *x ^= *x << 13;
                *x ^= *x >> 7;
                *x ^= *x << 17;
                Some(*x as u8)
            };
            std::iter::repeat(()).scan(seed + 1, |x, ()| next(x)).take(100_000).collect::<Vec<u8>>()
        };
        let stems: Vec<String> = (0..8).map(|idx| format!("s{idx}")).collect();
        let made: BTreeMap<_, _> = stems.iter().map(|stem| (stem.clone(), Outcome::Made)).collect();
        let caps = Caps { zip_bytes: 500_000, ..CAPS };
        let archive = pack(&made, caps, |stem| Ok(noise(stem[1..].parse().expect("a number"))));
        assert!(archive.len() <= 500_000 && archive.len() > 400_000, "{}", archive.len());
        let names: Vec<_> = unpack_names(&archive);
        assert_eq!(names.len(), 5, "{names:?}");
        assert_eq!(names.last().map(String::as_str), Some(MANIFEST));
    }

    fn unpack_names(archive: &[u8]) -> Vec<String> {
        let zip = zip::ZipArchive::new(Cursor::new(archive)).expect("a ZIP");
        zip.file_names().map(|name| name.expect("a name").into_owned()).collect()
    }

    #[test]
    fn the_longest_manifest_fits() {
        let reason = "\u{1f4a5}\"".repeat(300);
        let failed: BTreeMap<String, Outcome> =
            (0..100).map(|idx| (format!("{idx:0>100}"), Outcome::Failed(reason.clone()))).collect();
        let archive = pack(&failed, CAPS, |_| Ok(Vec::new()));
        let entries = unpack(&archive);
        assert_eq!(entries.len(), 1);
        let json: BTreeMap<String, String> = serde_json::from_str(&entries[0].1).expect("JSON");
        assert_eq!(json.len(), 100);
        assert!(entries[0].1.len() <= 16 << 10, "{}", entries[0].1.len());
        assert!(json.values().all(|reason| reason.chars().count() > 10));
    }
}
