//! Text from outside, made fit for logs and errors.

/// Longest detail of an error.
pub(crate) const DETAIL_CHARS_MAX: usize = 200;

/// At most `chars_max` characters, without control characters and spaces at the ends.
pub(crate) fn clean(text: &str, chars_max: usize) -> String {
    let text = text.trim();
    let kept = text.chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c });
    kept.filter(|c| !c.is_control()).take(chars_max).collect()
}

/// As [`clean`] for details of errors; nothing for an empty text.
pub(crate) fn detail(text: &str) -> Option<String> {
    Some(clean(text, DETAIL_CHARS_MAX)).filter(|text| !text.is_empty())
}

/// Longest line that is kept of a log.
const LINE_CHARS_MAX: usize = 2000;

/// The last lines of a text.
pub(crate) fn last_lines(bytes: &[u8], lines_max: usize) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(lines_max);
    lines[from..].iter().map(|line| clean(line, LINE_CHARS_MAX)).collect()
}

/// Where a service answers, without a slash at the end; nothing for what is no address of the web.
pub(crate) fn url(text: &str) -> Option<String> {
    let url = reqwest::Url::parse(text).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    let is_plain = url.username().is_empty() && url.password().is_none();
    let is_plain = is_plain && url.query().is_none() && url.fragment().is_none();
    (is_web && is_plain).then(|| url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(url("https://a.example/x/"), Some("https://a.example/x".into()));
        for text in
            ["", "/x", "a.example", "file:///x", "https://me:pw@a.example", "https://a.example?x"]
        {
            assert_eq!(url(text), None, "{text}");
        }
    }

    #[test]
    fn texts() {
        assert_eq!(clean(" a\nb\u{1b}[2Jc\u{9f}d ", 6), "a b[2J");
        assert_eq!(detail("\u{0}\n"), None);
        assert_eq!(last_lines(b"1\r\n2\n3", 2), ["2", "3"]);
    }
}
