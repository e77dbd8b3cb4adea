//! State files and repositories.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod batcher;
mod errors;
mod files;
mod json;
mod paths;
mod repository;
