//! Tests of the cage.
