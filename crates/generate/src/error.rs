//! Why no asset could be made.

use crate::observe::Stage;

/// Why no asset could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// The object could not be told from the backdrop.
    #[error("no object found in the picture: {0}")]
    CutOut(#[from] vision::cutout::CutOutError),
    /// What was cut out is too small to make anything of.
    #[error(
        "the object covers {found_px} pixels, {side_px} at most across; {}, {} across are needed",
        format_args!("{} pixels", Self::OBJECT_PX_MIN),
        Self::OBJECT_SIDE_PX_MIN
    )]
    TooSmall {
        /// Pixels covered by more than half.
        found_px: usize,
        /// Larger side of their box, pixels.
        side_px: usize,
    },
    /// The surface could not be made a mesh: it is broken, or there is too little of it.
    #[error("no mesh of the shape: {0}")]
    Mesh(mesh::MeshError),
    /// The observer asked to stop.
    #[error("stopped during {}", stage.name())]
    Stopped {
        /// The stage it was in.
        stage: Stage,
    },
}

impl GenerateError {
    /// Fewer covered pixels are no object.
    pub const OBJECT_PX_MIN: usize = 64;
    /// Nor is what is smaller across, pixels.
    pub const OBJECT_SIDE_PX_MIN: usize = 8;
}
