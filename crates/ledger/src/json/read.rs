//! Text to [`Json`], and the limits that hostile text meets.

use std::fmt;

use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Json, Object};

/// Arrays and objects inside each other, at most. Our own files need nine at most.
pub const DEPTH_MAX: usize = 64;

/// Bytes of one file, at most: ten times the largest that was seen.
pub const TEXT_BYTES_MAX: usize = 32 << 20;

/// Text that is no JSON, or is past a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// From 1.
    pub line: usize,
    /// From 1, in bytes.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
}

/// Reads one value that fills the whole text.
///
/// # Errors
///
/// [`SyntaxError`].
pub fn read(text: &str) -> Result<Json, SyntaxError> {
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("{} bytes, the limit is {TEXT_BYTES_MAX}", text.len());
        return Err(SyntaxError { line: 1, column: 1, message });
    }
    serde_json::from_str::<&RawValue>(text).map_err(|error| syntax(text, 0, &error))?;
    Walk { text, at: 0 }.value(DEPTH_MAX)
}

/// Takes text apart that is known to be JSON: each byte once, where numbers keep their text.
struct Walk<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Walk<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Goes on as long as bytes are of this kind; gives them.
    fn while_is(&mut self, is: impl Fn(u8) -> bool) -> &'t str {
        let rest = &self.text[self.at..];
        let length = rest.bytes().position(|byte| !is(byte)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// The next byte that is no space.
    fn next(&mut self) -> Option<u8> {
        self.while_is(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
        self.peek()
    }

    fn wrong(&self, message: impl Into<String>) -> SyntaxError {
        let (line, column) = position(self.text, self.at);
        SyntaxError { line, column, message: message.into() }
    }

    fn value(&mut self, depth_left: usize) -> Result<Json, SyntaxError> {
        Ok(match self.next() {
            Some(b'{' | b'[') if depth_left == 0 => {
                let message = format!("more than {DEPTH_MAX} arrays and objects inside each other");
                return Err(self.wrong(message));
            }
            Some(b'{') => {
                let mut members = Object::new();
                while self.another(b'}') {
                    self.next();
                    let key = self.string()?;
                    self.next(); // The colon.
                    self.at += 1;
                    members.insert(key, self.value(depth_left - 1)?);
                }
                Json::Object(members)
            }
            Some(b'[') => {
                let mut items = Vec::new();
                while self.another(b']') {
                    items.push(self.value(depth_left - 1)?);
                }
                Json::Array(items)
            }
            Some(b'"') => Json::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => {
                let is_of_it =
                    |byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                Json::Number(self.while_is(is_of_it).into())
            }
            _ => match self.while_is(|byte| byte.is_ascii_lowercase()) {
                "true" => Json::Bool(true),
                "false" => Json::Bool(false),
                "null" => Json::Null,
                _ => return Err(self.wrong("expected value")),
            },
        })
    }

    /// Over the bracket or comma to the next item; over the closing bracket if there is none.
    fn another(&mut self, close: u8) -> bool {
        if self.next() != Some(close) {
            self.at += 1;
        }
        let is_over = self.next().is_none_or(|byte| byte == close);
        self.at += usize::from(is_over);
        !is_over
    }

    /// Of the text that begins here with a quotation mark.
    fn string(&mut self) -> Result<String, SyntaxError> {
        let from = self.at;
        self.at += 1;
        let plain = self.while_is(|byte| !matches!(byte, b'"' | b'\\'));
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(plain.to_owned());
        }
        while self.peek() == Some(b'\\') {
            self.at += 2;
            self.while_is(|byte| !matches!(byte, b'"' | b'\\'));
        }
        self.at += 1;
        let part = self.text.get(from..self.at).unwrap_or_default();
        serde_json::from_str(part).map_err(|error| syntax(self.text, from, &error))
    }
}

/// The members of an object, doubled keys and all.
pub(super) fn raw_members(part: &str) -> Result<Vec<(String, &RawValue)>, serde_json::Error> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, &'de RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }
    serde_json::Deserializer::from_str(part).deserialize_map(Members)
}

/// The items of an array.
pub(super) fn raw_items(part: &str) -> Result<Vec<&RawValue>, serde_json::Error> {
    struct Items;
    impl<'de> Visitor<'de> for Items {
        type Value = Vec<&'de RawValue>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut items = Vec::new();
            while let Some(item) = seq.next_element()? {
                items.push(item);
            }
            Ok(items)
        }
    }
    serde_json::Deserializer::from_str(part).deserialize_seq(Items)
}

/// Where `part`, which lies in `text`, begins, in bytes.
pub(super) fn offset(text: &str, part: &str) -> usize {
    part.as_ptr().addr().saturating_sub(text.as_ptr().addr())
}

/// Line and column, from 1, of a byte.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
    let column = 1 + before.iter().rev().take_while(|&&byte| byte != b'\n').count();
    (line, column)
}

/// An error in the part of `text` that begins at byte `from`.
fn syntax(text: &str, from: usize, error: &serde_json::Error) -> SyntaxError {
    let (line, column) = position(text, from);
    let (line, column) = match error.line() {
        0 | 1 => (line, column + error.column().saturating_sub(1)),
        later => (line + later - 1, error.column()),
    };
    let full = error.to_string();
    let message = full.split(" at line ").next().unwrap_or(&full).to_owned();
    SyntaxError { line, column: column.max(1), message }
}
