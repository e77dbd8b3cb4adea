//! Keys of files, such as `rounds/7/5Hot…/submitted/chair_01.js`, and their URLs.

use std::fmt::Write as _;

/// Bytes of a key, at most.
pub const KEY_BYTES_MAX: usize = 512;

/// What is wrong with a key, if anything: stems of prompts are part of keys, and strangers choose them.
#[must_use]
pub fn key_problem(key: &str) -> Option<&'static str> {
    if key.len() > KEY_BYTES_MAX {
        return Some("is longer than 512 bytes");
    }
    let mut last = key;
    for part in key.split('/') {
        if part.len() > 200 {
            return Some("has a part longer than 200 bytes");
        }
        let is_bad = |byte: u8| byte < b' ' || byte == b'\x7f' || byte == b'\\';
        // Control characters beyond ASCII are rare, and so are other letters.
        if part.bytes().any(is_bad) || (!part.is_ascii() && part.chars().any(char::is_control)) {
            return Some("has a control character or a backslash");
        }
        if matches!(part, "" | "." | "..") {
            return Some("has an empty part, \".\" or \"..\"");
        }
        if part.ends_with([':', '|']) {
            // File URLs, by which `object_store` finds files, take such parts for drives.
            return Some("has a part that ends with \":\" or \"|\"");
        }
        last = part;
    }
    is_unfinished(last).then_some("ends with \"#\" and digits")
}

/// Files that are being written are called so in folders.
fn is_unfinished(name: &str) -> bool {
    let Some((_, suffix)) = name.split_once('#') else { return false };
    suffix.bytes().all(|byte| byte.is_ascii_digit())
}

/// A key as part of a URL: everything but letters, digits, `-._~` and `/` escaped.
pub(crate) fn escaped(key: &str) -> String {
    let mut out = String::new();
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(byte.into());
        } else {
            // Writing to a string does not fail.
            write!(out, "%{byte:02X}").ok();
        }
    }
    out
}

/// The other way; nothing for what [`escaped`] never makes.
pub(crate) fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let (hex, after) = rest.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?);
            rest = after;
        } else {
            bytes.push(byte);
        }
    }
    let key = String::from_utf8(bytes).ok()?;
    (escaped(&key) == text).then_some(key)
}
