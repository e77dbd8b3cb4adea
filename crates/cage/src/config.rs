//! What a pool is made of, and the bounds of one run that the system keeps.

use std::{ffi::OsString, num::NonZeroUsize, path::PathBuf, thread, time::Duration};

use threejs::engine::Limits;

/// The hidden sub-command by which a program starts itself as a guest.
pub const GUEST_COMMAND: &str = "__cage";

/// Settings of a [`Pool`](crate::Pool).
#[derive(Debug, Clone)]
pub struct Config {
    /// The program that calls [`guest::main`](crate::guest::main) when started with [`Config::args`].
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Modules looked at, at the same time; as many processes stand ready.
    pub workers: NonZeroUsize,
    /// Checks that may wait for a worker; one more is refused.
    pub queue_max: usize,
    /// Processor time of one run, kept by the kernel in whole seconds. Fuel ends nearly every run before; this is for what fuel
    /// does not see. Not wall time, so a busy machine changes no verdict.
    pub cpu: Duration,
    /// Wall time of one run. A process that does not even compute is ended within a second, whatever this is.
    pub wall: Duration,
    /// Whether a module fails that is still computing after [`Config::wall`], as in the original service. Otherwise there is
    /// no verdict on it, since a busy machine would have made it.
    pub wall_fails: bool,
    /// Bounds that the interpreter keeps.
    pub limits: Limits,
    /// Most bytes a caged process may answer.
    pub reply_bytes_max: usize,
    /// Leaves landlock and seccomp out. For kernels that lack them, and modules one trusts.
    pub uncaged: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            // Not a path but the program itself: it stays right when the file is replaced while we run.
            program: PathBuf::from("/proc/self/exe"),
            args: vec![OsString::from(GUEST_COMMAND)],
            workers: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            queue_max: 64,
            cpu: Duration::from_secs(30),
            wall: Duration::from_secs(300),
            wall_fails: false,
            limits: Limits::default(),
            reply_bytes_max: 64 << 20,
            uncaged: false,
        }
    }
}

impl Config {
    /// Bytes a child may hold: the interpreter's heap, the scene, the scene encoded (twice while a vector grows), and the rest.
    pub(crate) fn memory_bytes_max(&self) -> usize {
        self.limits
            .heap_bytes
            .saturating_add(self.reply_bytes_max.saturating_mul(3))
            .saturating_add(64 << 20)
    }
}
