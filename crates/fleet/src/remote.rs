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
