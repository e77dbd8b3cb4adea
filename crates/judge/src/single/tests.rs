//! Tests of the single-question judge.
