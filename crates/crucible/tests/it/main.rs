//! End-to-end tests: the real binary, on files that the tests make.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "helpers of tests fail as tests do"
)]

mod arena;
mod bad_input;
mod classic;
mod commands;
mod conversions;
mod distance;
mod documents;
mod generator;
mod images;
mod miners;
mod modules;
mod other_generators;
mod pictures;
mod pod_check;
mod pod_run;
mod pod_service;
mod pods;
mod references;
mod service;
mod workplace;
