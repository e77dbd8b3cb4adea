//! What is wrong with a mesh, or with what was asked of it.

/// Why there is no result.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MeshError {
    /// An attribute has neither no value nor one for each vertex.
    #[error("mesh: {attribute} has {found} values for {expected} vertices")]
    Length {
        /// Field of [`crate::Mesh`].
        attribute: &'static str,
        /// Values found.
        found: usize,
        /// Number of vertices.
        expected: usize,
    },
    /// A triangle with a vertex that does not exist.
    #[error("mesh, triangle {triangle}: vertex {found} of {count}")]
    Vertex {
        /// Index of the triangle.
        triangle: usize,
        /// Index of the vertex.
        found: u32,
        /// How many there are.
        count: usize,
    },
    /// A coordinate that is infinite or not a number.
    #[error("mesh, vertex {vertex}: {attribute} is not finite")]
    NotFinite {
        /// Field of [`crate::Mesh`].
        attribute: &'static str,
        /// Index of the vertex.
        vertex: usize,
    },
    /// More than we hold.
    #[error("mesh: {found} {what}, our limit is {max}")]
    TooMany {
        /// What is counted.
        what: &'static str,
        /// At least this many.
        found: usize,
        /// The limit.
        max: usize,
    },
    /// A setting outside of its range, or not a number.
    #[error("mesh: {what} is {found}, it has to be {low} to {high}")]
    Range {
        /// Which setting.
        what: &'static str,
        /// What it is.
        found: f64,
        /// Least allowed.
        low: f64,
        /// Most allowed.
        high: f64,
    },
    /// The charts have no room in a texture of this size, however small they are drawn.
    #[error(
        "mesh: {charts} charts do not fit into a texture of {side_px} pixels with a gutter of {gutter_px}: take a larger texture, or fewer triangles"
    )]
    NoRoom {
        /// Number of charts.
        charts: usize,
        /// Side of the texture.
        side_px: u32,
        /// Pixels between charts.
        gutter_px: u32,
    },
    /// The asset does not hold together.
    #[error(transparent)]
    Scene(#[from] asset::scene::SceneError),
    /// Stopped from outside.
    #[error("meshing was stopped")]
    Stopped,
}

impl From<render::scene::Stopped> for MeshError {
    fn from(_: render::scene::Stopped) -> Self {
        Self::Stopped
    }
}

/// Refuses what is not within the range; NaN is not.
pub(crate) fn in_range(
    what: &'static str,
    found: f64,
    [low, high]: [f64; 2],
) -> Result<(), MeshError> {
    if (low..=high).contains(&found) {
        Ok(())
    } else {
        Err(MeshError::Range { what, found, low, high })
    }
}
