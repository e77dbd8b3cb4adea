//! Providers and what is built on them, driven from outside.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "these are tests: async ones are not known as such to clippy"
)]

mod companies;
mod configured;
mod fake;
mod local;
mod session;
mod sweeping;
mod wire;
