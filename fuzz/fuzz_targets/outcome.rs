//! The hand-over format of outcomes, on the bytes as they are. What is read is sound, and has exactly one encoding.
#![no_main]

use libfuzzer_sys::fuzz_target;
use threejs::engine::wire;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(outcome) = wire::decode(bytes) {
        assert_eq!(outcome.passed(), outcome.scene.is_some());
        assert!(wire::encode(&outcome) == bytes, "another encoding of the same outcome");
    }
});
