//! Integration tests: filters, receipts, and every conversion there is.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "helpers of tests fail as tests do"
)]

mod filters;
mod losses;
mod make;
mod matrix;
mod receipts;
