//! From one asset to another: filters on the way, and a receipt of what it cost.
//!
//! [`read()`] takes any file, [`write()`] makes any, [`filters`] change what is between, a [`receipt`] says what it cost; [`asset::format::TABLE`] says which formats there are. Nothing here
//! opens a file: bytes come in through `impl Read` and go out through `impl Write`.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod filters;
pub mod hash;
mod read;
pub mod receipt;
mod write;

pub use read::{Loaded, ReadError, Resolve, read, read_as};
pub use write::{
    Target, TargetError, WriteError, Written, endings, write, write_scene, write_splats,
};

use asset::{Holds, Scene, Splats};

/// An asset of either kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Asset {
    /// Gaussian splats.
    Splats(Splats),
    /// Meshes, lines and points.
    Scene(Scene),
}

impl Asset {
    /// Which kind it is.
    #[must_use]
    pub const fn holds(&self) -> Holds {
        match self {
            Self::Splats(_) => Holds::Splats,
            Self::Scene(_) => Holds::Scene,
        }
    }
}
