//! Tests of the whole judge.
