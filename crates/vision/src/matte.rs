//! Coverage of every pixel by the foreground.

/// Coverage of each pixel by the foreground, 0 to 1, row by row from the top left.
#[derive(Debug, Clone, PartialEq)]
pub struct Matte {
    /// Pixels per row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `[y * width + x]`, 0 background to 1 foreground.
    pub alpha: Vec<f32>,
}
