//! The renderer from outside, in one test binary.
#![allow(missing_docs, unreachable_pub, reason = "a test binary has no readers from outside")]

mod oracle;
