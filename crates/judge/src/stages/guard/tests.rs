//! Tests of this stage.
