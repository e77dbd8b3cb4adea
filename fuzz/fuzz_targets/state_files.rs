//! The readers of state files: any text gets an answer as any file, and what was read is written and read again.
#![no_main]

use ledger::files::{leader::Leaders, outputs::Outputs, duels::MatchReport};
use ledger::json::{self, Style};
use ledger::{JsonFile, Place};
use libfuzzer_sys::fuzz_target;

fn again<T: JsonFile + std::fmt::Debug>(text: &str) {
    if let Ok(file) = T::from_text("file", text) {
        let written = file.to_text();
        let read = T::from_text("file", &written).expect("what was written is read");
        assert_eq!(read, file);
        assert_eq!(read.to_text(), written);
    }
}

fuzz_target!(|bytes: &[u8]| {
    // The first line is a path.
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (path, text) = text.split_once('\n').unwrap_or(("state.json", text));
    if let Some(place) = Place::parse(path) {
        assert_eq!(place.to_string(), path);
        place.check(text).ok();
    }
    if let Ok(json) = json::read(text) {
        assert_eq!(json::read(&json::write(&json, Style::Indented)).as_ref(), Ok(&json));
    }
    again::<Leaders>(text);
    again::<Outputs>(text);
    again::<MatchReport>(text);
});
