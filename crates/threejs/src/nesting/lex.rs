//! Where a name, a text, a piece of a template or a regular expression ends, as the parser reads them.

/// Bytes of the end of line at `at`, or 0.
pub(super) fn line_end_len(bytes: &[u8], at: usize) -> usize {
    match bytes[at] {
        b'\n' | b'\r' => 1,
        0xE2 if matches!(bytes.get(at + 1..at + 3), Some([0x80, 0xA8 | 0xA9])) => 3,
        _ => 0,
    }
}

pub(super) fn is_space(c: char) -> bool {
    c == '\u{feff}' || c.is_whitespace()
}

pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'\\' | b'#') || byte >= 0x80
}

/// The end of a name or number; `None` at a backslash that is no escape. A number has one point: the next one is a member's.
pub(super) fn word_end(source: &str, start: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    let mut may_point = bytes[start].is_ascii_digit();
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        if *byte == b'.' && may_point {
            may_point = false;
            at += 1;
        } else if *byte == b'\\' {
            at += escape_len(&bytes[at..])?;
        } else if *byte >= 0x80 {
            match source.get(at..).and_then(|rest| rest.chars().next()) {
                Some(c) if !is_space(c) => at += c.len_utf8(),
                _ => break,
            }
        } else if is_word(*byte) {
            at += 1;
        } else {
            break;
        }
    }
    Some(at.max(start + 1))
}

/// Bytes of `\u0061` or `\u{61}`.
fn escape_len(bytes: &[u8]) -> Option<usize> {
    let digits = |from: usize| bytes[from..].iter().take_while(|it| it.is_ascii_hexdigit()).count();
    match bytes.get(..3)? {
        [_, b'u', b'{'] => {
            let end = 3 + digits(3);
            (end > 3 && bytes.get(end) == Some(&b'}')).then_some(end + 1)
        }
        [_, b'u', _] => (digits(2) >= 4).then_some(6),
        _ => None,
    }
}

/// The byte after the closing quote, or the end of the line where it is missing.
pub(super) fn string_end(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if bytes.get(at + 1..at + 3) == Some(b"\r\n") => at += 3,
            b'\\' => at += 2,
            b'\n' | b'\r' => return at,
            byte if *byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The byte after the `${` or the closing backtick, and whether it was `${`.
pub(super) fn template_piece(bytes: &[u8], mut at: usize) -> (usize, bool) {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'`' => return (at + 1, false),
            b'$' if bytes.get(at + 1) == Some(&b'{') => return (at + 2, true),
            _ => at += 1,
        }
    }
    (bytes.len(), false)
}

/// The byte after the closing slash; flags are read as a word.
pub(super) fn regex_end(bytes: &[u8], mut at: usize) -> usize {
    let mut in_class = false;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if bytes.get(at + 1).is_some() && line_end_len(bytes, at + 1) == 0 => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'/' if !in_class => return at + 1,
            _ if line_end_len(bytes, at) > 0 => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}
