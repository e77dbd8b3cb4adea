//! The SPZ reader, on the bytes as they are and as the content of a gzip stream: compressed bytes that are changed at
//! random hardly ever reach what is behind the decompressor.
#![no_main]

use std::io::Write;

use asset::spz;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    spz::read(bytes, Some(bytes.len() as u64)).ok();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(bytes).expect("memory");
    let file = encoder.finish().expect("memory");
    if let Ok(splats) = spz::read(&file[..], None) {
        for version in [spz::Version::V3, spz::Version::V4] {
            let mut file = Vec::new();
            if spz::write(&splats, version, &mut file).is_ok() {
                let again = spz::read(&file[..], None).expect("our own file");
                assert_eq!(again.len(), splats.len());
            }
        }
    }
});
