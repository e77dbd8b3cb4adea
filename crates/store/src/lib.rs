//! Files of a competition by key: assets, their pictures, prompts.
//!
//! A [`Store`] is a folder here or memory in a simulation; behind the same type stands whatever `object_store` has, S3 among
//! it. A file is there whole or not at all, and what [`Store::put`] acknowledged is on disk. Every write says the SHA-256 of
//! what it wrote: state files record it, and [`Store::get_exact`] reads only that.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod digest;
mod key;
mod store;

pub use digest::Digest;
pub use key::{KEY_BYTES_MAX, key_problem};
pub use object_store::ObjectStore;
pub use store::{Blob, Store, StoreError};
