//! The renderer from outside, in one test binary.
#![allow(missing_docs, unreachable_pub, reason = "a test binary has no readers from outside")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests fail and print as tests do"
)]

mod classic;
mod determinism;
mod forward;
mod golden;
mod gradients;
mod oracle;
mod scene;
mod scenes;
mod shade;
mod training;
