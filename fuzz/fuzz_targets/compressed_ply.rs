//! A reader of compressed PLY that is given anything: it answers, with and without the length of the file, and says the
//! same. What was read can be written and read again, and then nothing more is lost.
#![no_main]

use asset::compressed_ply::{self, Order};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = |byte_len| match compressed_ply::read(bytes, byte_len) {
        Ok(splats) => {
            let mut file = Vec::new();
            if compressed_ply::write(&splats, Order::Kept, &mut file).is_ok() {
                let once = compressed_ply::read(&file[..], None).expect("our own file");
                let mut file = Vec::new();
                compressed_ply::write(&once, Order::Kept, &mut file)
                    .expect("read from our own file");
                let twice = compressed_ply::read(&file[..], None).expect("our own file");
                assert_eq!(once.parts().positions, twice.parts().positions);
                assert_eq!(once.parts().sh_rest, twice.parts().sh_rest);
            }
            format!("{} splats", splats.len())
        }
        Err(error) => error.to_string(),
    };
    assert_eq!(text(None), text(Some(bytes.len() as u64)));
});
