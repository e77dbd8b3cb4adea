//! Tables of the module contract, row by row: a text, and everything that is said of it, in order. `rows/structure.txt` is
//! about exports and imports, `rows/syntax.txt` about what is a module at all, `rows/names.txt` about names and `THREE`.
//!
//! A row is two lines. The first says where the text stands (`in` the exported function, `before` a default export, or as
//! the whole `file`) and has it as a JSON string. The second has the codes and details, joined by ` & `, or `pass`; of a
//! parse error only the code. Where our choice differs from the contract's tables, `docs/module-rules.md` has the example.

use threejs::{Failure, Rule, analyse};

fn said(failure: &Failure) -> String {
    match failure.rule {
        Rule::ParseError => failure.rule.to_string(),
        rule => format!("{rule} {}", failure.detail),
    }
}

fn check(rows: &str, least: usize) {
    let lines: Vec<_> = rows.lines().collect();
    let mut wrong = Vec::new();
    for row in lines.chunks(2) {
        let (place, text) = row[0].split_once(' ').expect("a place");
        let text: String = serde_json::from_str(text).expect("a JSON string");
        let source = match place {
            "in" => crate::module(&text),
            "before" => format!("{text}\nexport default () => 1;"),
            "file" => text,
            other => panic!("no place is called {other}"),
        };
        let failures = analyse(&source).expect("a thread").failures;
        let found = failures.iter().map(said).collect::<Vec<_>>().join(" & ");
        let found = if found.is_empty() { "pass" } else { &found };
        if found != row[1].trim_start() {
            wrong.push(format!("{}\n{}\n    {found} was said", row[0], row[1]));
        }
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), lines.len() / 2, wrong.join("\n"));
    assert!(lines.len() / 2 >= least, "{} rows", lines.len() / 2);
}

#[test]
fn structure() {
    check(include_str!("rows/structure.txt"), 150);
}

#[test]
fn syntax() {
    check(include_str!("rows/syntax.txt"), 1_500);
}

#[test]
fn names() {
    check(include_str!("rows/names.txt"), 900);
}
