//! Why files are not a model.

/// Why files are not a model we run. Every text begins with the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// Longer than is taken.
    #[error("{file}: {found} bytes, our limit is {max}")]
    TooLong {
        /// `config.json` or `model.safetensors`.
        file: &'static str,
        /// Length of the file.
        found: u64,
        /// Our limit.
        max: u64,
    },
    /// Not JSON, or a field of another type than it must have.
    #[error("config.json: {message}")]
    Json {
        /// In the reader's words, with line and column.
        message: String,
    },
    /// Not a kind of model that we run.
    #[error("config.json, {field}: {found}; we run {expected}")]
    Unsupported {
        /// Name in the file.
        field: &'static str,
        /// What is there.
        found: String,
        /// What we run.
        expected: &'static str,
    },
    /// A number that is too small or too large.
    #[error("config.json, {field}: {found} is not within our limits, {min} and {max}")]
    Range {
        /// Name in the file.
        field: &'static str,
        /// What is there.
        found: String,
        /// Our limit.
        min: usize,
        /// Our limit.
        max: usize,
    },
    /// The container is broken.
    #[error("model.safetensors: {message}")]
    Container {
        /// In the reader's words.
        message: String,
    },
    /// A tensor that the configuration asks for is not there.
    #[error(
        "model.safetensors, tensor {tensor}: missing; config.json asks for one of shape {expected:?}"
    )]
    Missing {
        /// Its name.
        tensor: String,
        /// Its shape.
        expected: Vec<usize>,
    },
    /// A tensor of another shape than the configuration says.
    #[error("model.safetensors, tensor {tensor}: shape {found:?}; config.json says {expected:?}")]
    Shape {
        /// Its name.
        tensor: String,
        /// In the file.
        found: Vec<usize>,
        /// By the configuration.
        expected: Vec<usize>,
    },
    /// A tensor of another type than 32-bit floats.
    #[error("model.safetensors, tensor {tensor}: type {found}; save the model as float32 (F32)")]
    Type {
        /// Its name.
        tensor: String,
        /// In the file.
        found: String,
    },
    /// A tensor that a model of this configuration does not have.
    #[error(
        "model.safetensors, tensor {tensor}: a model as config.json describes has none of this name"
    )]
    Unknown {
        /// Its name.
        tensor: String,
    },
}
