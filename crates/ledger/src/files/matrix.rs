//! `matches_matrix.csv` and `audit_matrix.csv` of a round: the margin of each match.

use indexmap::IndexMap;

use crate::error::{FileError, shorten};
use crate::json::float_python;

const HEADER: &str = "left,right,margin";

/// Margins by defender and challenger, in the order in which the matches ended. (A, B) says nothing about (B, A).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Matrix {
    margins: IndexMap<(String, String), f64>,
}

/// What cannot stand in a matrix.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MatrixError {
    /// Commas and line breaks part the fields, and nothing quotes them.
    #[error("a name in a matrix cannot be empty or have a comma or a line break: \"{0}\"")]
    Name(String),
    /// Not a finite number.
    #[error("a margin is a finite number, not {0}")]
    Margin(f64),
}

impl Matrix {
    /// The margin of a match, if it is over.
    #[must_use]
    pub fn get(&self, left: &str, right: &str) -> Option<f64> {
        self.margins.get(&(left.to_owned(), right.to_owned())).copied()
    }

    /// Puts a margin in, at the end if the match is new.
    ///
    /// # Errors
    ///
    /// [`MatrixError`]; the matrix is unchanged.
    pub fn set(&mut self, left: &str, right: &str, margin: f64) -> Result<(), MatrixError> {
        for name in [left, right] {
            if name.is_empty() || name.contains([',', '\n', '\r']) {
                return Err(MatrixError::Name(shorten(name)));
            }
        }
        if !margin.is_finite() {
            return Err(MatrixError::Margin(margin));
        }
        self.margins.insert((left.to_owned(), right.to_owned()), margin);
        Ok(())
    }

    /// Defender, challenger and margin of each match, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, f64)> {
        self.margins.iter().map(|((left, right), margin)| (left.as_str(), right.as_str(), *margin))
    }

    /// Number of matches.
    #[must_use]
    pub fn len(&self) -> usize {
        self.margins.len()
    }

    /// No match is over.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.margins.is_empty()
    }

    /// Reads a matrix. The first line is skipped whatever it says, lines with fewer than three fields are too, more than three
    /// are cut; of a doubled match the last line counts.
    ///
    /// # Errors
    ///
    /// A margin that is no finite number.
    pub fn from_text(path: &str, text: &str) -> Result<Self, FileError> {
        let mut margins = IndexMap::new();
        for (n, line) in text.lines().enumerate().skip(1) {
            let mut fields = line.split(',');
            let (Some(left), Some(right), Some(margin)) =
                (fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            let value: Option<f64> = margin.trim().parse().ok();
            let Some(value) = value.filter(|value| value.is_finite()) else {
                return Err(FileError {
                    file: path.to_owned(),
                    line: n + 1,
                    column: left.len() + right.len() + 3,
                    field: "margin".to_owned(),
                    problem: format!("\"{}\" where a finite number belongs", shorten(margin)),
                    repair: "write it like 0.109375".to_owned(),
                });
            };
            margins.insert((left.to_owned(), right.to_owned()), value);
        }
        Ok(Self { margins })
    }

    /// The line, from 1, on which a match that counts stands in a text.
    #[must_use]
    pub fn line_of(text: &str, left: &str, right: &str) -> Option<usize> {
        let starts = format!("{left},{right},");
        let lines: Vec<&str> = text.lines().collect();
        lines.iter().skip(1).rposition(|line| line.starts_with(&starts)).map(|at| at + 2)
    }

    /// The text of the file, without a newline at its end.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = HEADER.to_owned();
        for (left, right, margin) in self.iter() {
            out.push_str(&format!("\n{left},{right},{}", float_python(margin)));
        }
        out
    }
}
