//! Whatever a file is: read it, look at it, judge it, write it.
#![no_main]

use asset::stats::Stats;
use asset::{read_splats, rules};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok((splats, _)) = read_splats(bytes, None) {
        let stats = Stats::of(&splats);
        assert_eq!(stats.splat_count, splats.len());
        assert!(!stats.to_string().is_empty());
        let is_sane = |scale: &f32| scale.is_nan() || *scale >= 0.0;
        assert!(splats.iter().all(|splat| splat.activate().scale.iter().all(is_sane)));
    }
    rules::competition0(bytes, bytes.len() as u64).expect("memory does not fail");
});
