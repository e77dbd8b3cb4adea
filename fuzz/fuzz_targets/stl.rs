//! The STL reader. What was read can be written and read again.
#![no_main]

use asset::stl;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok((scene, _)) = stl::read(bytes) {
        let mut written = Vec::new();
        stl::write(&scene, &mut written).expect("what was read is written");
        stl::read(&written).expect("our own file");
    }
});
