//! The files of a competition: typed, in a git repository.
//!
//! [`files`] has a type for each file, [`Place`] says where each one is. Reading keeps what it does not know, and writing puts
//! it back: order of members, unknown members, the form of numbers. All is read that the original wrote in its three eras.
//!
//! The types are pure: text in, values out.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod batcher;
mod error;
mod field;
mod file;
pub mod files;
pub mod json;
mod moment;
mod paths;
mod record;
pub mod repository;

pub use error::{FieldError, FileError, path_text, shorten};
pub use field::Field;
pub use file::{ByName, JsonFile};
pub use files::leader::LEADER;
pub use files::state::{Round, Stage};
pub use files::submissions::hotkey10;
pub use paths::{MinerFile, Place, RoundFile};
pub use record::Layout;
