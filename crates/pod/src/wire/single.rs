//! Single-shot: `POST /generate` with a picture and a seed, answered with a model; `GET /health`.

/// Name of the part with the picture. Clients call the file `prompt.jpg` of type `image/jpeg` whatever it is.
pub const PICTURE_FIELD: &str = "prompt_image_file";

/// Name of the part with the seed.
pub const SEED_FIELD: &str = "seed";

/// Longest model, in bytes.
pub const MODEL_BYTES_MAX: usize = 200 * 1024 * 1024;

/// Body of `GET /health` when ready.
pub const HEALTHY: &str = r#"{"status": "healthy"}"#;
