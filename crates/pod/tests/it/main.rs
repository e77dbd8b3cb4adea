//! The clients against services that misbehave, and the reader of archives.

mod archives;
mod batches;
mod fake;
mod singles;
