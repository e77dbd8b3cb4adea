//! What can be wrong with a glTF file.

use crate::scene::SceneError;

/// Why a file could not be read. Names the place by its path in the JSON, like `accessors[3].count`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The binary container is broken.
    #[error("glb, byte {at}: {problem}")]
    Container {
        /// Offset in the file.
        at: usize,
        /// What is wrong there.
        problem: String,
    },
    /// The text is not JSON.
    #[error("gltf: not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A value of the JSON is missing, has the wrong type, or does not go with the rest.
    #[error("gltf, {place}: {problem}")]
    Field {
        /// Path in the JSON.
        place: String,
        /// What is wrong there.
        problem: String,
    },
    /// A sound file that is bigger than we take.
    #[error("gltf, {place}: {found} {what}, our limit is {max}")]
    TooMany {
        /// Path in the JSON.
        place: String,
        /// What is counted.
        what: &'static str,
        /// At least this many.
        found: u64,
        /// The limit.
        max: u64,
    },
    /// The file says that it cannot be understood without an extension that we do not have.
    #[error("gltf, extensionsRequired: {name} is not supported{hint}")]
    Extension {
        /// Name of the extension.
        name: String,
        /// What to do, or empty.
        hint: &'static str,
    },
    /// A file beside it is out of bounds or could not be had.
    #[error("gltf, {place}: {uri:?}: {problem}")]
    Uri {
        /// Path in the JSON.
        place: String,
        /// As in the file; cut if it is long.
        uri: String,
        /// Why not.
        problem: String,
    },
    /// What was read does not hold together, or passes a limit of scenes.
    #[error(transparent)]
    Scene(#[from] SceneError),
}

impl ReadError {
    pub(crate) fn field(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Field { place: place.into(), problem: problem.into() }
    }
}

/// A text for an error, cut where it is long.
pub(super) fn short(text: &str) -> String {
    const CHARS_MAX: usize = 80;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
