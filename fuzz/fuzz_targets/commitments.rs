//! What miners write on a chain: any bytes get an answer, and a submission that comes out is sound.
#![no_main]

use arena::collector::commitments::{commitment, fields, is_commit, is_repo, normalised_url};
use ledger::JsonFile as _;
use ledger::files::schedule::Schedule;
use libfuzzer_sys::fuzz_target;

const WINDOW: &str = r#"{"earliest_reveal_block": 10, "latest_reveal_block": 200}"#;

fuzz_target!(|bytes: &[u8]| {
    let _ = fields(bytes);
    let window = Schedule::from_text("", WINDOW).expect("a schedule");
    // Each part is an entry, its first byte the block.
    let entries = bytes.split(|&byte| byte == b'\n');
    let entries = entries.filter_map(|part| part.split_first());
    let entries = entries.map(|(block, stored)| (stored, u64::from(*block)));
    if let Ok(is) = commitment(entries, &window) {
        assert!(is_repo(&is.repo.0) && is_commit(&is.commit.0));
        assert!(is.cdn_url.0.starts_with("http"));
        let again = normalised_url(&is.cdn_url.0).expect("it stays one");
        assert_eq!(again.trim_end_matches('/'), is.cdn_url.0.trim_end_matches('/'));
        assert!((10..=200).contains(&is.commit.1));
    }
});
