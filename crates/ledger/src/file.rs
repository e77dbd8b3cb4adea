//! Whole files: text in, values out, and back.

use indexmap::IndexMap;

use crate::error::FileError;
use crate::field::Field;
use crate::json::{self, Style};

/// A file that is one JSON value.
pub trait JsonFile: Field {
    /// How it is written.
    const STYLE: Style = Style::Indented;

    /// Reads the text of the file at `path` (the path is for messages only).
    ///
    /// # Errors
    ///
    /// [`FileError`], which names file, line, field and repair.
    fn from_text(path: &str, text: &str) -> Result<Self, FileError> {
        let json = json::read(text).map_err(|error| FileError::syntax(path, text, error))?;
        Self::read(&json).map_err(|error| FileError::field(path, text, error))
    }

    /// As [`JsonFile::from_text`], where nothing and a file of white space are both "not there".
    ///
    /// # Errors
    ///
    /// [`FileError`].
    fn from_optional(path: &str, text: Option<&str>) -> Result<Option<Self>, FileError> {
        let text = text.filter(|text| !text.trim().is_empty());
        text.map(|text| Self::from_text(path, text)).transpose()
    }

    /// The text of the file, without a newline at its end.
    fn to_text(&self) -> String {
        json::write(&self.write(None), Self::STYLE)
    }
}

/// A file that is an object by hotkey, by stem or by pod.
pub type ByName<T> = IndexMap<String, T>;
