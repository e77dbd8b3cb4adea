//! A PLY reader that is given anything: it answers, with and without the length of the file, and says the same.
#![no_main]

use asset::ply;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = |byte_len| match ply::read(bytes, byte_len) {
        Ok(splats) => {
            let mut file = Vec::new();
            ply::write(&splats, &mut file).expect("memory");
            let again = ply::read(&file[..], Some(file.len() as u64)).expect("our own file");
            assert_eq!(again.len(), splats.len());
            format!("{} splats", splats.len())
        }
        Err(error) => error.to_string(),
    };
    assert_eq!(text(None), text(Some(bytes.len() as u64)));
});
