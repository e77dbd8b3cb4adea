//! JSON as text. Expected floats and strings are what pydantic 2.14 and Python 3.11 print.

use ledger::json::{DEPTH_MAX, Json, Style, float_json, float_python, locate, read, write};
use proptest::prelude::*;

fn again(text: &str) -> String {
    read(text).map_or_else(
        |error| format!("{}:{}: {}", error.line, error.column, error.message),
        |json| write(&json, Style::Indented),
    )
}

#[test]
fn numbers_and_order_stay() {
    let text = "{\n  \"b\": 1.10,\n  \"a\": 1e400,\n  \"c\": 123456789012345678901234567890,\n  \"d\": -0.0\n}";
    assert_eq!(again(text), text);
    assert_eq!(again("{\"a\": 1, \"b\": 2, \"a\": 3}"), "{\n  \"a\": 3,\n  \"b\": 2\n}");
    assert_eq!(again("[ [ ] , { } , null,true ]"), "[\n  [],\n  {},\n  null,\n  true\n]");
}

#[test]
fn strings_are_escaped_as_each_writer_does_it() {
    let json = Json::from("a\"b\\c/\n\r\t\u{8}\u{c}\u{1}\u{1f}\u{7f} é 😀 \u{2028}");
    assert_eq!(
        write(&json, Style::Indented),
        "\"a\\\"b\\\\c/\\n\\r\\t\\b\\f\\u0001\\u001f\u{7f} é 😀 \u{2028}\""
    );
    assert_eq!(
        write(&json, Style::Line),
        "\"a\\\"b\\\\c/\\n\\r\\t\\b\\f\\u0001\\u001f\\u007f \\u00e9 \\ud83d\\ude00 \\u2028\""
    );
}

#[test]
fn floats_are_written_as_each_writer_does_it() {
    for (value, in_json, in_python) in [
        (1.0, "1.0", "1.0"),
        (0.8, "0.8", "0.8"),
        (0.007_812_5, "0.0078125", "0.0078125"),
        (1e-4, "0.0001", "0.0001"),
        (1e-5, "0.00001", "1e-05"),
        (1.5e-5, "0.000015", "1.5e-05"),
        (1e-7, "1e-7", "1e-07"),
        (1e15, "1000000000000000.0", "1000000000000000.0"),
        (1e16, "1e+16", "1e+16"),
        (123_456_789_012_345_680.0, "1.2345678901234568e+17", "1.2345678901234568e+17"),
        (-0.0, "-0.0", "-0.0"),
        (0.1 + 0.2, "0.30000000000000004", "0.30000000000000004"),
        (5e-324, "5e-324", "5e-324"),
        (f64::MAX, "1.7976931348623157e+308", "1.7976931348623157e+308"),
    ] {
        assert_eq!(
            (float_json(value).as_str(), float_python(value).as_str()),
            (in_json, in_python)
        );
    }
}

#[test]
fn hostile_text_is_refused_at_its_place() {
    let nested = |n| "[".repeat(n) + &"]".repeat(n);
    assert!(read(&nested(DEPTH_MAX)).is_ok());
    insta::assert_snapshot!(again(&nested(10_000)), @"1:65: more than 64 arrays and objects inside each other");
    insta::assert_snapshot!(again(&"[".repeat(1_000_000)), @"1:1000000: EOF while parsing a list");
    insta::assert_snapshot!(again("{\n \"a\": [1,\n  \"\\ud800\"]\n}"), @"3:10: unexpected end of hex escape");
    insta::assert_snapshot!(again("{\"a\": NaN}"), @"1:7: expected value");
    insta::assert_snapshot!(again("[1] 2"), @"1:5: trailing characters");
    insta::assert_snapshot!(again(""), @"1:1: EOF while parsing a value");
}

#[test]
fn places_are_found() {
    use ledger::json::Step::{Item, Key};
    let text = "{\n  \"a\": [\n    1,\n    {\"b\": 2}\n  ],\n  \"a\\u0062\": 3\n}";
    let at = |path: &[ledger::json::Step]| locate(text, path);
    assert_eq!(at(&[]), (1, 1));
    assert_eq!(at(&[Key("a".into()), Item(1), Key("b".into())]), (4, 11));
    assert_eq!(at(&[Key("ab".into())]), (6, 14));
    assert_eq!(at(&[Key("a".into()), Item(7)]), (2, 8));
    assert_eq!(locate("nonsense", &[Item(0)]), (1, 1));
}

/// Any value a file may have.
fn any_json() -> impl Strategy<Value = Json> {
    let number = prop_oneof![
        any::<i64>().prop_map(|value| Json::int(value.into())),
        any::<f64>().prop_map(Json::float),
        "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,4})?"
            .prop_map(|text| Json::Number(text.into())),
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        number,
        any::<String>().prop_map(Json::String),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Json::Array),
            prop::collection::vec((any::<String>(), inner), 0..8)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_was_written_is_read_again(json in any_json()) {
        for style in [Style::Indented, Style::IndentedAscii, Style::Line] {
            let text = write(&json, style);
            prop_assert_eq!(&read(&text).unwrap(), &json);
            let Json::Object(plain) = &json else { continue };
            // And by others.
            let theirs: serde_json::Map<String, serde_json::Value> = match serde_json::from_str(&text) {
                Ok(theirs) => theirs,
                // Numbers beyond 1e308 are too large for them.
                Err(_) => continue,
            };
            prop_assert_eq!(theirs.len(), plain.len());
        }
    }

    /// Laid out in other ways.
    #[test]
    fn what_others_write_is_read(json in any_json()) {
        let text = write(&json, Style::Indented);
        // Numbers beyond 1e308 are too large for them.
        let Ok(theirs) = serde_json::from_str::<serde_json::Value>(&text) else { return Ok(()) };
        let compact = theirs.to_string();
        for text in [serde_json::to_string_pretty(&theirs).unwrap(), format!("\r\n\t{compact} ")] {
            // Their numbers lose a digit now and then, so both sides are what they read.
            let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            let ours = write(&read(&text).unwrap(), Style::Line);
            prop_assert_eq!(value(&ours), value(&text));
        }
    }

    #[test]
    fn any_text_gets_an_answer(text in "[\\[\\]{}\",:0-9a-z\\\\u. \n-]{0,80}") {
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        if let Ok(json) = read(&text) {
            let written = write(&json, Style::Indented);
            prop_assert_eq!(read(&written).unwrap(), json);
            if let Ok(theirs) = theirs {
                prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap(), theirs);
            }
        } else {
            prop_assert!(theirs.is_err());
        }
    }

    #[test]
    fn floats_read_back(value in any::<f64>().prop_filter("finite", |value| value.is_finite())) {
        for text in [float_json(value), float_python(value)] {
            prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits());
            prop_assert!(text.contains('.') || text.contains('e'));
        }
    }
}
