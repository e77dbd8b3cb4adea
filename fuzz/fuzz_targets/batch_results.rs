//! The archive of a batch, on the bytes as they are and as the manifest of a good archive: what is taken stays within the caps.
#![no_main]

use std::io::{Cursor, Write};

use libfuzzer_sys::fuzz_target;
use pod::client::unpack;
use pod::wire::batch::{Caps, MANIFEST, is_stem};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const CAPS: Caps = Caps {
    zip_bytes: 1 << 20,
    entries: 4,
    module_bytes: 1 << 12,
    manifest_bytes: 1 << 10,
    payload_bytes: 0,
};

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    archive.start_file("a.js", options).expect("memory");
    archive.start_file(MANIFEST, options).expect("memory");
    archive.write_all(bytes).expect("memory");
    check(&archive.finish().expect("memory").into_inner());
});

fn check(archive: &[u8]) {
    let Ok(unpacked) = unpack(archive, &CAPS) else { return };
    assert!(unpacked.modules.len() <= CAPS.entries);
    assert!(unpacked.modules.values().all(|module| module.len() <= CAPS.module_bytes));
    assert!(unpacked.modules.keys().chain(unpacked.failed.keys()).all(|stem| is_stem(stem)));
    let is_clean = |reason: &String| !reason.is_empty() && !reason.chars().any(char::is_control);
    assert!(unpacked.failed.values().all(is_clean));
}
