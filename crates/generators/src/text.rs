//! Words from strangers, made fit for errors and logs.

/// Most characters of a stranger's words in an error.
pub(crate) const CHARS_MAX: usize = 200;

/// The beginning, on one line, without control characters.
pub(crate) fn head(text: &str) -> String {
    pod::client::short(text, CHARS_MAX)
}

/// The end, on one line, without control characters.
pub(crate) fn tail(bytes: &[u8]) -> String {
    let last = &bytes[bytes.len().saturating_sub(8 * CHARS_MAX)..];
    let clean = pod::client::short(&String::from_utf8_lossy(last), usize::MAX);
    let skip = clean.chars().count().saturating_sub(CHARS_MAX);
    clean.chars().skip(skip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_words_are_short_and_plain() {
        assert_eq!(head(" a\n\tb\u{1b}[31m c\0"), "a b[31m c");
        assert_eq!(tail(b"x\ny\r\n \xff z"), "x y \u{fffd} z");
        let long = "wörter ".repeat(1000);
        assert_eq!(head(&long).chars().count(), CHARS_MAX);
        assert_eq!(tail(long.as_bytes()).chars().count(), CHARS_MAX);
        assert_eq!(head(&"x".repeat(100_000)).len(), CHARS_MAX);
    }
}
