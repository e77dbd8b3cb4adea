//! Splats in glTF: the bytes as a file, and as the JSON of one with a little binary data.
#![no_main]

use asset::glb::Document;
use asset::gltf_splats;
use libfuzzer_sys::fuzz_target;

fn ask(file: &[u8]) {
    let nothing = |_: &str| Err("there is no such file".to_owned());
    let Ok(document) = Document::parse(file, &mut { nothing }) else { return };
    if let Ok((splats, _)) = gltf_splats::read(&document) {
        let mut file = Vec::new();
        if gltf_splats::write(&splats, &mut file).is_ok() {
            let document = Document::parse(&file, &mut { nothing }).expect("our own file");
            let (again, _) = gltf_splats::read(&document).expect("our own file");
            assert_eq!(again.len(), splats.len());
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    ask(bytes);
    let mut json = bytes.to_vec();
    json.resize(json.len().next_multiple_of(4), b' ');
    let binary = [7; 512];
    let mut file = b"glTF\x02\0\0\0".to_vec();
    file.extend((28 + json.len() as u32 + 512).to_le_bytes());
    file.extend((json.len() as u32).to_le_bytes());
    file.extend([b"JSON", &json[..], &512_u32.to_le_bytes(), b"BIN\0", &binary].concat());
    ask(&file);
});
