//! From one asset to another: filters on the way, and a receipt of what it cost.
#![forbid(unsafe_code)]
#![warn(missing_docs)]
