//! The SOG reader, on the bytes as they are and as one entry of a good bundle: the checksums of an archive keep changed
//! bytes from what is behind them.
#![no_main]

use std::io::{Cursor, Write};

use asset::sog;
use libfuzzer_sys::fuzz_target;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

const GOOD: &[u8] = include_bytes!("../seeds/small.sog");

fuzz_target!(|bytes: &[u8]| {
    sog::read(bytes, Some(bytes.len() as u64)).ok();
    let Some((which, content)) = bytes.split_first() else { return };
    let mut good = ZipArchive::new(Cursor::new(GOOD)).expect("a good file");
    let mut bundle = ZipWriter::new(Cursor::new(Vec::new()));
    for idx in 0..good.len() {
        let mut entry = good.by_index(idx).expect("an entry");
        let name = entry.name().expect("UTF-8").into_owned();
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        bundle.start_file(name, options).expect("memory");
        if idx == usize::from(*which) % 8 {
            bundle.write_all(content).expect("memory");
        } else {
            std::io::copy(&mut entry, &mut bundle).expect("memory");
        }
    }
    let file = bundle.finish().expect("memory").into_inner();
    if let Ok(splats) = sog::read(&file[..], None) {
        let mut again = Vec::new();
        if sog::write(&splats, &mut again).is_ok() {
            let again = sog::read(&again[..], None).expect("our own file");
            assert_eq!(again.len(), splats.len());
        }
    }
});
