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
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| syntax(text, 0, &error))?;
    value(text, raw, DEPTH_MAX)
}

/// One value; `text` is the whole file, which `raw` lies in.
fn value(text: &str, raw: &RawValue, depth_left: usize) -> Result<Json, SyntaxError> {
    let part = raw.get();
    let wrong = |error| syntax(text, offset(text, part), &error);
    Ok(match part.as_bytes().first() {
        Some(b'{' | b'[') if depth_left == 0 => {
            let (line, column) = position(text, offset(text, part));
            let message = format!("more than {DEPTH_MAX} arrays and objects inside each other");
            return Err(SyntaxError { line, column, message });
        }
        Some(b'{') => {
            let mut members = Object::new();
            for (key, raw) in raw_members(part).map_err(wrong)? {
                members.insert(key, value(text, raw, depth_left - 1)?);
            }
            Json::Object(members)
        }
        Some(b'[') => {
            let items = raw_items(part).map_err(wrong)?;
            let items = items.into_iter().map(|raw| value(text, raw, depth_left - 1));
            Json::Array(items.collect::<Result<_, _>>()?)
        }
        Some(b'"') => Json::String(serde_json::from_str(part).map_err(wrong)?),
        Some(b't') => Json::Bool(true),
        Some(b'f') => Json::Bool(false),
        Some(b'n') => Json::Null,
        _ => Json::Number(part.into()),
    })
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
