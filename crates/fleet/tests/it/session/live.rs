//! The runner, with real HTTP and real files.
