//! The page of the rules says what the code does.

use pod::check::rule::TABLE;

#[test]
fn every_rule_is_on_the_page_as_it_is() {
    let page = include_str!("../../../../../docs/pod-check.md");
    for rule in TABLE {
        let row =
            format!("| {} | {} | {} | {} |", rule.code, rule.title, rule.expected, rule.advice);
        assert!(page.lines().any(|line| line == row), "docs/pod-check.md lacks:\n{row}");
    }
    let rows = page.lines().filter(|line| line.starts_with("| S") || line.starts_with("| B"));
    assert_eq!(rows.count(), TABLE.len(), "docs/pod-check.md has rules that are gone");
}
