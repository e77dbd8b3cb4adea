//! JSON that keeps what a file said: the order of keys, and each number as its text.
//!
//! Syntax is `serde_json`'s. Of a doubled key the last value counts, at the place of the first, as in Python.

mod locate;
mod object;
mod read;
mod write;

pub use locate::{Step, locate};
pub use object::Object;
pub use read::{DEPTH_MAX, SyntaxError, TEXT_BYTES_MAX, read};
pub use write::{Style, float_json, float_python, string as write_string, write};

/// Any JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it was written: valid JSON, of any size.
    Number(Box<str>),
    /// A string, without escapes.
    String(String),
    /// An array.
    Array(Vec<Self>),
    /// An object.
    Object(Object),
}

impl Json {
    /// What kind of value this is, in words for a message.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// The members, of an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// The items, of an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The text, of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// An integer.
    #[must_use]
    pub fn int(value: i128) -> Self {
        Self::Number(value.to_string().into())
    }

    /// A float as state files have it: see [`float_json`]. What is not finite is `null`.
    #[must_use]
    pub fn float(value: f64) -> Self {
        if value.is_finite() { Self::Number(float_json(value).into()) } else { Self::Null }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}
