//! What kind of model a competition asks for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The kind of model a competition asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Competition 0: Gaussian splats in a PLY file.
    Splats,
    /// Competition 1: one textured mesh in a GLB file.
    Mesh,
    /// Competition 2: a Three.js module.
    Module,
}

impl Kind {
    /// Every kind, in the order of the competitions.
    pub const ALL: [Self; 3] = [Self::Splats, Self::Mesh, Self::Module];

    /// The name in configurations and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Splats => "splats",
            Self::Mesh => "mesh",
            Self::Module => "module",
        }
    }

    /// The ending of its files, without the dot.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Splats => "ply",
            Self::Mesh => "glb",
            Self::Module => "js",
        }
    }

    /// Longest file a competition takes, in bytes: 200 MiB of PLY or GLB, 1 MiB of module.
    #[must_use]
    pub const fn bytes_max(self) -> usize {
        match self {
            Self::Splats | Self::Mesh => super::single::MODEL_BYTES_MAX,
            Self::Module => super::batch::MODULE_BYTES_MAX,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is none of [`Kind::ALL`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not one of splats, mesh, module")]
pub struct UnknownKind(pub String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| UnknownKind(name.to_owned()))
    }
}
