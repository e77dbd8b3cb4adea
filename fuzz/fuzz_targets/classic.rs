//! Files as the services of competitions 0 and 1 took them: rules, readers, and a small picture of what passed.
#![no_main]

use asset::rules;
use libfuzzer_sys::fuzz_target;
use render::{Lens, View, classic};

fuzz_target!(|bytes: &[u8]| {
    rules::competition1(bytes, bytes.len() as u64).expect("memory does not fail");
    rules::service::read_splats(bytes).ok();
    if let Ok(model) = classic::load(bytes) {
        let picture =
            classic::draw(&model, View::GRID[0], Lens::competition(24), [255; 3], &|| false);
        assert!(picture.is_ok_and(|picture| picture.dimensions() == (24, 24)));
    }
});
