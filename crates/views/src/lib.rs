//! An asset as a judge sees it: eight views before white, four before gray, a sheet of four, and descriptors.
//!
//! Bytes in, bytes out: the same asset and prompt give the same bundle on every run, thread count and x86-64 machine.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

use bytes::Bytes;

/// Views before white, in their order: name, azimuth and `phi` in degrees (negative `phi` is above), as `/render` takes them.
pub const WHITE: [(&str, f64, f64); 8] = [
    ("front_left", 30.0, 0.0),
    ("front_right", 330.0, 0.0),
    ("front_below", 0.0, 15.0),
    ("front_above", 0.0, -30.0),
    ("right", 90.0, 0.0),
    ("back", 180.0, 0.0),
    ("left", 270.0, 0.0),
    ("top_down", 0.0, -90.0),
];

/// How many of [`WHITE`], from the first, are drawn before gray too.
pub const GRAY: usize = 4;

/// What kind of asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// PLY.
    Splats,
    /// GLB.
    Mesh,
    /// JavaScript.
    Module,
}

/// Pictures and descriptors of an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// PNG of 1024², in the order of [`WHITE`].
    pub white: Vec<Bytes>,
    /// PNG of 1024², the first [`GRAY`] of [`WHITE`].
    pub gray: Vec<Bytes>,
    /// PNG of 1041²: four views.
    pub grid: Bytes,
    /// NumPy's npz: `prompt`, then `view_{name}` for each of [`WHITE`].
    pub embeddings: Bytes,
}

impl Bundle {
    /// Every file of it: key below the asset's prefix, content type, content.
    pub fn files(&self) -> impl Iterator<Item = (String, &'static str, &Bytes)> {
        let named = |folder: &'static str, pictures: &'static [(&str, f64, f64)]| {
            pictures.iter().map(move |(name, ..)| format!("{folder}/{name}.png"))
        };
        let white = named("white", &WHITE).zip(&self.white);
        let gray = named("gray", &WHITE[..GRAY]).zip(&self.gray);
        let pictures = white.chain(gray).chain([("grid.png".to_owned(), &self.grid)]);
        pictures.map(|(key, png)| (key, "image/png", png)).chain([(
            "embeddings.npz".to_owned(),
            "application/octet-stream",
            &self.embeddings,
        )])
    }
}

/// Why there is no bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ViewsError {
    /// The asset breaks a rule; the same bytes always will. At most 200 characters.
    #[error("{0}")]
    Invalid(String),
    /// The prompt is no picture.
    #[error("the prompt: {0}")]
    Prompt(String),
    /// Ours, and may work later: no sandbox, no memory.
    #[error("{0}")]
    Outage(String),
}
