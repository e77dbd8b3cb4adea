//! The 404-SPZ reader, on the bytes as they are and as the content of a zstd frame.
#![no_main]

use asset::spz404;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    spz404::read(bytes, Some(bytes.len() as u64)).ok();
    let file = zstd::encode_all(bytes, 1).expect("memory");
    if let Ok(splats) = spz404::read(&file[..], None) {
        let mut file = Vec::new();
        if spz404::write(&splats, &mut file).is_ok() {
            let again = spz404::read(&file[..], None).expect("our own file");
            assert_eq!(again.len(), splats.len());
        }
    }
});
