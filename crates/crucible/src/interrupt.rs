//! Ctrl-C: a flag that long work looks at, so that temporary files are removed on the way out.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::{Failure, exit};

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C sets the flag; a second one ends the process at once.
pub(crate) fn install() -> Result<(), Failure> {
    ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::SeqCst) {
            #[expect(clippy::exit, reason = "the user asked twice")]
            std::process::exit(exit::INTERRUPTED.into());
        }
    })
    .map_err(|error| Failure::usage(format!("cannot watch for Ctrl-C: {error}")))
}

/// True once the user pressed Ctrl-C.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}

/// The failure to return once [`asked`].
pub(crate) fn check() -> Result<(), Failure> {
    if asked() { Err(Failure::interrupted()) } else { Ok(()) }
}
