//! Why a command stopped: one line for the user, and an exit code.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

/// Exit codes, for scripts. They are part of the interface: see `docs/cli.md`.
pub(crate) mod exit {
    /// Done; for a check: passed.
    pub(crate) const OK: u8 = 0;
    /// A check was made and the answer is no.
    pub(crate) const NO: u8 = 1;
    /// Wrong arguments, or input that could not be read.
    pub(crate) const INPUT: u8 = 2;
    /// Ctrl-C, as shells report it.
    pub(crate) const INTERRUPTED: u8 = 130;
}

/// One line that says what was wrong, where, and what to do.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// Input that cannot be used.
    pub(crate) fn input(path: &Path, error: impl fmt::Display) -> Self {
        Self { code: exit::INPUT, message: format!("{}: {error}", path.display()) }
    }

    /// A check was made on the way, and the answer is no.
    pub(crate) fn no(path: &Path, reason: impl fmt::Display) -> Self {
        Self { code: exit::NO, message: format!("{}: {reason}", path.display()) }
    }

    /// Arguments that cannot be followed.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: exit::INPUT, message: message.into() }
    }

    /// An I/O error of `fs_err`, which names its path itself.
    pub(crate) fn io(error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::Interrupted {
            return Self::interrupted();
        }
        Self { code: exit::INPUT, message: error.to_string() }
    }

    /// The user pressed Ctrl-C.
    pub(crate) fn interrupted() -> Self {
        Self {
            code: exit::INTERRUPTED,
            message: "interrupted; nothing half-written is left".into(),
        }
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Errors of libraries may span lines; a script wants one.
        let mut lines = self.message.lines().map(str::trim).filter(|line| !line.is_empty());
        f.write_str(lines.next().unwrap_or_default())?;
        lines.try_for_each(|line| write!(f, " {line}"))
    }
}
