//! The examples of `docs/module-rules.md` do what the page says.

use threejs::analyse;

#[test]
fn every_example_gives_its_code() {
    let page = include_str!("../../../../docs/module-rules.md");
    let mut codes = Vec::new();
    for section in page.split("\n### ").skip(1) {
        let code = section.lines().next().unwrap_or("").trim_matches('`');
        let blocks: Vec<_> = section.split("```").skip(1).step_by(2).collect();
        for block in &blocks {
            let (kind, source) = block.split_once('\n').unwrap();
            // The one example too long for a page is written short and stretched here.
            let is_budget = code == "LITERAL_BUDGET_EXCEEDED" && kind == "js invalid";
            let source = source.replace("xxx", &"x".repeat(if is_budget { 600 } else { 3 }));
            let failures = analyse(&source).unwrap().failures;
            match kind {
                "js valid" => assert!(failures.is_empty(), "{code}: {failures:?}"),
                "js invalid" => assert_eq!(failures[0].rule.as_str(), code, "{failures:?}"),
                other => panic!("{code}: an example that is {other}"),
            }
        }
        assert!(blocks.len() >= 2, "{code} has {} examples", blocks.len());
        codes.push(code);
    }
    let rules = threejs::Rule::ALL.iter().map(|rule| rule.as_str());
    // The size rule comes first and has no example on the page; what runs later has other tests.
    let expected: Vec<_> = rules.skip(1).take_while(|rule| *rule != "EXECUTION_THREW").collect();
    assert_eq!(codes, expected);
}
