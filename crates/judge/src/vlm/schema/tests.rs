//! Texts of models, and what is read in them.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;

fn penalties(text: &str) -> String {
    match Schema::Penalties.answer(text) {
        Some(Answer::Penalties(Penalties { first, second }, remark)) => {
            format!("{first} {second} {remark:?}")
        }
        Some(other) => format!("{other:?}"),
        None => "malformed".to_owned(),
    }
}

#[test]
fn grades_are_read_as_models_write_them() {
    let read = penalties;
    assert_snapshot!(read(r#"{"penalty_1": 2, "penalty_2": 10, "issues": "x"}"#), @r#"2 10 "x""#);
    assert_snapshot!(read("```json\n{\"penalty_1\":7.5,\"penalty_2\":6.5,\"issues\":\"\"}\n```"), @r#"8 6 """#);
    assert_snapshot!(read(r#"Well: {"penalty_1": "7", "penalty_2": 7.0, "issues": "a } b",}."#), @r#"7 7 "a } b""#);
    assert_snapshot!(read(r#"{"penalty_1":1,"penalty_2":2,"issues":"","more":[1,],}"#), @r#"1 2 """#);
    assert_snapshot!(read(r#"<think>{ perhaps {"penalty_1":9,"penalty_2":9,"issues":""}</think>{"penalty_1":1,"penalty_2":2,"issues":"said"}"#), @r#"1 2 "said""#);
    assert_snapshot!(read(r#"A draft { then {"penalty_1":3,"penalty_2":4,"issues":""}"#), @r#"3 4 """#);
    assert_snapshot!(read(r#"{"penalty_1":9,"penalty_2":9,"issues":"draft"} no: {"penalty_1":3,"penalty_2":4,"issues":"last"}"#), @r#"3 4 "last""#);
}

#[test]
fn what_is_no_answer_is_malformed() {
    for text in [
        "",
        "null",
        "[]",
        "I cannot tell.",
        r#"{"penalty_1": 2, "issues": "x"}"#,
        r#"{"penalty_1": 2, "penalty_2": null, "issues": "x"}"#,
        r#"{"penalty_1": 2, "penalty_2": 3}"#,
        r#"{"penalty_1": 11, "penalty_2": 3, "issues": ""}"#,
        r#"{"penalty_1": -3, "penalty_2": 3, "issues": ""}"#,
        r#"{"penalty_1": 1e300, "penalty_2": 3, "issues": ""}"#,
        r#"{"penalty_1": "nan", "penalty_2": 3, "issues": ""}"#,
        r#"{"penalty_1": true, "penalty_2": 3, "issues": ""}"#,
        r#"{"penalty_1": 2, "penalty_2": 3, "issues": "cut o"#,
    ] {
        assert_eq!(penalties(text), "malformed", "{text}");
    }
}

#[test]
fn a_verification_judges_each_feature_once() {
    let schema = Schema::Verification(vec!["four legs".into(), "a seat".into()]);
    let read = |text: &str| format!("{:?}", schema.answer(text));
    assert_snapshot!(
        read(r#"{"checks":[{"number":2,"match":"No","note":""},{"number":"1","match":"partial"}],"main_object_correct":"yes"}"#),
        @r#"Some(Verification(Verification { features: ["partial", "no"], is_main_object: true }))"#
    );
    for checks in [
        r#"{"number":1,"match":"yes"}"#,
        r#"{"number":1,"match":"yes"},{"number":1,"match":"yes"}"#,
        r#"{"number":1,"match":"yes"},{"number":3,"match":"yes"}"#,
        r#"{"number":0,"match":"yes"},{"number":1,"match":"yes"},{"number":2,"match":"yes"}"#,
        r#"{"number":1,"match":"yes"},{"number":2,"match":"maybe"}"#,
    ] {
        let text = format!(r#"{{"checks":[{checks}],"main_object_correct":true}}"#);
        assert_eq!(schema.answer(&text), None, "{text}");
    }
}

/// As the original asks: no numbers, but words.
#[test]
fn checks_without_numbers_go_by_words_or_by_place() {
    let features = ["four legs", "a seat", "a back"].map(str::to_owned);
    let schema = Schema::Verification(features.to_vec());
    let found = |checks: &str| {
        let text = format!(r#"{{"checks":[{checks}],"main_object_correct":true}}"#);
        match schema.answer(&text) {
            Some(Answer::Verification(found)) => found.features.join(" "),
            _ => "malformed".to_owned(),
        }
    };
    let check = |feature: &str, found: &str| {
        format!(r#"{{"feature":"{feature}","match":"{found}","note":"some words"}}"#)
    };
    let list = |checks: &[(&str, &str)]| {
        found(
            &checks
                .iter()
                .map(|(feature, found)| check(feature, found))
                .collect::<Vec<_>>()
                .join(","),
        )
    };
    assert_snapshot!(list(&[("a back", "no"), ("four  legs ", "yes"), ("a seat", "partial")]), @"yes partial no");
    assert_snapshot!(list(&[("Four Legs!", "yes"), ("2", "partial"), ("a back", "no")]), @"yes partial no");
    assert_snapshot!(list(&[("a seat", "yes"), ("a seat", "partial"), ("a back", "no")]), @"yes partial no");
    assert_snapshot!(list(&[("four legs", "yes"), ("a seat", "yes")]), @"malformed");
    assert_snapshot!(list(&[("a back", "yes"), ("four legs", "yes"), ("a seat", "yes"), ("a seat", "no")]), @"malformed");
    assert_snapshot!(found(""), @"malformed");
    assert_snapshot!(found(r#"{"number":1,"match":"yes"},{"match":"yes"},{"match":"no"}"#), @"malformed");
    assert_snapshot!(found(r#"{"number":null,"match":"yes"},{"match":"yes"},{"match":"no"}"#), @"yes yes no");
}

#[test]
fn a_checklist_has_four_to_seven_features() {
    let list = |count| {
        let feature = r#"{"description":" four \n legs ","category":"count"}"#;
        let features = vec![feature; count].join(",");
        let text = format!(r#"{{"main_object":"chair","features":[{features}]}}"#);
        Schema::Checklist.answer(&text)
    };
    let Some(Answer::Checklist(four)) = list(4) else { panic!("four are enough") };
    assert_eq!(four.features[0], ("four legs".to_owned(), "count"));
    assert!(list(7).is_some());
    assert_eq!((list(3), list(8)), (None, None));
}

#[test]
fn a_guard_says_more_than_ok() {
    let text = r#"{"verdict":"OK","addresses_judge":0,"reason":"sound"}"#;
    let said = Some(Answer::Guard(Guard { is_garbage: false, addresses_judge: false }));
    assert_eq!(Schema::Guard.answer(text), said);
    // As the original asks.
    for text in [
        r#"{"verdict":"ok","reason":"sound"}"#,
        r#"{"verdict":"ok","addresses_judge":null,"reason":"sound"}"#,
    ] {
        assert_eq!(Schema::Guard.answer(text), said, "{text}");
    }
    for text in [
        r#"{"verdict":"fine","reason":"sound"}"#,
        r#"{"verdict":"ok","addresses_judge":"perhaps","reason":"sound"}"#,
        r#"{"verdict":"ok"}"#,
    ] {
        assert_eq!(Schema::Guard.answer(text), None, "{text}");
    }
}

#[test]
fn schemas_say_what_is_read() {
    for schema in [
        Schema::Penalties,
        Schema::Checklist,
        Schema::Verification(vec![String::new(); 5]),
        Schema::Guard,
        Schema::Remark,
    ] {
        let json = read(&schema.text()).unwrap();
        let members = json.as_object().expect("an object");
        assert!(members["required"].as_array().is_some_and(|keys| !keys.is_empty()), "{schema:?}");
    }
}

proptest! {
    #[test]
    fn any_text_gets_an_answer_or_none(text in r#"[{}\[\]",:0-9a-z\\ é]{0,200}"#) {
        for schema in [Schema::Penalties, Schema::Checklist, Schema::Verification(vec![String::new(); 4]), Schema::Guard] {
            let _ = schema.answer(&text);
        }
    }

    #[test]
    fn grades_survive_words_around_them(first in 0..=10_u8, second in 0..=10_u8, around in "[a-z .\n]{0,40}") {
        let text = format!("{around}{{\"penalty_1\":{first},\"penalty_2\":{second},\"issues\":\"\"}}{around}");
        prop_assert_eq!(penalties(&text), format!("{first} {second} \"\""));
    }
}

#[test]
fn long_nonsense_is_done_with_soon() {
    let text = "{\"a\":".repeat(100_000);
    assert_eq!(Schema::Penalties.answer(&text), None);
    let text = "{".repeat(ANSWER_BYTES_MAX);
    assert_eq!(Schema::Penalties.answer(&text), None);
}
