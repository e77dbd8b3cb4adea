//! Prompts: a picture's file, base64 of one, or text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// What the base64 of a PNG, a JPEG and a WebP file begins with.
const MAGICS: [&str; 3] = ["iVBORw0KGgo", "/9j/", "UklGR"];
/// The least that begins so and is taken for a file: texts are shorter, or have blanks before.
const CHARS_MIN: usize = 64;

/// What to generate from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Prompt {
    /// A picture's file.
    Picture(Bytes),
    /// Words.
    Text(String),
}

impl Prompt {
    /// Tells the two apart: a `data:` URL, or base64 that begins as a picture's file does, is a picture.
    pub(super) fn tell(prompt: String) -> Result<Self, String> {
        let trimmed = prompt.trim();
        let is_data = trimmed.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
        let is_file = MAGICS.iter().any(|magic| trimmed.starts_with(magic))
            && trimmed.len() >= CHARS_MIN
            && trimmed.bytes().all(|byte| is_base64(byte) || byte.is_ascii_whitespace());
        if is_data || is_file {
            picture(trimmed).map(Self::Picture)
        } else {
            Ok(Self::Text(prompt))
        }
    }
}

const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_')
}

/// Base64 of a file, perhaps as a `data:` URL.
pub(super) fn picture(text: &str) -> Result<Bytes, String> {
    let text = text.trim();
    let is_data = text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
    let digits = match (is_data, text.split_once(',')) {
        (false, _) => text,
        (true, Some((head, digits))) if head.to_ascii_lowercase().ends_with(";base64") => digits,
        (true, _) => return Err("picture: a data: URL that is not base64".to_owned()),
    };
    // A form that was not escaped has blanks where there was a plus; some write the alphabet for URLs; padding is often
    // missing.
    let mut clean: Vec<u8> = digits
        .bytes()
        .filter(|byte| !matches!(byte, b'\r' | b'\n' | b'\t' | b'='))
        .map(|byte| match byte {
            b' ' | b'-' => b'+',
            b'_' => b'/',
            byte => byte,
        })
        .collect();
    clean.resize(clean.len().next_multiple_of(4), b'=');
    let bytes = STANDARD.decode(clean).map_err(|error| format!("picture: not base64: {error}"))?;
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn png() -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        bytes.extend((0..100u8).map(|byte| byte.wrapping_mul(83)));
        bytes
    }

    #[test]
    fn pictures_and_texts() {
        let digits = STANDARD.encode(png());
        let picture = Ok(Prompt::Picture(png().into()));
        assert!(digits.contains('+') && digits.contains('/'), "{digits}");
        let mut lines = digits.clone();
        lines.insert_str(40, "\r\n");
        for text in [
            digits.clone(),
            format!("  {digits}\n"),
            digits.replace('+', " "),
            digits.trim_end_matches('=').to_owned(),
            digits.replace('+', "-").replace('/', "_"),
            lines,
            format!("data:image/png;base64,{digits}"),
            format!("DATA:;BASE64,{digits}"),
        ] {
            assert_eq!(Prompt::tell(text.clone()), picture, "{text}");
        }
        for text in ["a red cube", "/9j/", "UklGR is no word", "", "datum"] {
            assert_eq!(Prompt::tell(text.to_owned()), Ok(Prompt::Text(text.to_owned())));
        }
        for text in ["data:image/png,abc", "data:", "data:;base64,a", "data:;base64,ä"] {
            assert!(Prompt::tell(text.to_owned()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gets_an_answer(text in "(data:)?[;,a-z64]{0,20}\\PC{0,40}") {
            Prompt::tell(text.clone()).ok();
            picture(&text).ok();
        }

        #[test]
        fn any_file_comes_through(bytes: Vec<u8>) {
            prop_assert_eq!(picture(&STANDARD.encode(&bytes)), Ok(Bytes::from(bytes)));
        }
    }
}
