//! The whole arena in one process, on simulated time, with faults at every effect.

#![forbid(unsafe_code)]
#![warn(missing_docs)]
