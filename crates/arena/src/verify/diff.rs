//! The first member in which a file differs from what it should say.

use ledger::json::{Json, Step, Style, write};

/// The way to the first difference, and what stands where in words. Numbers are the same if they have the same value.
pub(super) fn first(is: &Json, should: &Json) -> Option<(Vec<Step>, String)> {
    let mut path = Vec::new();
    let problem = walk(is, should, &mut path)?;
    Some((path, problem))
}

fn walk(is: &Json, should: &Json, path: &mut Vec<Step>) -> Option<String> {
    match (is, should) {
        (Json::Object(is), Json::Object(should)) => {
            for (key, expected) in should {
                let Some(found) = is.get(key) else {
                    return Some(format!(
                        "\"{}\" is missing; it should be {}",
                        ledger::shorten(key),
                        short(expected)
                    ));
                };
                path.push(Step::Key(key.clone()));
                if let Some(problem) = walk(found, expected, path) {
                    return Some(problem);
                }
                path.pop();
            }
            let extra = is.keys().find(|key| !should.contains_key(*key))?;
            path.push(Step::Key(extra.clone()));
            Some(format!("{}, where nothing should be", short(&is[extra])))
        }
        (Json::Array(is), Json::Array(should)) => {
            for (at, (found, expected)) in is.iter().zip(should).enumerate() {
                path.push(Step::Item(at));
                if let Some(problem) = walk(found, expected, path) {
                    return Some(problem);
                }
                path.pop();
            }
            let (found, expected) = (is.len(), should.len());
            (found != expected).then(|| format!("{found} items, there should be {expected}"))
        }
        (Json::Number(is_text), Json::Number(should_text)) => {
            let same = is_text == should_text
                || is_text.parse::<f64>().ok() == should_text.parse::<f64>().ok();
            (!same).then(|| format!("{}, it should be {}", short(is), short(should)))
        }
        _ => (is != should).then(|| format!("{}, it should be {}", short(is), short(should))),
    }
}

/// A value for a message.
pub(super) fn short(json: &Json) -> String {
    match json {
        Json::Array(items) if items.len() > 4 => format!("an array of {}", items.len()),
        Json::Object(members) if members.len() > 4 => "an object".to_owned(),
        _ => ledger::shorten(&write(json, Style::Line)),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use ledger::{json, path_text};

    use super::*;

    fn said(is: &str, should: &str) -> String {
        let found = first(&json::read(is).unwrap(), &json::read(should).unwrap());
        found
            .map_or("same".to_owned(), |(path, problem)| format!("{}: {problem}", path_text(&path)))
    }

    #[test]
    fn differences_are_named() {
        assert_snapshot!(said(r#"{"a": 1.0, "b": [1]}"#, r#"{"b": [1.0], "a": 1}"#), @"same");
        assert_snapshot!(said(r#"{"a": {"b": [1, 2]}}"#, r#"{"a": {"b": [1, 3]}}"#), @"a.b[1]: 2, it should be 3");
        assert_snapshot!(said(r#"{"a": [1]}"#, r#"{"a": [1, 3]}"#), @"a: 1 items, there should be 2");
        assert_snapshot!(said(r#"{"a": 1}"#, r#"{"a": 1, "b": "x"}"#), @r#": "b" is missing; it should be "x""#);
        assert_snapshot!(said(r#"{"a": 1, "b": 2}"#, r#"{"a": 1}"#), @"b: 2, where nothing should be");
        assert_snapshot!(said(r#"{"a": "left"}"#, r#"{"a": null}"#), @r#"a: "left", it should be null"#);
    }
}
