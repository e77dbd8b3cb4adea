//! Standard output and standard error. A closed pipe (`crucible … | head`) is not an error.

use std::fmt::Display;
use std::io::Write;

use serde::Serialize;

use crate::failure::Failure;

/// One line, or a block of lines, to standard output.
pub(crate) fn line(text: impl Display) {
    writeln!(std::io::stdout().lock(), "{text}").ok();
}

/// JSON with a final newline to standard output.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::usage(format!("cannot write JSON: {error}")))?;
    line(text);
    Ok(())
}

/// The one line a failed command says.
pub(crate) fn error(failure: &Failure) {
    writeln!(std::io::stderr().lock(), "error: {failure}").ok();
}

/// Something to know that is not an error.
pub(crate) fn warning(text: impl Display) {
    writeln!(std::io::stderr().lock(), "warning: {text}").ok();
}

/// A line of a service's log.
pub(crate) fn log(text: impl Display) {
    writeln!(std::io::stderr().lock(), "{text}").ok();
}
