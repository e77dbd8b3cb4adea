//! A text that is given to the module analyser: it answers, about a place inside the text, and the same from bytes. What the
//! look at nesting lets through does not end the process, and costs no more than its length allows.
#![no_main]

use libfuzzer_sys::fuzz_target;
use threejs::{Analysis, Rule, analyse, decode};

/// The last numbers of a detail: `… at line 3, column 7` or `… (3:7)`.
fn place(detail: &str) -> Option<(usize, usize)> {
    let mut numbers = detail.rsplit(|c: char| !c.is_ascii_digit()).filter(|it| !it.is_empty());
    let column = numbers.next()?.parse().ok()?;
    Some((numbers.next()?.parse().ok()?, column))
}

fn answer(source: &str) -> Analysis {
    analyse(source).expect("a thread")
}

fuzz_target!(|bytes: &[u8]| {
    let source = decode(bytes);
    let found = answer(&source);
    assert_eq!(found, answer(&decode(source.as_bytes())), "decoding twice is decoding once");
    let ends = source.matches(['\n', '\r', '\u{2028}', '\u{2029}']).count();
    let units = source.encode_utf16().count();
    for failure in found.failures.iter().chain(&found.production) {
        let has_place = failure.detail.contains(" at line ") || failure.rule == Rule::ParseError;
        if let (true, Some((line, column))) = (has_place, place(&failure.detail)) {
            assert!((1..=ends + 1).contains(&line), "{failure:?}");
            assert!((1..=units + 1).contains(&column), "{failure:?}");
        }
    }
    if let Some(export) = &found.export {
        assert!(source[export.prefix.clone()].starts_with("export"), "{export:?}");
        assert_eq!(export.prefix.end, export.function.start);
        assert!(source.get(export.function.clone()).is_some_and(|it| !it.is_empty()));
    }
});
