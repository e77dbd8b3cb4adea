//! Ctrl-C: a flag that long work looks at, so that temporary files are removed on the way out.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};

use crate::failure::{Failure, exit};

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C sets the flag; a second one ends the process at once.
pub(crate) fn install() -> Result<(), Failure> {
    ctrlc::set_handler(ask)
        .map_err(|error| Failure::usage(format!("cannot watch for Ctrl-C: {error}")))
}

fn ask() {
    if ASKED.swap(true, Ordering::SeqCst) {
        #[expect(clippy::exit, reason = "the user asked twice")]
        std::process::exit(exit::INTERRUPTED.into());
    }
}

/// From now on SIGTERM does what Ctrl-C does, until the runtime ends. Inside a runtime only; for work that must not be broken off by
/// whoever runs services, such as pods that cost money.
pub(crate) fn watch_terminate() -> Result<(), Failure> {
    let signal = signal(SignalKind::terminate());
    let mut signal =
        signal.map_err(|error| Failure::usage(format!("cannot watch for SIGTERM: {error}")))?;
    tokio::spawn(async move {
        while signal.recv().await.is_some() {
            ask();
        }
    });
    Ok(())
}

/// True once the user pressed Ctrl-C.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}

/// The failure to return once [`asked`].
pub(crate) fn check() -> Result<(), Failure> {
    if asked() { Err(Failure::interrupted()) } else { Ok(()) }
}
