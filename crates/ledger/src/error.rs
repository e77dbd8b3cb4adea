//! What is wrong with a state file: which file, which line, which field, and how to repair it.

use std::fmt;

use crate::json::{Step, SyntaxError, locate};

/// A file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {field}{problem}; {repair}", field = Prefix(.field))]
pub struct FileError {
    /// Its path in the repository.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in bytes.
    pub column: usize,
    /// The field, as `[1].weight`; empty for the file as a whole.
    pub field: String,
    /// What was found, and what belongs there.
    pub problem: String,
    /// What to do about it.
    pub repair: String,
}

impl FileError {
    /// Of a file as a whole.
    #[must_use]
    pub fn whole(file: &str, problem: impl Into<String>, repair: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: 1,
            column: 1,
            field: String::new(),
            problem: problem.into(),
            repair: repair.into(),
        }
    }

    /// Of text that is no JSON.
    pub(crate) fn syntax(file: &str, text: &str, error: SyntaxError) -> Self {
        let repair = if text.starts_with('\u{feff}') {
            "save it as UTF-8 without a byte order mark"
        } else if text.trim().is_empty() {
            "the file is empty: restore it from an earlier commit"
        } else {
            "mend the JSON at this place"
        };
        Self {
            file: file.to_owned(),
            line: error.line,
            column: error.column,
            field: String::new(),
            problem: format!("no valid JSON: {}", error.message),
            repair: repair.to_owned(),
        }
    }

    /// Of one field of `text`.
    pub(crate) fn field(file: &str, text: &str, error: FieldError) -> Self {
        let path: Vec<Step> = error.upwards.into_iter().rev().collect();
        let (line, column) = locate(text, &path);
        let field = path_text(&path);
        Self {
            file: file.to_owned(),
            line,
            column,
            field,
            problem: error.problem,
            repair: error.repair,
        }
    }
}

/// The field, when there is one.
struct Prefix<'a>(&'a str);

impl fmt::Display for Prefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "{}: ", self.0) }
    }
}

/// What is wrong with one field, before anyone knows the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The way to the field, the last step first.
    upwards: Vec<Step>,
    problem: String,
    repair: String,
}

impl FieldError {
    /// `problem`: what was found and what belongs there. `repair`: what to do.
    #[must_use]
    pub fn new(problem: impl Into<String>, repair: impl Into<String>) -> Self {
        Self { upwards: Vec::new(), problem: problem.into(), repair: repair.into() }
    }

    /// The same, seen from one level up.
    #[must_use]
    pub fn under(mut self, step: Step) -> Self {
        self.upwards.push(step);
        self
    }
}

/// A path as people write it: `5Hot….repeats[2].generation_time`.
#[must_use]
pub fn path_text(path: &[Step]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            Step::Item(item) => out.push_str(&format!("[{item}]")),
            Step::Key(key) if is_plain(key) => {
                out.push_str(if out.is_empty() { "" } else { "." });
                out.push_str(key);
            }
            Step::Key(key) => out.push_str(&format!("[\"{}\"]", shorten(key))),
        }
    }
    out
}

fn is_plain(key: &str) -> bool {
    (1..=80).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// Text of a file for a message: 60 characters at most, none of them control characters.
#[must_use]
pub fn shorten(text: &str) -> String {
    let mut out: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
    if text.chars().nth(60).is_some() {
        out.push('…');
    }
    out
}
