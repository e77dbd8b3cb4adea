//! What a file refers to: `data:` URIs, and files beside it. A file may name only what is in its own folder or below.

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{alphabet, engine::DecodePaddingMode};

use super::at::At;
use super::error::{ReadError, short};

/// Base64 with or without the padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes of a `data:` URI; `None` for another URI.
pub(super) fn data(at: &At<'_>, uri: &str) -> Result<Option<Vec<u8>>, ReadError> {
    let Some(scheme) = uri.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("data:")) else {
        return Ok(None);
    };
    let failed = |problem: &str| error(at, uri, problem);
    let (head, body) =
        uri[scheme.len()..].split_once(',').ok_or_else(|| failed("a data URI without a comma"))?;
    if !head.ends_with(";base64") {
        return decode_percent(body).map(Some).ok_or_else(|| failed("a broken % escape"));
    }
    BASE64.decode(body).map(Some).map_err(|cause| failed(&format!("not base64: {cause}")))
}

/// The path of a file beside the one that is read, `/` between its parts: relative, and not out of the folder.
///
/// # Errors
/// [`ReadError::Uri`] for anything else: schemes, absolute paths, `..`, drives, backslashes, control characters.
pub(super) fn relative(at: &At<'_>, uri: &str) -> Result<String, ReadError> {
    inside(uri).map_err(|problem| error(at, uri, problem))
}

/// The same for references of other formats, which are not percent-encoded.
pub(crate) fn inside_plain(path: &str) -> Result<String, &'static str> {
    if path.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
        return Err("has control characters");
    }
    if path.contains('\\') {
        return Err("has a backslash; use / between folders");
    }
    if path.contains(':') {
        return Err("has a scheme or a drive; only files in the same folder are read");
    }
    if path.starts_with('/') {
        return Err("is absolute; only files in the same folder are read");
    }
    let parts: Vec<_> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.contains(&"..") {
        return Err("leads out of the folder of the file");
    }
    if parts.is_empty() { Err("is empty") } else { Ok(parts.join("/")) }
}

fn inside(uri: &str) -> Result<String, &'static str> {
    let is_scheme = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    if uri.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme)) {
        return Err("has a scheme; only files in the same folder and data: are read");
    }
    let bytes = decode_percent(uri).ok_or("has a broken % escape")?;
    let path = String::from_utf8(bytes).map_err(|_| "is not UTF-8")?;
    inside_plain(&path)
}

fn decode_percent(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (high, low) = (digit(rest.next())?, digit(rest.next())?);
        bytes.push((16 * high + low) as u8);
    }
    Some(bytes)
}

pub(super) fn error(at: &At<'_>, uri: &str, problem: impl Into<String>) -> ReadError {
    ReadError::Uri { place: at.place.clone(), uri: short(uri), problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn outcome(uri: &str) -> String {
        inside(uri).unwrap_or_else(|problem| format!("{uri} {problem}"))
    }

    #[test]
    fn files_in_the_folder() {
        assert_eq!(outcome("a.bin"), "a.bin");
        assert_eq!(outcome("./tex//my%20wood.png"), "tex/my wood.png");
        assert_eq!(outcome("b%C3%A4ume/a..b"), "bäume/a..b");
    }

    #[test]
    fn nothing_else() {
        let uris = [
            "",
            ".",
            "/etc/passwd",
            "//host/a",
            "../a",
            "a/../../b",
            "a/..",
            "%2e%2e/a",
            "%2Fetc",
            "..%5ca",
            "C:/a",
            "C:a",
            "%43:/a",
            "file:///a",
            "http://a/b",
            "HTTPS:a",
            "a\\b",
            "a%00b",
            "a%0",
            "a%zz",
            "%ff",
            "\u{7f}",
            "javascript:1",
        ];
        for uri in uris {
            assert!(inside(uri).is_err(), "{uri:?} gave {:?}", inside(uri));
        }
    }

    #[test]
    fn data_uris() {
        let value = Value::Null;
        let at = At::root(&value);
        let read = |uri| data(&at, uri).expect("a good URI");
        assert_eq!(read("data:;base64,AQID").as_deref(), Some(&[1, 2, 3][..]));
        assert_eq!(read("DATA:application/octet-stream;base64,AQ==").as_deref(), Some(&[1][..]));
        assert_eq!(read("data:;base64,AQ").as_deref(), Some(&[1][..]));
        assert_eq!(read("data:text/plain,a%20b").as_deref(), Some(&b"a b"[..]));
        assert_eq!(read("data.bin"), None);
        assert!(data(&at, "data:;base64,A*").is_err());
        assert!(data(&at, "data:oh").is_err());
    }
}
