//! The OBJ reader, with the bytes as its material library and as its pictures, too. What was read can be written.
#![no_main]

use asset::obj;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut resolve = |_: &str| Ok(bytes.to_vec());
    if let Ok((scene, _)) = obj::read(bytes, &mut resolve) {
        obj::write(&scene, "scene").expect("what was read is written");
    }
});
