//! The body of `POST /generate`, as hostile bytes: an [`Order`] or what is wrong with it, in one line.

use std::collections::BTreeMap;

use pod::wire::batch::{Batch, Prompt, is_stem};

use super::limits::{BATCH_ID_CHARS_MAX, PROMPTS_MAX, STEM_CHARS_MAX};
use super::state::Order;
use super::words;

/// Reads and checks an order.
pub(super) fn parse(body: &[u8]) -> Result<Order, String> {
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err("body: must be an object".to_owned());
    }
    let batch: Batch =
        serde_json::from_slice(body).map_err(|error| words::short(&format!("body: {error}")))?;
    let Batch { prompts, seed, batch_id } = batch;
    let accepted = prompts.len() as u64;
    if let Some(id) = &batch_id {
        check_batch_id(id)?;
    }
    let prompts = distinct(prompts)?;
    if prompts.is_empty() {
        return Err("prompts: the list is empty".to_owned());
    }
    if prompts.len() > PROMPTS_MAX {
        return Err(format!("prompts: {} of them, our limit is {PROMPTS_MAX}", prompts.len()));
    }
    Ok(Order { prompts, accepted, seed, batch_id })
}

fn check_batch_id(id: &str) -> Result<(), String> {
    let is_printable = id.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !is_printable || id.is_empty() || id.len() > BATCH_ID_CHARS_MAX {
        return Err(format!(
            "batch_id: must be 1 to {BATCH_ID_CHARS_MAX} printable characters of ASCII"
        ));
    }
    Ok(())
}

/// Every prompt once. The same stem with two pictures could not be told apart in the results.
fn distinct(prompts: Vec<Prompt>) -> Result<Vec<Prompt>, String> {
    let mut urls = BTreeMap::new();
    let mut distinct: Vec<Prompt> = Vec::new();
    for (idx, prompt) in prompts.into_iter().enumerate() {
        let stem = words::cut(&prompt.stem, 40);
        if !is_stem(&prompt.stem) {
            return Err(format!("prompts.{idx}.stem: {stem:?} is not of a to z and 0 to 9"));
        }
        if prompt.stem.len() > STEM_CHARS_MAX {
            return Err(format!(
                "prompts.{idx}.stem: {stem}… has {} characters, our limit is {STEM_CHARS_MAX}",
                prompt.stem.len()
            ));
        }
        match urls.get(&prompt.stem) {
            None => {
                urls.insert(prompt.stem.clone(), prompt.image_url.clone());
                distinct.push(prompt);
            }
            Some(url) if *url == prompt.image_url => {}
            Some(_) => {
                return Err(format!("prompts.{idx}.stem: {stem} stands twice, with two pictures"));
            }
        }
    }
    Ok(distinct)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    fn read(body: &str) -> String {
        match parse(body.as_bytes()) {
            Ok(Order { prompts, accepted, seed, batch_id }) => {
                let stems = prompts.iter().map(|prompt| prompt.stem.as_str()).collect::<Vec<_>>();
                format!("{} of {accepted}, seed {seed}, {batch_id:?}", stems.join(" "))
            }
            Err(what) => what,
        }
    }

    fn with(prompts: &str, rest: &str) -> String {
        read(&format!(r#"{{"prompts":[{prompts}]{rest}}}"#))
    }

    #[test]
    fn orders() {
        let [a, b] = ["a1", "b2"].map(|stem| format!(r#"{{"stem":"{stem}","image_url":"u"}}"#));
        assert_snapshot!(with(&format!("{b},{a}"), r#","seed":4294967295,"more":[1]"#), @"b2 a1 of 2, seed 4294967295, None");
        assert_snapshot!(with(&format!("{a},{a}"), r#","seed":-1,"batch_id":"r1 b2""#), @r#"a1 of 2, seed -1, Some("r1 b2")"#);
        assert_snapshot!(with(&a, r#","seed":18446744073709551615,"batch_id":null"#), @"a1 of 1, seed 18446744073709551615, None");
        assert_snapshot!(with(&a, r#","seed":-9223372036854775808"#), @"a1 of 1, seed -9223372036854775808, None");
    }

    #[test]
    fn what_is_refused() {
        let seed = r#","seed":1"#;
        let one = |stem: &str, url: &str| format!(r#"{{"stem":"{stem}","image_url":"{url}"}}"#);
        assert_snapshot!(with("", seed), @"prompts: the list is empty");
        assert_snapshot!(with(&one("Ab", "u"), seed), @r#"prompts.0.stem: "Ab" is not of a to z and 0 to 9"#);
        assert_snapshot!(with(&one("../x", "u"), seed), @r#"prompts.0.stem: "../x" is not of a to z and 0 to 9"#);
        assert_snapshot!(with(&one("", "u"), seed), @r#"prompts.0.stem: "" is not of a to z and 0 to 9"#);
        assert_snapshot!(with(&one(&"a".repeat(101), "u"), seed), @"prompts.0.stem: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa… has 101 characters, our limit is 100");
        let both = [one("a", "u"), one("a", "v")].join(",");
        assert_snapshot!(with(&both, seed), @"prompts.1.stem: a stands twice, with two pictures");
        let many = (0..10_000).map(|idx| one(&idx.to_string(), "u")).collect::<Vec<_>>();
        assert_snapshot!(with(&many.join(","), seed), @"prompts: 10000 of them, our limit is 100");
        let a = one("a", "u");
        assert_snapshot!(with(&a, r#","seed":1,"batch_id":"""#), @"batch_id: must be 1 to 128 printable characters of ASCII");
        assert_snapshot!(with(&a, r#","seed":1,"batch_id":"ä""#), @"batch_id: must be 1 to 128 printable characters of ASCII");
        assert_snapshot!(with(&a, r#","seed":18446744073709551616"#), @"body: seed 18446744073709551616 is not between -9223372036854775808 and 18446744073709551615 at line 1 column 70");
        assert_snapshot!(with(&a, ""), @"body: missing field `seed` at line 1 column 42");
        assert_snapshot!(with(r#"{"stem":"a"}"#, seed), @"body: missing field `image_url` at line 1 column 24");
        assert_snapshot!(with(r#"{"stem":7,"image_url":"u"}"#, seed), @"body: invalid type: integer `7`, expected a string at line 1 column 21");
        assert_snapshot!(read(r#"{"prompts":{},"seed":1}"#), @"body: invalid type: map, expected a sequence at line 1 column 11");
        assert_snapshot!(read("[]"), @"body: must be an object");
        assert_snapshot!(read(&"[".repeat(100_000)), @"body: must be an object");
        assert_snapshot!(read(&r#"{"x":["#.repeat(100_000)), @"body: EOF while parsing a list at line 1 column 600000");
        assert_snapshot!(read(""), @"body: must be an object");
    }

    proptest! {
        #[test]
        fn any_text_gets_an_answer(text in "\\PC{0,40}|[\\[\\]{}\",:a-z0-9]{0,60}") {
            parse(text.as_bytes()).ok();
        }
    }
}
