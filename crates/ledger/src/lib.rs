//! The files of a competition: typed, in a git repository.

#![forbid(unsafe_code)]
#![warn(missing_docs)]
