//! The `.splat` reader; what was read is written, and read as the same splats.
#![no_main]

use asset::splat;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let found = splat::read(bytes, None);
    assert_eq!(found.is_ok(), splat::read(bytes, Some(bytes.len() as u64)).is_ok());
    let Ok(splats) = found else { return };
    let mut file = Vec::new();
    if splat::write(&splats, &mut file).is_ok() {
        let again = splat::read(&file[..], None).expect("our own file");
        assert_eq!(again.parts().positions, splats.parts().positions);
    }
});
