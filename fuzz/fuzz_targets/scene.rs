//! The hand-over format of scenes, on the bytes as they are. What is read passed its check, and has exactly one encoding.
#![no_main]

use asset::scene::wire;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(scene) = wire::decode(bytes) {
        assert_eq!(scene.check(), Ok(()));
        let mut again = Vec::new();
        wire::encode(&scene, &mut again).expect("a checked scene");
        assert!(again == bytes, "another encoding of the same scene");
    }
});
