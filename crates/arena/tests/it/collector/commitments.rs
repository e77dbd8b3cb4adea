//! What miners write on the chain, as they may write it.

use arena::collector::commitments::{Fields, Flaw, commitment, fields, is_repo, normalised_url};
use proptest::prelude::*;

use super::{stored, window};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn whole(repo: &str, commit: &str, url: &str) -> String {
    format!(r#"{{"repo": "{repo}", "commit": "{commit}", "cdn_url": "{url}"}}"#)
}

/// What entries come to, in one line.
fn outcome(entries: &[(&str, u64)]) -> String {
    let bytes: Vec<_> = entries.iter().map(|(text, block)| (stored(text), *block)).collect();
    match commitment(bytes.iter().map(|(bytes, block)| (bytes.as_slice(), *block)), &window()) {
        Ok(is) => format!(
            "{}@{} {}@{} {}@{}",
            is.repo.0,
            is.repo.1,
            &is.commit.0[..4],
            is.commit.1,
            is.cdn_url.0,
            is.cdn_url.1
        ),
        Err(flaw) => flaw.to_string(),
    }
}

#[test]
fn the_newest_value_of_each_field_counts_and_the_commit_gives_the_block() {
    let first = whole("a/b", COMMIT, "https://x.example/");
    insta::assert_snapshot!(outcome(&[(&first, 150)]), @"a/b@150 0123@150 https://x.example/@150");
    let spread = [
        (r#"{"repo": "a/b"}"#, 110),
        (r#"{'commit': 'ffffffffffffffffffffffffffffffffffffffff', 'other': None}"#, 111),
        (r#"{'commit': 'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee'}"#, 120),
        (r#"{"cdn_url": "HTTPS://CDN.Example:443/a/../b c//"}"#, 130),
        (r#"{"repo": "a/c"}"#, 140),
        (r#"{"repo": "a/bb"}"#, 140),
        (r#"{"repo": ""}"#, 150),
        (r#"{"repo": 5, "commit": null, "cdn_url": ["x"]}"#, 160),
    ];
    insta::assert_snapshot!(outcome(&spread), @"a/c@140 eeee@120 https://cdn.example/b%20c@130");
}

#[test]
fn only_the_window_counts_and_both_of_its_ends_do() {
    let text = whole("a/b", COMMIT, "https://x.example/");
    for (block, counts) in [(50, false), (99, false), (100, true), (200, true), (201, false)] {
        assert_eq!(outcome(&[(&text, block)]).starts_with("a/b"), counts, "{block}");
    }
}

#[test]
fn what_is_no_submission_says_why() {
    let with_repo = |repo: &str| outcome(&[(&whole(repo, COMMIT, "https://x.example"), 150)]);
    let with_commit = |commit: &str| outcome(&[(&whole("a/b", commit, "https://x.example"), 150)]);
    let with_url = |url: &str| outcome(&[(&whole("a/b", COMMIT, url), 150)]);
    for repo in ["no-slash", "too/many/slashes", "only/", "/only", "-a/b", "a/..", "ä/b", "a/b.git"]
    {
        assert_eq!(with_repo(repo), Flaw::Bad("repo").to_string(), "{repo}");
    }
    insta::assert_snapshot!(with_repo(""), @"no repo was revealed in the window");
    let upper = COMMIT.to_uppercase();
    for commit in ["012345", &format!("{COMMIT}8"), &"z".repeat(40), &upper] {
        assert_eq!(with_commit(commit), Flaw::Bad("commit").to_string(), "{commit}");
    }
    for url in ["ftp://a", "a.com", "//a.com", "http:///", "https://u:p@a.example", "https://"] {
        assert_eq!(with_url(url), Flaw::Bad("cdn_url").to_string(), "{url}");
    }
    assert_eq!(with_url(&format!("https://a.example/{}", "a".repeat(1500))).len(), 1539);
    assert!(is_repo("owner/name.with.dots") && is_repo("a_b/_c-d"));
}

#[test]
fn urls_are_normalised() {
    let is = |url: &str| normalised_url(url).unwrap();
    assert_eq!(is("https://A.example:443/x/"), "https://a.example/x");
    assert_eq!(is("https://a.example"), "https://a.example/");
    assert_eq!(is("http://h/p q"), "http://h/p%20q");
    assert_eq!(is("http://bücher.example/"), "http://xn--bcher-kva.example/");
    assert_eq!(is("http://127.0.0.1:8080/x?y=1"), "http://127.0.0.1:8080/x?y=1");
    assert_eq!(normalised_url(&format!("http://h/{}", "ü".repeat(900))), None);
}

#[test]
fn one_hostile_entry_disturbs_nothing() {
    let deep = "[".repeat(1000);
    let good = whole("a/b", COMMIT, "https://x.example");
    for bad in [
        "",
        "5",
        "null",
        "\"repo\"",
        "[\"repo\"]",
        "{}",
        "{",
        "xxxxxxxxxxxx",
        &deep,
        "\u{feff}{}",
        r#"{"repo": {"a": {}}, "commit": 1e999, "cdn_url": true}"#,
        "{\"repo\": \"\\ud800\"}",
    ] {
        let is = outcome(&[(bad, 199), (&good, 150), (bad, 150)]);
        assert!(is.starts_with("a/b@150"), "{bad}: {is}");
    }
}

#[test]
fn lengths_may_be_there_or_not_or_lie() {
    let is = Some(Fields { repo: Some("a/b".to_owned()), ..Fields::default() });
    let text = r#"{"repo":"a/b"}"#;
    assert_eq!(stored(text)[0], 0x38);
    assert_eq!(stored(&" ".repeat(120))[..2], [0xe1, 0x01]);
    assert_eq!(fields(&stored(text)), is);
    assert_eq!(fields(text.as_bytes()), is, "no length");
    assert_eq!(fields(&[b"\x04", text.as_bytes()].concat()), is, "a wrong one of a byte");
    assert_eq!(fields(&[b"\x01\x00", text.as_bytes()].concat()), is, "a wrong one of two");
    assert_eq!(fields(&[b"\x02\x00\x00\x00", text.as_bytes()].concat()), is, "of four");
    let padded = format!("{text}{}", " ".repeat(3000));
    assert_eq!(fields(padded.as_bytes()), None, "too long");
    let torn = [&[0x3c][..], b"{\"repo\":\"a\xff/b\"}"].concat();
    assert_eq!(fields(&torn), is, "what is no UTF-8 is left out");
}

proptest! {
    /// Any bytes get an answer, and a submission that comes out is sound.
    #[test]
    fn any_bytes(entries in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..80), 90..210_u64), 0..6)) {
        let entries = entries.iter().map(|(bytes, block)| (bytes.as_slice(), *block));
        prop_assert!(commitment(entries, &window()).is_err());
    }

    /// Normalising twice is normalising once.
    #[test]
    fn urls_stay(path in "[a-z/. %?#ü]{0,30}") {
        if let Some(once) = normalised_url(&format!("http://Host.example:80/{path}")) {
            let again = normalised_url(&once).unwrap();
            prop_assert_eq!(again.trim_end_matches('/'), once.trim_end_matches('/'));
        }
    }
}
