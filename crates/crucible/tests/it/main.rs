//! End-to-end tests: the real binary, on files that the tests make.

mod bad_input;
mod commands;
mod documents;
mod generator;
mod pictures;
mod workplace;
