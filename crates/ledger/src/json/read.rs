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
    let mut walk = Walk { text, at: 0 };
    walk.whole().map_err(|wrong| match serde_json::from_str::<&RawValue>(text) {
        Err(error) => syntax(text, 0, &error),
        // Of what is JSON only limits and halves of characters are refused.
        Ok(_) => wrong.unwrap_or_else(|| walk.wrong("expected value")),
    })
}

/// Takes text apart, each byte once, where numbers keep their text.
struct Walk<'t> {
    text: &'t str,
    at: usize,
}

/// What is wrong, if it is a limit; otherwise `serde_json` is asked for words.
type Refused = Option<SyntaxError>;

impl<'t> Walk<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Over a byte, if it comes next.
    fn takes(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    /// Goes on to the first byte that is not of this kind.
    fn skip(&mut self, is: impl Fn(u8) -> bool) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|&byte| !is(byte)).unwrap_or(rest.len());
    }

    /// The next byte that is no space.
    fn next(&mut self) -> Option<u8> {
        self.skip(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
        self.peek()
    }

    fn since(&self, from: usize) -> &'t str {
        self.text.get(from..self.at).unwrap_or_default()
    }

    fn wrong(&self, message: impl Into<String>) -> SyntaxError {
        let (line, column) = position(self.text, self.at);
        SyntaxError { line, column, message: message.into() }
    }

    fn whole(&mut self) -> Result<Json, Refused> {
        let value = self.value(DEPTH_MAX)?;
        if self.next().is_none() { Ok(value) } else { Err(None) }
    }

    fn value(&mut self, depth_left: usize) -> Result<Json, Refused> {
        let byte = self.next().ok_or(None)?;
        Ok(match byte {
            b'{' | b'[' if depth_left == 0 => {
                let message = format!("more than {DEPTH_MAX} arrays and objects inside each other");
                return Err(Some(self.wrong(message)));
            }
            b'{' => Json::Object(self.members(depth_left - 1)?),
            b'[' => Json::Array(self.items(depth_left - 1)?),
            b'"' => Json::String(self.string()?),
            b'-' | b'0'..=b'9' => Json::Number(self.number()?.into()),
            b't' => self.word("true", Json::Bool(true))?,
            b'f' => self.word("false", Json::Bool(false))?,
            _ => self.word("null", Json::Null)?,
        })
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, Refused> {
        let rest = self.text.get(self.at..).ok_or(None)?;
        self.at += word.len();
        if rest.starts_with(word) { Ok(value) } else { Err(None) }
    }

    fn members(&mut self, depth_left: usize) -> Result<Object, Refused> {
        let mut members = Object::new();
        self.at += 1;
        self.next();
        if self.takes(b'}') {
            return Ok(members);
        }
        loop {
            if self.next() != Some(b'"') {
                return Err(None);
            }
            let key = self.string()?;
            self.next();
            if !self.takes(b':') {
                return Err(None);
            }
            members.insert(key, self.value(depth_left)?);
            self.next();
            match () {
                () if self.takes(b',') => {}
                () if self.takes(b'}') => return Ok(members),
                () => return Err(None),
            }
        }
    }

    fn items(&mut self, depth_left: usize) -> Result<Vec<Json>, Refused> {
        let mut items = Vec::new();
        self.at += 1;
        self.next();
        if self.takes(b']') {
            return Ok(items);
        }
        loop {
            items.push(self.value(depth_left)?);
            self.next();
            match () {
                () if self.takes(b',') => {}
                () if self.takes(b']') => return Ok(items),
                () => return Err(None),
            }
        }
    }

    /// The digits of a number that begins here, as they stand.
    fn number(&mut self) -> Result<&'t str, Refused> {
        let from = self.at;
        self.takes(b'-');
        if !self.takes(b'0') {
            self.digits()?;
        }
        if self.takes(b'.') {
            self.digits()?;
        }
        if self.takes(b'e') || self.takes(b'E') {
            let _sign = self.takes(b'+') || self.takes(b'-');
            self.digits()?;
        }
        Ok(self.since(from))
    }

    /// One digit at least.
    fn digits(&mut self) -> Result<(), Refused> {
        let from = self.at;
        self.skip(|byte| byte.is_ascii_digit());
        if self.at > from { Ok(()) } else { Err(None) }
    }

    /// Of the text that begins here with a quotation mark.
    fn string(&mut self) -> Result<String, Refused> {
        let from = self.at;
        self.at += 1;
        self.skip(|byte| !matches!(byte, b'"' | b'\\' | ..b' '));
        if self.takes(b'"') {
            return Ok(self.text.get(from + 1..self.at - 1).unwrap_or_default().to_owned());
        }
        while self.takes(b'\\') {
            self.at += 1;
            self.skip(|byte| !matches!(byte, b'"' | b'\\' | ..b' '));
        }
        if !self.takes(b'"') {
            return Err(None);
        }
        serde_json::from_str(self.since(from))
            .map_err(|error| Some(syntax(self.text, from, &error)))
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
