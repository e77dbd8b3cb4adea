//! The KSPLAT reader.
#![no_main]

use asset::ksplat;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let found = ksplat::read(bytes, None).map(|splats| splats.len()).ok();
    assert_eq!(found, ksplat::read(bytes, Some(bytes.len() as u64)).map(|splats| splats.len()).ok());
    // The header is long: a short text of it is enough to reach what is behind it.
    let Some((head, rest)) = bytes.split_at_checked(96) else { return };
    let mut file = vec![0; 4096 + 1024];
    file[..44].copy_from_slice(&head[..44]);
    file[..4].copy_from_slice(&[0, 1, 0, 0]);
    file[4..8].copy_from_slice(&1_u32.to_le_bytes());
    file[4096..4096 + 48].copy_from_slice(&head[48..]);
    file.extend(rest);
    ksplat::read(&file[..], None).ok();
});
