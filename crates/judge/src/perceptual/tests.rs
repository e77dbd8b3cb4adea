//! Tests of the perceptual judge.
