//! The glTF reader, on the bytes as a file, and as the binary chunk of a file whose JSON the bytes begin with. What was read is
//! written, and reads the same again.
#![no_main]

use asset::glb::{self, Document};
use libfuzzer_sys::fuzz_target;

fn ask(file: &[u8], beside: &[u8]) {
    let mut resolve = |_: &str| Ok(beside.to_vec());
    let Ok(document) = Document::parse(file, &mut resolve) else { return };
    document.primitives().ok();
    let Ok((scene, _)) = document.scene() else { return };
    let mut written = Vec::new();
    if glb::write(&scene, &mut written).is_ok() {
        glb::read(&written, &mut |_: &str| Err(String::new())).expect("our own file");
    }
}

fuzz_target!(|bytes: &[u8]| {
    ask(bytes, bytes);
    // A container whose lengths are right: text up to the first zero, then the chunk.
    let split = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (text, binary) = bytes.split_at(split);
    let mut file = b"glTF\x02\0\0\0".to_vec();
    file.extend((28 + bytes.len() as u32).to_le_bytes());
    for (kind, chunk) in [(b"JSON", text), (b"BIN\0", binary)] {
        file.extend((chunk.len() as u32).to_le_bytes());
        file.extend(kind);
        file.extend(chunk);
    }
    ask(&file, bytes);
});
