//! An asset as a judge sees it: eight views before white, four before gray, a sheet of four, and descriptors.
//!
//! [`Maker::bundle`] holds an asset against the rules of its competition, draws it, and describes what it drew. Bytes in, bytes
//! out: the same asset and prompt give the same bundle on every run, thread count and x86-64 machine. What the pictures are is
//! told in `docs/perceptual-judge.md`.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod describe;
mod draw;
mod maker;
mod modules;
mod work;

use bytes::Bytes;
use sha2::{Digest, Sha256};

pub use maker::{Maker, Settings};
pub use modules::{Modules, Run};

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

    /// SHA-256 of the list of [`Self::files`]: a line `{key} {SHA-256 of the content, in hex}` for each, in their order, each
    /// with a line feed at its end. `sha256sum` of the files makes the same list with the columns swapped.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut list = Sha256::new();
        for (key, _, content) in self.files() {
            let sha256 = faster_hex::hex_string(&Sha256::digest(content));
            for part in [key.as_str(), " ", &sha256, "\n"] {
                list.update(part);
            }
        }
        list.finalize().into()
    }
}

/// Why there is no bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ViewsError {
    /// The asset breaks a rule, or cannot be drawn; the same bytes always will. At most 200 characters, none of them a control
    /// character.
    #[error("{0}")]
    Invalid(String),
    /// The prompt is no picture.
    #[error("the prompt: {0}")]
    Prompt(String),
    /// It was not done in the time there is: the machine is too busy, or the asset asks for very much in few steps. Whoever asks
    /// can tell by drawing another one.
    #[error("{0}")]
    Slow(String),
    /// Ours, and may work later: no sandbox.
    #[error("{0}")]
    Outage(String),
}

/// Text that may quote an asset: on one line, cut short.
fn words(text: &str) -> String {
    const CHARS_MAX: usize = 200;
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(CHARS_MAX - 1) {
        Some((end, _)) if words.chars().count() > CHARS_MAX => format!("{}…", &words[..end]),
        _ => words,
    }
}

#[cfg(test)]
mod tests;
