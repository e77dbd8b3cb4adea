//! What a caller may choose.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// How the shape behind a picture is guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ShapeKind {
    /// The silhouette filled like a cushion: as deep as it is wide, everywhere.
    Inflated,
    /// A body turned about its upright axis, with whatever is not symmetric inflated beside it.
    Revolved,
    /// A plate of even depth with a rounded rim.
    Slab,
    /// A box whose upright edge faces the camera, or that is seen straight on.
    Block,
}

impl ShapeKind {
    /// Every kind, in the order in which they are tried.
    pub const ALL: [Self; 4] = [Self::Inflated, Self::Revolved, Self::Slab, Self::Block];

    /// The name used in files, reports and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inflated => "inflated",
            Self::Revolved => "revolved",
            Self::Slab => "slab",
            Self::Block => "block",
        }
    }
}

impl fmt::Display for ShapeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is none of [`ShapeKind::ALL`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("shape {0:?} is not one of inflated, revolved, slab, block")]
pub struct UnknownShape(pub String);

impl FromStr for ShapeKind {
    type Err = UnknownShape;

    fn from_str(name: &str) -> Result<Self, UnknownShape> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| UnknownShape(name.to_owned()))
    }
}

/// How much work to put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// About 30 000 splats, a few seconds.
    Draft,
    /// About 180 000 splats.
    #[default]
    Standard,
    /// About 400 000 splats.
    High,
}

/// What to make of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outputs {
    /// Splats.
    pub splats: bool,
    /// A textured mesh.
    pub mesh: bool,
    /// A Three.js module.
    pub module: bool,
}

impl Outputs {
    /// Nothing yet.
    pub const NONE: Self = Self { splats: false, mesh: false, module: false };
}

impl Default for Outputs {
    fn default() -> Self {
        Self { splats: true, ..Self::NONE }
    }
}

/// Everything a caller may choose. The same picture and options give the same asset, byte for byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Moves the sampling grid and its jitter; shape and colours do not depend on it.
    pub seed: u64,
    /// How much work to put in.
    pub quality: Quality,
    /// Takes this shape whatever the evidence says.
    pub shape: Option<ShapeKind>,
    /// What to make.
    pub outputs: Outputs,
}

/// The numbers behind a [`Quality`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// Splats aimed at; what comes out is within a few percent, or less where the picture has less to show.
    pub splats: usize,
    /// Largest side of the silhouette on the working grid, pixels.
    pub working_px: f32,
    /// Side of the picture used for refinement, pixels.
    pub refine_px: u32,
    /// Rounds of colour correction.
    pub colour_rounds: usize,
    /// Steps of gradient descent over places and sizes.
    pub descent_steps: usize,
}

impl Quality {
    pub(crate) const fn budget(self) -> Budget {
        match self {
            Self::Draft => Budget {
                splats: 30_000,
                working_px: 320.0,
                refine_px: 384,
                colour_rounds: 4,
                descent_steps: 0,
            },
            Self::Standard => Budget {
                splats: 180_000,
                working_px: 512.0,
                refine_px: 1024,
                colour_rounds: 10,
                descent_steps: 8,
            },
            Self::High => Budget {
                splats: 400_000,
                working_px: 640.0,
                refine_px: 1024,
                colour_rounds: 14,
                descent_steps: 16,
            },
        }
    }
}
