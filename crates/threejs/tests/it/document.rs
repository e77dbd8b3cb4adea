//! The examples of `docs/module-rules.md` do what the page says.

use threejs::{Failure, analyse};

const PAGE: &str = include_str!("../../../../docs/module-rules.md");

/// Kind and source of each example in a part of the page.
fn examples(part: &str) -> impl Iterator<Item = (&str, &str)> {
    part.split("```").skip(1).step_by(2).map(|block| block.split_once('\n').expect("a kind"))
}

fn first_rule(failures: &[Failure]) -> Option<&'static str> {
    failures.first().map(|failure| failure.rule.as_str())
}

#[test]
fn every_rule_has_an_example_that_gives_its_code() {
    let (rules, _) = PAGE.split_once("\n## Choices").unwrap();
    let mut codes = Vec::new();
    for section in rules.split("\n### ").skip(1) {
        let code = section.lines().next().unwrap_or("").trim_matches('`');
        for (kind, source) in examples(section) {
            // The one example too long for a page is written short and stretched here.
            let is_budget = code == "LITERAL_BUDGET_EXCEEDED" && kind == "js invalid";
            let source = source.replace("xxx", &"x".repeat(if is_budget { 600 } else { 3 }));
            let found = analyse(&source).unwrap();
            let expected = (kind == "js invalid").then_some(code);
            assert_eq!(first_rule(&found.failures), expected, "{code}, {kind}: {found:?}");
            assert!(found.production.is_empty(), "{code}: {found:?}");
        }
        assert!(examples(section).count() >= 2, "{code} has too few examples");
        codes.push(code);
    }
    let rules = threejs::Rule::ALL.iter().map(|rule| rule.as_str());
    // The size rule comes first and has no example on the page; what runs later has other tests.
    let expected: Vec<_> = rules.skip(1).take_while(|rule| *rule != "EXECUTION_THREW").collect();
    assert_eq!(codes, expected);
}

#[test]
fn every_choice_has_an_example_that_shows_it() {
    let (_, choices) = PAGE.split_once("\n## Choices").unwrap();
    let mut count = 0;
    for section in choices.split("\n#### ").skip(1) {
        let title = section.lines().next().unwrap_or("");
        for (kind, source) in examples(section) {
            let found = analyse(source).unwrap();
            let (kind, code) = kind
                .split_once(' ')
                .map_or((kind, ""), |(_, kind)| kind.split_once(' ').unwrap_or((kind, "")));
            let (expected, refused) = match kind {
                "valid" => (None, None),
                "invalid" => (Some(code), None),
                "production" => (None, Some(code)),
                other => panic!("{title}: an example that is {other}"),
            };
            assert_eq!(first_rule(&found.failures), expected, "{title}: {source}{found:?}");
            assert_eq!(first_rule(&found.production), refused, "{title}: {source}{found:?}");
            count += 1;
        }
    }
    assert!(count >= 30, "{count} examples");
}
