//! `prompts.txt`: one picture's URL a line, the pool of the competition and the prompts of each round.

use std::collections::BTreeMap;

/// Lines as the selection of prompts reads them: every line break of Unicode parts, lines are trimmed, blank ones left out.
#[must_use]
pub fn pool(text: &str) -> Vec<&str> {
    text.split(is_line_break)
        .map(|line| line.trim_matches(is_space))
        .filter(|line| !line.is_empty())
        .collect()
}

/// Lines as everything else reads them: only `\n` parts, lines stay as they are, empty ones are left out.
#[must_use]
pub fn of_round(text: &str) -> Vec<&str> {
    text.trim_matches(is_space).split('\n').filter(|line| !line.is_empty()).collect()
}

/// The text of a file of prompts, without a newline at its end.
#[must_use]
pub fn to_text<S: AsRef<str>>(urls: &[S]) -> String {
    let urls: Vec<&str> = urls.iter().map(AsRef::as_ref).collect();
    urls.join("\n")
}

/// What a prompt is called everywhere: the last part of its URL, without the last extension. `…/a.b.png` is `a.b`, and escapes
/// stay as they are.
#[must_use]
pub fn stem(url: &str) -> &str {
    let name = url.rsplit('/').next().unwrap_or(url);
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && !extension.is_empty() => stem,
        _ => name,
    }
}

/// Stems that cannot be told apart or name nothing, with how often they are there.
#[must_use]
pub fn unusable_stems<S: AsRef<str>>(urls: &[S]) -> BTreeMap<&str, usize> {
    let mut count = BTreeMap::new();
    for url in urls {
        *count.entry(stem(url.as_ref())).or_insert(0) += 1;
    }
    count.retain(|stem, times| stem.is_empty() || *times > 1);
    count
}

/// What parts lines in Python's `splitlines`.
fn is_line_break(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What Python's `strip` takes away.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}
