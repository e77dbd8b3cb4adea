//! A model's two files: the length of the configuration, the configuration, the weights.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vision::descriptor::DinoV3;

fuzz_target!(|bytes: &[u8]| {
    let Some((length, rest)) = bytes.split_first_chunk::<2>() else { return };
    let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
    let (config, weights) = rest.split_at(length);
    DinoV3::read(config, weights).ok();
});
