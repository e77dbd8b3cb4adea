//! Tests of the mesh crate as its users see it.
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests may")]

mod atlas;
mod bake;
mod decimate;
mod extract;
mod fields;
mod hostile;
